import {
  keepersMax,
  linkRelaysMax,
  otherRelaysMax,
  recordBytesMax,
  relayHintTextMax,
  relayConfigBytesMax,
  relayTimeoutMs,
  turnTextMax
} from '../core/limits.ts'
import type { PeerId } from '../core/ids.ts'
import { NotARelay, RelaysElsewhere } from './errors.ts'
import type { NamedKeeper, NamedRelay } from './types.ts'

/** A TURN server at a relay's host, over UDP and TCP and perhaps TLS, and what lets us use it for `lifeMs`. */
export interface TurnOffer {
  readonly port: number
  /** Over TLS too. */
  readonly tlsPort?: number
  readonly username: string
  readonly credential: string
  readonly lifeMs: number
}

/** What a relay says of itself at `/config.json`. */
export interface RelayConfig {
  readonly peerId: string
  readonly stunPort: number | undefined
  readonly turn: TurnOffer | undefined
  readonly keepers: readonly Omit<NamedKeeper, 'host'>[]
  readonly others: readonly NamedRelay[]
}

export type AskRelay = (url: string) => Promise<RelayConfig>

/** Asks a relay who it is. `url` is that of its page; one that a plain web server has throws RelaysElsewhere. */
export async function fetchRelayConfig(url: string): Promise<RelayConfig> {
  return readRelayConfig(await fetchText(new URL('config.json', pageOf(url).href.replace(/\/?$/, '/'))), url)
}

/** What the relay at `url` answered. */
export function readRelayConfig(text: string, url: string): RelayConfig {
  const config = objectIn(text)
  const { peerId, stunPort } = config
  if (!isPeerId(peerId)) {
    const relays = relaysIn(config.relays)
    if (relays.length > 0) throw new RelaysElsewhere(relays)
    throw new NotARelay('it does not say who it is')
  }
  return {
    peerId,
    stunPort: typeof stunPort === 'number' ? stunPort : undefined,
    turn: turnIn(config.turn),
    keepers: keepersIn(config.keepers),
    others: [...directIn(config.direct, peerId, url), ...othersIn(config.others, url)]
  }
}

/** Addresses of relays, those that are some. [NW32] */
function relaysIn(value: unknown): string[] {
  if (!Array.isArray(value)) return []
  const texts = value.filter((each) => typeof each === 'string' && each.length <= relayHintTextMax) as string[]
  return texts.filter(isRelay).slice(0, linkRelaysMax)
}

/** The address of a page or socket, or for webrtc-direct a multiaddr that says who answers there. [NW37] */
const isRelay = (text: string): boolean =>
  /^(http|ws)s?:\/\//.test(text)
    ? URL.canParse(text)
    : /^\/ip[46]\/[\w.:]+\/udp\/\d+\/webrtc-direct\/certhash\/[\w-]+\/p2p\/\w+$/.test(text)

/** One that is described as it should be: a browser makes no connection at all with one that is not. [NW27] */
function turnIn(value: unknown): TurnOffer | undefined {
  const { port, tlsPort, username, credential, lifeMs } = (value ?? {}) as Partial<Record<string, unknown>>
  const isText = (text: unknown): text is string =>
    typeof text === 'string' && text !== '' && text.length <= turnTextMax
  const isPort = (given: unknown) => Number.isInteger(given) && Number(given) > 0 && Number(given) < 65_536
  if (!isPort(port) || !isText(username) || !isText(credential) || !(Number(lifeMs) > 0)) return undefined
  const tls = isPort(tlsPort) ? { tlsPort: Number(tlsPort) } : {}
  return { port: Number(port), ...tls, username, credential, lifeMs: Number(lifeMs) }
}

const isPeerId = (value: unknown): value is PeerId => typeof value === 'string' && /^[A-Za-z0-9]{40,80}$/.test(value)

/** Those that are described as they should be; what else a later version says is passed over. [NW34] */
function keepersIn(value: unknown): Omit<NamedKeeper, 'host'>[] {
  if (!Array.isArray(value)) return []
  return value.slice(0, keepersMax).flatMap((each: Partial<Record<string, unknown>> | null) => {
    const { peerId, record, terms } = each ?? {}
    const { dataSetBytesMax, termMsMax, invited } = (terms ?? {}) as Record<string, unknown>
    const isRecord = typeof record === 'string' && record.length < 2 * recordBytesMax
    if (!isPeerId(peerId) || !isRecord || !(Number(dataSetBytesMax) > 0) || !(Number(termMsMax) > 0)) return []
    const checked = {
      dataSetBytesMax: Number(dataSetBytesMax),
      termMsMax: Number(termMsMax),
      invited: invited === true
    }
    return [{ peerId, record, terms: checked }]
  })
}

/** The relay itself by webrtc-direct, for when it is not reached at its page. [NW38] */
const directIn = (value: unknown, peerId: PeerId, url: string): NamedRelay[] =>
  isMultiaddr(url) ? [] : relaysIn(value).flatMap((named) => (isMultiaddr(named) ? { url: named, peerId } : []))

/** Those that are described as they should be; one that is reached securely leads to no other. [NW36] */
function othersIn(value: unknown, url: string): NamedRelay[] {
  if (!Array.isArray(value)) return []
  const secure = pageOf(url).protocol === 'https:'
  return value.slice(0, otherRelaysMax).flatMap((each: Partial<Record<string, unknown>> | null) => {
    const { peerId } = each ?? {}
    const named = relaysIn([each?.url, each?.direct]).find((one) => !secure || pageOf(one).protocol === 'https:')
    return named === undefined || !isPeerId(peerId) ? [] : [{ url: named, peerId }]
  })
}

/** Asks these relays at once. The first who asks for one of them gets that answer, later ones a new one. */
export function askedAhead(urls: readonly string[]): AskRelay {
  const answers = new Map(urls.filter((url) => !isMultiaddr(url)).map((url) => [url, fetchRelayConfig(url)]))
  for (const answer of answers.values()) answer.catch(() => undefined) // whoever asks for it is told
  return (url) => {
    const answer = answers.get(url)
    answers.delete(url)
    return answer ?? fetchRelayConfig(url)
  }
}

/** A relay that is dialled first and then asked by what was dialled. */
export const isMultiaddr = (url: string): boolean => url.startsWith('/')

/** A relay's address as that of a page, though it may be written as that of a socket; of a multiaddr only the host counts. */
export function pageOf(url: string): URL {
  const [, kind, host = ''] = url.split('/')
  if (isMultiaddr(url)) return new URL(`https://${kind === 'ip6' ? `[${host}]` : host}`)
  return new URL(url.replace(/^ws/, 'http'))
}

async function fetchText(url: URL): Promise<string> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(relayTimeoutMs), cache: 'no-store' })
    if (!response.ok) throw new NotARelay(`it answers ${response.status}`)
    return await response.text()
  } catch (cause) {
    throw cause instanceof NotARelay ? cause : new NotARelay('it does not answer', { cause })
  }
}

function objectIn(text: string): Record<string, unknown> {
  try {
    if (text.length > relayConfigBytesMax) throw new NotARelay('its answer is too long')
    const config: unknown = JSON.parse(text)
    if (typeof config === 'object' && config !== null) return config as Record<string, unknown>
  } catch (cause) {
    throw new NotARelay('its answer makes no sense', { cause })
  }
  throw new NotARelay('its answer makes no sense')
}
