import { isIP } from 'node:net'
import { multiaddr } from '@multiformats/multiaddr'
import type { PeerId } from '../../src/core/ids.ts'
import { publicKeyOf } from '../../src/core/keep/signed.ts'
import { peerIdCharsMax } from '../../src/core/limits.ts'
import type { BucketPlace } from '../../src/store/s3.ts'
import { readProxies, type TrustedProxies } from '../limits/addresses.ts'

/** What a setting may be, and how it is read from text and from JSON. Undefined stands for a value that is not allowed. */
export interface Kind<T> {
  /** Ends the sentence "it must be …". */
  readonly wanted: string
  /** A switch is given by its name alone. */
  readonly isSwitch?: boolean
  /** Never repeated, not even when it is wrong. */
  readonly isSecret?: boolean
  readonly fromText: (text: string) => T | undefined
  readonly fromJson: (value: unknown) => T | undefined
}

export const text: Kind<string> = {
  wanted: 'a text that is not empty',
  fromText: (given) => (given === '' ? undefined : given),
  fromJson: (given) => (typeof given === 'string' && given !== '' ? given : undefined)
}

/** Texts, in a flag or a variable with commas between them. */
export const list: Kind<readonly string[]> = {
  wanted: 'texts with commas between them, or in a file a list of texts',
  fromText: (given) => textsOf(given.split(',').map((part) => part.trim())),
  fromJson: (given) => (Array.isArray(given) ? textsOf(given) : undefined)
}

/** A host name or an address, without scheme, port or path. */
export const host: Kind<string> = {
  wanted: 'a host name or an address alone, as in quire.example or 203.0.113.7',
  fromText: hostOf,
  fromJson: (given) => (typeof given === 'string' ? hostOf(given) : undefined)
}

/** The address of a relay's page. */
export const pageUrl: Kind<string> = {
  wanted: 'the address of a page, as in https://quire.example',
  fromText: pageUrlOf,
  fromJson: (given) => (typeof given === 'string' ? pageUrlOf(given) : undefined)
}

/** Web pages by their origins, as browsers write those. */
export const origins: Kind<readonly string[]> = {
  wanted: 'origins of pages with commas between them, as in https://app.example, without a path',
  fromText: (given) => originsOf(given.split(',').map((part) => part.trim())),
  fromJson: (given) => (Array.isArray(given) ? originsOf(given) : undefined)
}

/** Other relays: addresses of their pages, multiaddrs, or names in the DNS. */
export const relayNames: Kind<readonly string[]> = {
  wanted: 'addresses of relays with commas between them, as in https://quire.example or /dnsaddr/quire.example',
  fromText: (given) => relayNamesOf(given.split(',').map((part) => part.trim())),
  fromJson: (given) => (Array.isArray(given) ? relayNamesOf(given) : undefined)
}

/** Peers by their ids. */
export const peerIds: Kind<readonly PeerId[]> = {
  wanted: 'ids of peers with commas between them, as in 12D3KooW…',
  fromText: (given) => peerIdsOf(given.split(',').map((part) => part.trim())),
  fromJson: (given) => (Array.isArray(given) ? peerIdsOf(given) : undefined)
}

/** An IP address. */
export const address: Kind<string> = {
  wanted: 'an IP address, as in 203.0.113.7',
  fromText: (given) => (isIP(given) ? given : undefined),
  fromJson: (given) => (typeof given === 'string' && isIP(given) ? given : undefined)
}

/** One of a few words. */
export function choice<const T extends string>(words: readonly T[]): Kind<T> {
  const fits = (given: unknown) => words.find((word) => word === given)
  return { wanted: `one of ${words.join(', ')}`, fromText: fits, fromJson: fits }
}

/** A bucket of an S3-compatible service, with the key that opens it. */
export const bucket: Kind<BucketPlace> = {
  wanted: 'the address of a bucket with its key, as in https://KEY:SECRET@s3.example/bucket?region=eu-1',
  isSecret: true,
  fromText: bucketOf,
  fromJson: (given) => (typeof given === 'string' ? bucketOf(given) : undefined)
}

