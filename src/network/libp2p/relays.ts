import type { Connection, Libp2p, PeerId as Libp2pPeerId, Stream } from '@libp2p/interface'
import type { Transport } from '@libp2p/interface'
import type { TransportManager } from '@libp2p/interface-internal'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr, type Multiaddr } from '@multiformats/multiaddr'
import {
  directProbeMs,
  relayProbeTimeoutMs,
  relayTimeoutMs,
  spareRelaysMax,
  turnServersMax
} from '../../core/limits.ts'
import { NotARelay, RelaysElsewhere } from '../errors.ts'
import { RelaySupervisor, type SupervisorInput } from '../relay-supervisor.ts'
import { type AskRelay, isMultiaddr } from '../relay-config.ts'
import type { LaneProtocol, NamedKeeper, NamedRelay, RelayStatus } from '../types.ts'
import { cut } from './cut.ts'
import { relayInfo, type RelayInfo } from './relay-info.ts'

export const trackerProtocol: LaneProtocol = '/quire/tracker/1'
/** A relay that is about to stop opens a stream of this to each of its peers. [NW30] */
export const movingProtocol = '/quire/moving/1'

interface JoinedRelay {
  info: RelayInfo
  readonly connection: Connection
  /** It holds a reservation for us, and its tracker is open. */
  ready: boolean
  /** It said that it is about to stop. */
  leaving?: boolean
  /** When it was last asked over webrtc-direct. */
  probedAtMs: number
}

export interface RelayListener {
  /** A relay's state, or our addresses through relays, may have changed. */
  onChange(): void
  onTracker(stream: Stream, connection: Connection): void
}

/** Connections, reservations and trackers at relays: the driver of the supervisor. */
export class Relays {
  readonly #node: Libp2p
  readonly #ask: AskRelay
  readonly #listener: RelayListener
  readonly #supervisor: RelaySupervisor
  readonly #joined = new Map<string, JoinedRelay>()
  readonly #own = new Set<string>()
  /** What plain web servers named, by their addresses. */
  readonly #named = new Map<string, readonly string[]>()
  /** Who is to be found where, for when all others are away. */
  #spares = new Map<string, NamedRelay>()
  readonly #reservations: Reservations
  #alarm: ReturnType<typeof setTimeout> | undefined
  #stopped = false

  constructor(node: Libp2p, ask: AskRelay, listener: RelayListener, enough?: number) {
    this.#supervisor = new RelaySupervisor(Math.random, enough)
    this.#node = node
    this.#ask = ask
    this.#listener = listener
    this.#reservations = new Reservations(node, (peerId) => this.#onReservationLost(peerId))
  }

  /** `isOwn`: chosen by whoever runs this peer, and not brought by a link. */
  add(url: string, isOwn = false): void {
    if (isOwn) this.#own.add(url)
    this.#turn({ type: 'add', url })
  }

