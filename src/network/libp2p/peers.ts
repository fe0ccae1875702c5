import type { Connection, Libp2p } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { PeerId } from '../../core/ids.ts'
import {
  dialAddressesMs,
  dialTimeoutMs,
  directPatienceMs,
  directRestMs,
  directRestMsMax,
  directTries,
  furtherConnectionsMax,
  knownPeersMax,
  socketTriesMax,
  socketTryMs,
  spareConnectionMs
} from '../../core/limits.ts'
import { PeerUnreachable } from '../errors.ts'
import type { ConnectOptions } from '../types.ts'
import { cut } from './cut.ts'
import type { PeerContact } from './records.ts'
import type { DialFurther } from './further.ts'
import { carriesLanes, OpenConnections } from './open-connections.ts'
import { kindOf } from './stream-lane.ts'
import { after, Tries } from './tries.ts'

type Timer = ReturnType<typeof setTimeout>

/** A peer that could be reached through a relay only. */
interface Indirect {
  readonly contact: PeerContact
  /** From its next try, if that fails, to the one after it. */
  nextRestMs: number
  /** None when its rest is over while nothing goes through a relay: it is tried again when it is needed. */
  again?: Timer | undefined
}

type Wish = Pick<ConnectOptions, 'seeks' | 'canWait'>
type ReachOptions = Wish & Pick<ConnectOptions, 'signal'>

/** Which ways there are beside a relay's circuit. */
export interface DirectWays {
  readonly webrtc: () => boolean
  readonly sockets: boolean
  /** Dials although there is a connection, and several at once. */
  readonly dialFurther: DialFurther
}

/** Finds or makes the best connection to a peer: plain socket or WebRTC, else a relay's circuit. SPEC.md: NW8 to NW13, NW22, NW23. */
export class Peers {
  readonly #node: Libp2p
  readonly #ways: DirectWays
  readonly #open: OpenConnections
  readonly #tries: Tries
  /** Connections that go through a TURN server, as far as is known. */
  readonly #turned = new WeakSet<Connection>()
  /** Connections beyond the first to each peer, made or being made. */
  readonly #further = new Set<Promise<Connection>>()
  readonly #dialling = new Map<PeerId, Promise<Connection>>()
  /** Peers that are tried directly now, in the background where that takes long. */
  readonly #trying = new Map<PeerId, Promise<Connection | undefined>>()
  /** Those of them that began before the network last changed. */
  #outdated = new Set<Promise<Connection | undefined>>()
  readonly #indirect = new Map<PeerId, Indirect>()
  /** A peer with lanes through a relay has a direct connection. */
  onDirect: (peerId: PeerId) => void = () => undefined

