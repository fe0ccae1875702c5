import { sha256 } from '@noble/hashes/sha2.js'
import { cidTextLength, manifestCidBytes, parseManifestCid } from '../block/cid.ts'
import { base64urlOf, bytesEqual, bytesOfBase64url, joinBytes } from '../bytes.ts'
import { QuireError } from '../errors.ts'
import type { ManifestCid } from '../ids.ts'
import { linkRelaysMax, linkTextMax, relayHintTextMax, secretBytes } from '../limits.ts'
import { utf8Encode } from '../proto/utf8.ts'

/** What a link says: which data set, how to read it, and where others may be met. */
export interface Link {
  readonly manifestCid: ManifestCid
  /** 16 bytes; absent for a plain data set, or for somebody who may keep but not read. */
  readonly secret?: Uint8Array
  readonly relays: readonly string[]
}

export abstract class LinkError extends QuireError {
  readonly fault = 'user'
  readonly retryable = false
}

export class NotALink extends LinkError {
  readonly code = 'link-not-quire'
  constructor() {
    super('This is not a Quire link. A link has /#/s/ in it, followed by a long address.')
  }
}

export class LinkBadCid extends LinkError {
  readonly code = 'link-bad-cid'
  constructor() {
    super('The address in this link is damaged. Copy the whole link and paste it again.')
  }
}

export class LinkCut extends LinkError {
  readonly code = 'link-cut'
  constructor() {
    super('The end of this link is missing. Copy the whole link and paste it again.')
  }
}

export class LinkBadKey extends LinkError {
  readonly code = 'link-bad-key'
  constructor() {
    super(
      'The key in this link does not belong to its address: a character is wrong. Copy the whole link and paste it again.'
    )
  }
}

export class LinkNewer extends LinkError {
  readonly code = 'link-newer-version'
  constructor() {
    super('This link was made by a newer version of Quire. Update Quire to open it.')
  }
}

const keyCheckBytes = 2
const keyChars = ((secretBytes + keyCheckBytes) * 4) / 3
const plainCheckBytes = 3
const plainCheckChars = (plainCheckBytes * 4) / 3
/** Every manifest address begins so. */
const cidHead = 'zDvZRw'

/** SHA-256("quire link check v1" ‖ CID bytes ‖ secret), of which a link carries the first bytes. [LI2] */
function checkOf(cid: ManifestCid, secret: Uint8Array = new Uint8Array(0)): Uint8Array {
  return sha256(joinBytes(utf8Encode('quire link check v1'), manifestCidBytes(cid), secret))
}

const keyCheckOf = (cid: ManifestCid, secret: Uint8Array): Uint8Array => checkOf(cid, secret).subarray(0, keyCheckBytes)

const plainCheckOf = (cid: ManifestCid): string => base64urlOf(checkOf(cid).subarray(0, plainCheckBytes))

/** `origin`: where the page lives, with its scheme; a path (a page under a folder) is kept. Hints that no reader follows are left out. [LI1] */
export function formatLink(origin: string, { manifestCid, secret, relays }: Link): string {
  const query = [
    secret ? `k=${base64urlOf(joinBytes(secret, keyCheckOf(manifestCid, secret)))}` : `c=${plainCheckOf(manifestCid)}`
  ]
  for (const relay of followed(relays)) query.push(`r=${encodeURIComponent(relay)}`)
  return `${origin.replace(/\/+$/, '')}/#/s/${manifestCid}?${query.join('&')}`
}

/** Reads a whole link, or only its fragment; throws one of the errors above, before anything is asked of a network. [LI3] */
export function parseLink(text: string): Link {
  if (text.length > linkTextMax) throw new NotALink()
  const bare = text.replace(/[\s<>]/g, '') // none stands in a link; mail programs break long ones and put them in brackets
  const fragment = bare.includes('#') ? bare.slice(bare.indexOf('#') + 1) : bare
  const match = /^\/?s(\d*)(?:\/([^?]*)(?:\?(.*))?)?$/.exec(fragment)
  if (!match) throw new NotALink()
  const [, generation, cidText = '', query] = match
  if (generation !== '') throw new LinkNewer()
  if (query === '') throw new LinkCut()
  const params = query === undefined ? [] : paramsOf(query)
  if (params.some(([name]) => name === 'v')) throw new LinkNewer()
  const manifestCid = cidOf(cidText)
  if (params.some(isDamaged)) throw new LinkBadKey()
  const key = params.find(([name]) => name === 'k')
  const check = params.find(([name]) => name === 'c')
  if (check && !key) checkPlain(check[1] ?? '', manifestCid)
  const relays = followed(params.flatMap(([name, value = '']) => (name === 'r' ? [value] : [])))
  return { manifestCid, secret: key && secretOf(key[1] ?? '', manifestCid), relays }
}

type Param = readonly [name: string, value: string | undefined]

function paramsOf(query: string): Param[] {
  return query.split('&').map((pair) => {
    const at = pair.indexOf('=')
    return at < 0 ? [pair, undefined] : [pair.slice(0, at), decoded(pair.slice(at + 1))]
  })
}

/** A mistyped `k=` must not make a sealed link look like one without a key; longer names are others' additions. */
const isDamaged = ([name, value]: Param): boolean =>
  !['', 'k', 'c', 'r'].includes(name) && (value === undefined || name.length === 1)

function decoded(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}

function cidOf(text: string): ManifestCid {
  try {
    return parseManifestCid(text)
  } catch {
    const startsRight = text.startsWith(cidHead.slice(0, text.length))
    throw startsRight && text.length < cidTextLength ? new LinkCut() : new LinkBadCid()
  }
}

function secretOf(key: string, cid: ManifestCid): Uint8Array {
  if (key.length < keyChars) throw new LinkCut()
  const bytes = key.length === keyChars ? bytesOfBase64url(key) : undefined
  if (!bytes) throw new LinkBadKey()
  const secret = bytes.slice(0, secretBytes)
  if (!bytesEqual(bytes.subarray(secretBytes), keyCheckOf(cid, secret))) throw new LinkBadKey()
  return secret
}

function checkPlain(check: string, cid: ManifestCid): void {
  if (check.length < plainCheckChars) throw new LinkCut()
  if (check !== plainCheckOf(cid)) throw new LinkBadCid()
}

/** Hints worth following: addresses of a relay, each once, a few. [LI5] */
const followed = (hints: readonly string[]): string[] => [...new Set(hints.filter(isRelay))].slice(0, linkRelaysMax)

/** A URL of http, https, ws or wss, or a multiaddr. */
const isRelay = (hint: string): boolean =>
  hint.length <= relayHintTextMax &&
  /^((wss?|https?):\/\/[^\s/?#]+|\/(ip4|ip6|dns|dns4|dns6|dnsaddr)\/)[^\s]*$/.test(hint)