  /** Those that were told of last come first. [NW36] */
  addSpares(named: readonly NamedRelay[]): void {
    const known = new Map([...named, ...this.#spares.values()].map((each) => [each.url, each]))
    this.#spares = new Map([...known].slice(0, spareRelaysMax))
    this.#turn({ type: 'spares', urls: [...this.#spares.keys()] })
  }

  get spares(): readonly NamedRelay[] {
    return [...this.#spares.values()]
  }

  nudge(): void {
    this.#turn({ type: 'nudge' })
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#alarm)
  }

  statuses(): RelayStatus[] {
    return this.#supervisor.statuses()
  }

  /** Those that our own relays name. */
  keepers(): NamedKeeper[] {
    const all = this.#ours().flatMap(({ info }) => info.keepers)
    return [...new Map(all.map((keeper) => [keeper.peerId, keeper])).values()]
  }

  /** Whether a connection is to a relay. */
  has(connection: Connection): boolean {
    return [...this.#joined.values()].some((joined) => joined.connection === connection)
  }

  /** Whether a connection is to one of our own relays. */
  isOurs(connection: Connection): boolean {
    return this.#ours().some((joined) => joined.connection === connection)
  }

  #ours(): JoinedRelay[] {
    return this.#ownUrls().flatMap((url) => this.#joined.get(url) ?? [])
  }

  /** Those that our own addresses stand for. */
  #ownUrls(): string[] {
    return [...this.#own].flatMap((url) => this.#named.get(url) ?? url)
  }

  /** Servers that tell how we look from outside, and a few that pass on what finds no direct way. [NW27] */
  iceServers(): Record<'stun' | 'turn', RTCIceServer[]> {
    const infos = [...this.#joined.values()].map(({ info }) => info)
    return { stun: infos.flatMap(({ stun }) => stun), turn: infos.flatMap(({ turn }) => turn).slice(0, turnServersMax) }
  }

  /** Where relays that hold a reservation for us are reached. */
  addresses(): Multiaddr[] {
    const up = this.statuses().filter(({ state }) => state === 'reserved')
    const staying = up.flatMap(({ url }) => this.#joined.get(url) ?? []).filter(({ leaving }) => !leaving)
    const addresses = staying.map(({ info }) => info.address)
    return [...new Map(addresses.map((address) => [address.toString(), address])).values()]
  }

  /** Whoever is told of us from now on is not sent to a relay that is about to stop. */
  leave(connection: Connection): void {
    for (const joined of this.#joined.values()) joined.leaving ||= joined.connection === connection
    this.#listener.onChange()
  }

  #turn(input: SupervisorInput): void {
    if (this.#stopped) return
    for (const effect of this.#supervisor.handle(Date.now(), input)) {
      if (effect.type === 'connect') void this.#join(effect.url)
      else if (effect.type === 'leave') this.#leaveSpare(effect.url)
      else void this.#probe(effect.url)
    }
    clearTimeout(this.#alarm)
    const waitMs = this.#supervisor.wakeAtMs() - Date.now()
    if (waitMs < Infinity) this.#alarm = setTimeout(() => this.#turn({ type: 'wake' }), Math.max(0, waitMs))
    if (input.type !== 'wake') this.#listener.onChange()
  }

  #leaveSpare(url: string): void {
    const joined = this.#joined.get(url)
    this.#joined.delete(url)
    if (joined && !this.has(joined.connection)) cut(joined.connection, new Error('it is needed no longer'))
  }

  async #join(url: string): Promise<void> {
    let connection: Connection | undefined
    try {
      if (isMultiaddr(url)) connection = await this.#dial(multiaddr(url))
      const info = await this.#info(url, connection)
      connection ??= await this.#dial(info.address)
      await this.#settle(url, info, connection)
      // Meanwhile it may have closed, or enough others came. [NW36]
      if (this.#joined.get(url)?.connection !== connection) throw new Error('it closed before it was up')
      if (!this.#supervisor.knows(url)) return this.#leaveSpare(url)
      this.#turn({ type: 'up', url })
    } catch (error) {
      this.#joined.delete(url)
      if (connection) cut(connection, error)
      const urls = error instanceof RelaysElsewhere ? this.#follow(url, error.relays) : []
      this.#turn(urls.length > 0 ? { type: 'elsewhere', url, urls } : { type: 'failed', url })
    }
  }

  #dial(address: Multiaddr): Promise<Connection> {
    return this.#node.dial(address, { signal: AbortSignal.timeout(relayTimeoutMs) })
  }

  /** The relays that an address names, unless it was named itself: nobody is led on and on. [NW32] */
  #follow(url: string, urls: readonly string[]): readonly string[] {
    if ([...this.#named.values()].some((named) => named.includes(url))) return []
    this.#named.set(url, urls)
    return urls
  }

  /** Asked by HTTP, or by `connection`: a page that is served over HTTPS fetches nothing from a relay that is not. */
  async #info(url: string, connection?: Connection, timeoutMs = relayTimeoutMs): Promise<RelayInfo> {
    const asking = connection && (await import('./asking-relay.ts')).askRelayBy(connection, url, timeoutMs)
    const info = relayInfo(url, await (asking ?? this.#ask(url)), Date.now())
    const named = this.#spares.get(url)
    if (named && !info.address.toString().endsWith(`/p2p/${named.peerId}`)) throw new NotARelay('it is another')
    if (info.others.length > 0 && this.#ownUrls().includes(url)) this.addSpares(info.others)
    return info
  }

  /**
   * Two addresses of one relay share its connection and its tracker. Others can be looked for as soon as the tracker
   * is open; being found takes the reservation.
   */
  async #settle(url: string, info: RelayInfo, connection: Connection): Promise<void> {
    const shared = this.has(connection)
    connection.addEventListener('close', () => this.#lost(url, connection), { once: true })
    const joined = { info, connection, ready: shared, probedAtMs: Date.now() }
    this.#joined.set(url, joined)
    if (shared) return
    await Promise.all([this.#openTracker(connection), this.#reservations.reserve(connection.remotePeer, info.address)])
    joined.ready = true
  }

  async #openTracker(connection: Connection): Promise<void> {
    const stream = await connection.newStream(trackerProtocol, { signal: AbortSignal.timeout(relayTimeoutMs) })
    stream.addEventListener('close', () => cut(connection, new Error('the relay closed its tracker')), { once: true })
    this.#listener.onTracker(stream, connection)
  }

  #lost(url: string, connection: Connection): void {
    if (this.#joined.get(url)?.connection !== connection) return
    this.#joined.delete(url)
    this.#turn({ type: 'lost', url })
  }

  /** Without a reservation nobody finds us there: begin again. */
  #onReservationLost(peerId: Libp2pPeerId): void {
    for (const { connection, ready } of this.#joined.values()) {
      if (ready && connection.remotePeer.equals(peerId)) cut(connection, new Error('the reservation is gone'))
    }
  }

  /** A relay that does not answer is gone, whatever its socket says. */
  async #probe(url: string): Promise<void> {
    const joined = this.#joined.get(url)
    if (!joined) return
    const { connection } = joined
    try {
      const { muxer } = connection as unknown as { muxer: Pingable }
      if (muxer.ping) await muxer.ping({ signal: AbortSignal.timeout(relayProbeTimeoutMs) })
      else if (Date.now() - joined.probedAtMs >= directProbeMs) {
        joined.probedAtMs = Date.now()
        joined.info = await this.#info(url, connection, relayProbeTimeoutMs)
      }
    } catch (error) {
      cut(connection, error)
      this.#lost(url, connection)
      return
    }
    // Where that fails, what it gave before is good for as long again, and the next probe asks once more.
    const by = isMultiaddr(url) ? connection : undefined
    if (joined.info.staleAtMs <= Date.now()) joined.info = await this.#info(url, by).catch(() => joined.info)
  }
}

/** Sockets are divided by yamux, which can ask the other side for a sign of life; data channels cannot. */
interface Pingable {
  ping?(options: { signal: AbortSignal }): Promise<number>
}

interface ReservationStore extends EventTarget {
  addRelay(peerId: Libp2pPeerId, type: 'configured'): Promise<unknown>
  /** Relays that failed once, which libp2p never asks again. */
  readonly relayFilter?: { remove?(peerId: Uint8Array): boolean }
}

/**
 * Reservations by way of libp2p's circuit transport. It reserves once when it is told to listen at a relay, renews by
 * itself, and forgets a relay that failed: coming back is up to its caller.
 */
class Reservations {
  readonly #transports: TransportManager
  readonly #store: ReservationStore
  readonly #listening = new Set<string>()

  constructor(node: Libp2p, onLost: (relay: Libp2pPeerId) => void) {
    this.#transports = (
      node as unknown as { components: { transportManager: TransportManager } }
    ).components.transportManager
    const circuit = this.#transports
      .getTransports()
      .find((transport) => transport[Symbol.toStringTag] === '@libp2p/circuit-relay-v2-transport')
    this.#store = (circuit as Transport & { reservationStore: ReservationStore }).reservationStore
    this.#store.addEventListener('relay:removed', (event) => {
      onLost((event as CustomEvent<{ relay: Libp2pPeerId }>).detail.relay)
    })
  }

  /** Listens at a relay for the first time, or renews what an earlier connection to it had. */
  async reserve(relay: Libp2pPeerId, address: Multiaddr): Promise<void> {
    const key = relay.toString()
    this.#store.relayFilter?.remove?.(peerIdFromString(key).toMultihash().bytes)
    if (this.#listening.has(key)) {
      await this.#store.addRelay(relay, 'configured')
      return
    }
    await this.#transports.listen([address.encapsulate('/p2p-circuit')])
    this.#listening.add(key)
  }
}