export function number(min: number, max: number, unit = ''): Kind<number> {
  const fits = (value: number) => (Number.isInteger(value) && value >= min && value <= max ? value : undefined)
  return {
    wanted: `a number${unit && ` of ${unit}`} from ${min} to ${max}`,
    fromText: (given) => (/^\d{1,16}$/.test(given) ? fits(Number(given)) : undefined),
    fromJson: (given) => (typeof given === 'number' ? fits(given) : undefined)
  }
}

/** A port, or one of a few words in its place. */
export function portOr<const T extends string>(words: readonly T[]): Kind<number | T> {
  const [port, word] = [number(0, 65_535), choice(words)]
  return {
    wanted: `${port.wanted}, or ${words.join(' or ')}`,
    fromText: (given) => port.fromText(given) ?? word.fromText(given),
    fromJson: (given) => port.fromJson(given) ?? word.fromJson(given)
  }
}

export const toggle: Kind<boolean> = {
  wanted: '1 or 0 in the environment, true or false in a file',
  isSwitch: true,
  fromText: (given) => ({ '1': true, 'true': true, '0': false, 'false': false })[given],
  fromJson: (given) => (typeof given === 'boolean' ? given : undefined)
}

function hostOf(given: string): string | undefined {
  const bare = given.replace(/^\[(.*)\]$/, '$1')
  return /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252})|[0-9a-fA-F:.]{2,45})$/.test(bare) ? bare : undefined
}

function pageUrlOf(given: string): string | undefined {
  return /^https?:\/\//.test(given) && URL.canParse(given) ? given : undefined
}

function originsOf(given: readonly unknown[]): readonly string[] | undefined {
  const origins = textsOf(given)?.map(originOf)
  return origins?.every((each) => each !== undefined) ? origins : undefined
}

/** Of extensions, too, whose schemes have no `URL.origin`. */
function originOf(given: string): string | undefined {
  if (!URL.canParse(given)) return undefined
  const { protocol, host: place, pathname, search, hash, username } = new URL(given)
  const isBare = place !== '' && ['', '/'].includes(pathname) && search + hash + username === ''
  return isBare ? `${protocol}//${place}` : undefined
}

function relayNamesOf(given: readonly unknown[]): readonly string[] | undefined {
  return textsOf(given)?.every((each) => pageUrlOf(each) !== undefined || isMultiaddrText(each))
    ? (given as string[])
    : undefined
}

function isMultiaddrText(given: string): boolean {
  try {
    return given.startsWith('/') && multiaddr(given).getComponents().length > 0
  } catch {
    return false
  }
}

function peerIdsOf(given: readonly unknown[]): readonly PeerId[] | undefined {
  return textsOf(given)?.every(isPeerId) ? (given as PeerId[]) : undefined
}

function isPeerId(given: string): boolean {
  try {
    return given.length <= peerIdCharsMax && publicKeyOf(given as PeerId).length > 0
  } catch {
    return false
  }
}

function textsOf(given: readonly unknown[]): readonly string[] | undefined {
  return given.every((each) => typeof each === 'string' && each !== '') ? (given as string[]) : undefined
}

/** Proxies whose word on where a request comes from is taken. */
export const proxies: Kind<TrustedProxies> = {
  wanted: '"loopback", addresses or networks such as 10.0.0.0/8, parted by commas',
  fromText: readProxies,
  fromJson: (given) => (typeof given === 'string' ? readProxies(given) : undefined)
}

/** Path style, which every service knows. What has a meaning in an address is written in per cent, as `%2F`. */
function bucketOf(given: string): BucketPlace | undefined {
  if (!URL.canParse(given)) return undefined
  const { protocol, host: service, pathname, username, password, searchParams } = new URL(given)
  const [, name] = /^\/([a-z0-9][a-z0-9.-]{1,62})\/?$/.exec(pathname) ?? []
  const [accessKeyId, secretAccessKey] = [decoded(username), decoded(password)]
  if (!/^https?:$/.test(protocol) || !name || !accessKeyId || !secretAccessKey) return undefined
  const region = searchParams.get('region') ?? 'us-east-1'
  return { endpoint: `${protocol}//${service}`, bucket: name, region, accessKeyId, secretAccessKey }
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