  constructor(node: Libp2p, ways: DirectWays) {
    this.#node = node
    this.#ways = ways
    this.#open = new OpenConnections(node)
    this.#tries = new Tries(node, this.#open)
    node.addEventListener('connection:open', ({ detail }) => this.#onOpen(detail))
  }

  /** The network changed: what was not possible before may be now. Tries that began before it say nothing. [NW23] */
  nudge(): void {
    this.#outdated = new Set(this.#trying.values())
    for (const indirect of [...this.#indirect.values()]) {
      indirect.nextRestMs = directRestMs
      this.#endRest(indirect)
    }
  }

  stop(): void {
    for (const { again } of this.#indirect.values()) clearTimeout(again)
    this.#indirect.clear()
  }

  /** Those who ask for one peer at the same time share one dial; it goes on when one of them gives up. [NW8] */
  async reach(contact: PeerContact, { signal, ...wish }: ReachOptions): Promise<Connection> {
    signal.throwIfAborted()
    const { peerId } = contact
    const dial = this.#dialling.get(peerId) ?? this.#dial(contact, wish).finally(() => this.#dialling.delete(peerId))
    this.#dialling.set(peerId, dial)
    const gaveUp = Promise.withResolvers<never>()
    const giveUp = () => gaveUp.reject(signal.reason)
    signal.addEventListener('abort', giveUp)
    try {
      return await Promise.race([dial, gaveUp.promise])
    } finally {
      signal.removeEventListener('abort', giveUp)
    }
  }

  /** A connection goes through a TURN server, or no longer. */
  noteTurn(connection: Connection, turn: boolean): void {
    if (turn) this.#turned.add(connection)
    else this.#turned.delete(connection)
  }

  /** One more WebRTC connection to a peer that has a direct one; whoever takes it tells `doneFurther`. [NW35] */
  async reachFurther({ peerId, addresses }: PeerContact, signal: AbortSignal): Promise<Connection> {
    const [address] = this.#sorted(peerId, addresses).webrtc
    const first = this.#open.direct(peerId)
    const isDirect = first && kindOf(first) === 'direct' && !this.#turned.has(first)
    if (!address || !isDirect || this.#further.size >= furtherConnectionsMax) throw new PeerUnreachable()
    const late = AbortSignal.timeout(dialTimeoutMs)
    const dial = this.#ways.dialFurther(address, AbortSignal.any([signal, late]))
    this.#further.add(dial)
    const gone = () => void this.#further.delete(dial)
    void dial.then((connection) => connection.addEventListener('close', gone), gone)
    return dial
  }

  /** It was there before and carries no lane: whether it still would is not known. [NW44] */
  isIdle(connection: Connection): boolean {
    return connection.timeline.open < Date.now() - spareConnectionMs && !carriesLanes(connection)
  }

  isLost(connection: Connection): boolean {
    return this.#open.isLost(connection)
  }

  /** A connection carries nothing any more: it takes no new lanes, and ends with the last that it has. [NW43] */
  lost(connection: Connection, reason: unknown): void {
    this.#open.lose(connection)
    if (!connection.streams.some(({ status }) => status === 'open')) cut(connection, reason)
  }

  /** A further connection ends with its lane. */
  doneFurther(connection: Connection): void {
    if (carriesLanes(connection)) return
    connection.close().catch((error: Error) => cut(connection, error))
  }

  async #dial(contact: PeerContact, { seeks = false, canWait = false }: Wish): Promise<Connection> {
    const { peerId, addresses } = contact
    const known = this.#open.direct(peerId)
    if (known) return known
    const untilMs = Date.now() + dialAddressesMs
    const { sockets, circuits } = this.#sorted(peerId, addresses)
    const socket = await this.#tries.each(peerId, sockets, socketTryMs)
    const indirect = this.#indirect.get(peerId)
    const trying =
      socket || indirect ? this.#trying.get(peerId) : this.#tryDirectly(contact, directTries, { seeks, canWait })
    const patience = () => (canWait ? trying : Promise.race([trying, after(directPatienceMs)]))
    const direct = socket ?? (indirect ? undefined : await patience())
    // What arranges WebRTC goes over a circuit, which serves until there is a direct connection. [NW9]
    const found = direct ?? this.#open.circuit(peerId) ?? (await trying)
    if (found && kindOf(found) !== 'relayed') setTimeout(() => this.#closeSpare(peerId), spareConnectionMs)
    const reached = found ?? (await this.#tries.each(peerId, circuits, dialTimeoutMs, untilMs))
    if (reached && indirect && !indirect.again) void this.#tryDirectly(contact, 1)
    if (reached) return reached
    this.#forgetIndirect(peerId)
    throw new PeerUnreachable()
  }

  /** Tries of one peer are shared. What came of them is remembered. [NW10] */
  #tryDirectly(contact: PeerContact, tries: number, wish: Wish = {}): Promise<Connection | undefined> {
    const { peerId, addresses } = contact
    const known = this.#trying.get(peerId)
    if (known) return known
    const { webrtc } = this.#sorted(peerId, addresses)
    const trying = this.#tries.inTurn({ peerId, ...wish }, webrtc, tries)
    this.#trying.set(peerId, trying)
    void trying.then((connection) => {
      this.#trying.delete(peerId)
      const isOutdated = this.#outdated.delete(trying)
      if (connection || webrtc.length === 0) return
      const indirect = this.#rememberIndirect(contact)
      if (isOutdated) this.#endRest(indirect)
    })
    return trying
  }

  /** Again only while something goes through a relay, or once something does. [NW23] */
  #endRest(indirect: Indirect): void {
    clearTimeout(indirect.again)
    indirect.again = undefined
    if (this.#open.isRelaying(indirect.contact.peerId)) void this.#tryDirectly(indirect.contact, 1)
  }

  #onOpen(connection: Connection): void {
    if (kindOf(connection) === 'relayed') return
    const peerId = connection.remotePeer.toString() as PeerId
    this.#forgetIndirect(peerId)
    if (!this.#open.isRelaying(peerId)) return
    setTimeout(() => this.#closeSpare(peerId), spareConnectionMs)
    this.onDirect(peerId)
  }

  /** Circuits that did their work, and a second connection of two dials at once: closed when no lane uses them. [NW13] */
  #closeSpare(peerId: PeerId): void {
    const kept = this.#open.direct(peerId)
    if (!kept) return
    for (const connection of this.#open.all(peerId)) {
      if (connection !== kept && !carriesLanes(connection))
        connection.close().catch((error: Error) => cut(connection, error))
    }
  }

  #rememberIndirect(contact: PeerContact): Indirect {
    const [oldest] = this.#indirect.keys()
    if (oldest && this.#indirect.size >= knownPeersMax) this.#forgetIndirect(oldest)
    const restMs = this.#indirect.get(contact.peerId)?.nextRestMs ?? directRestMs
    this.#forgetIndirect(contact.peerId)
    const indirect: Indirect = { contact, nextRestMs: Math.min(2 * restMs, directRestMsMax) }
    indirect.again = setTimeout(() => this.#endRest(indirect), restMs)
    this.#indirect.set(contact.peerId, indirect)
    return indirect
  }

  #forgetIndirect(peerId: PeerId): void {
    clearTimeout(this.#indirect.get(peerId)?.again)
    this.#indirect.delete(peerId)
  }

  #sorted(peerId: PeerId, addresses: readonly Multiaddr[]): Record<'sockets' | 'webrtc' | 'circuits', Multiaddr[]> {
    const whole = addresses.map((address) =>
      address.toString().endsWith(`/p2p/${peerId}`) ? address : address.encapsulate(`/p2p/${peerId}`)
    )
    const byCircuit = whole.filter((address) => address.toString().includes('/p2p-circuit'))
    const overWebRtc = (address: Multiaddr) => address.toString().includes('/webrtc/')
    return {
      sockets: whole
        .filter((address) => this.#canDial(address) && !byCircuit.includes(address))
        .slice(0, socketTriesMax),
      webrtc: this.#ways.webrtc() ? this.#viaKnownRelaysFirst(byCircuit.filter(overWebRtc)) : [],
      circuits: this.#viaKnownRelaysFirst(byCircuit.filter((address) => !overWebRtc(address)))
    }
  }

  #viaKnownRelaysFirst(addresses: readonly Multiaddr[]): Multiaddr[] {
    const connected = this.#node.getPeers().map((peer) => `/p2p/${peer}/p2p-circuit`)
    const isKnown = (address: Multiaddr) => connected.some((relay) => address.toString().includes(relay))
    return [...addresses.filter(isKnown), ...addresses.filter((address) => !isKnown(address))]
  }

  #canDial(address: Multiaddr): boolean {
    const inPage = 'window' in globalThis
    return this.#ways.sockets && (!inPage || /\/wss?(\/|$)/.test(address.toString()))
  }
}
