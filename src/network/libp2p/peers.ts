import type { Connection, Libp2p } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { PeerId } from '../../core/ids.ts'
import {
  circuitReserveBytes,
  dialTimeoutMs,
  directPatienceMs,
  directRestMs,
  directTriesMs,
  furtherConnectionsMax,
  knownPeersMax,
  socketTriesMax,
  socketTryMs,
  spareConnectionMs
} from '../../core/limits.ts'
import { PeerUnreachable } from '../errors.ts'
import type { LaneProtocol } from '../types.ts'
import { cut } from './cut.ts'
import type { PeerContact } from './records.ts'
import type { DialFurther } from './further.ts'
import { kindOf } from './stream-lane.ts'

type Timer = ReturnType<typeof setTimeout>

interface Try {
  readonly address: Multiaddr
  readonly tryMs: number
}

const triesOf = (addresses: readonly Multiaddr[], tryMs: number): Try[] =>
  addresses.map((address) => ({ address, tryMs }))

const after = (delayMs: number) => new Promise<undefined>((resolve) => setTimeout(resolve, delayMs))

export const exchangeProtocol: LaneProtocol = '/quire/exchange/1'

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
  /** Connections that go through a TURN server, as far as is known. */
  readonly #turned = new WeakSet<Connection>()
  /** Connections beyond the first to each peer, made or being made. */
  readonly #further = new Set<Promise<Connection>>()
  readonly #dialling = new Map<PeerId, Promise<Connection>>()
  /** Peers that are tried directly now, in the background where that takes long. */
  readonly #trying = new Map<PeerId, Promise<Connection | undefined>>()
  /** Peers that could be reached through a relay only, and when each is tried directly again. */
  readonly #indirect = new Map<PeerId, { readonly contact: PeerContact; readonly again: Timer }>()
  /** A peer with lanes through a relay has a direct connection. */
  onDirect: (peerId: PeerId) => void = () => undefined

  constructor(node: Libp2p, ways: DirectWays) {
    this.#node = node
    this.#ways = ways
    node.addEventListener('connection:open', ({ detail }) => this.#onOpen(detail))
  }

  /** The network changed: what was not possible before may be now. [NW23] */
  nudge(): void {
    for (const { contact } of [...this.#indirect.values()]) this.#tryAgain(contact)
  }

  stop(): void {
    for (const { again } of this.#indirect.values()) clearTimeout(again)
    this.#indirect.clear()
  }

  /** Those who ask for one peer at the same time share one dial; it goes on when one of them gives up. [NW8] */
  async reach(contact: PeerContact, signal: AbortSignal): Promise<Connection> {
    signal.throwIfAborted()
    const { peerId } = contact
    const dial = this.#dialling.get(peerId) ?? this.#dial(contact).finally(() => this.#dialling.delete(peerId))
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
    const first = this.#direct(peerId)
    const isDirect = first && kindOf(first) === 'direct' && !this.#turned.has(first)
    if (!address || !isDirect || this.#further.size >= furtherConnectionsMax) throw new PeerUnreachable()
    const late = AbortSignal.timeout(dialTimeoutMs)
    const dial = this.#ways.dialFurther(address, AbortSignal.any([signal, late]))
    this.#further.add(dial)
    const gone = () => void this.#further.delete(dial)
    void dial.then((connection) => connection.addEventListener('close', gone), gone)
    return dial
  }

  /** A further connection ends with its lane. */
  doneFurther(connection: Connection): void {
    if (connection.streams.some(({ protocol }) => protocol === exchangeProtocol)) return
    connection.close().catch((error: Error) => cut(connection, error))
  }

  async #dial(contact: PeerContact): Promise<Connection> {
    const { peerId, addresses } = contact
    const known = this.#direct(peerId)
    if (known) return known
    const { sockets, circuits } = this.#sorted(peerId, addresses)
    const socket = await this.#tryEach(peerId, triesOf(sockets, socketTryMs))
    const trying = socket || this.#indirect.has(peerId) ? undefined : this.#tryDirectly(contact)
    const direct = socket ?? (trying && (await Promise.race([trying, after(directPatienceMs)])))
    // What arranges WebRTC goes over a circuit, which serves until there is a direct connection. [NW9]
    const found = direct ?? this.#circuit(peerId) ?? (await trying)
    if (found && kindOf(found) !== 'relayed') setTimeout(() => this.#closeSpare(peerId), spareConnectionMs)
    const reached = found ?? (await this.#tryEach(peerId, triesOf(circuits, dialTimeoutMs)))
    if (reached) return reached
    this.#forgetIndirect(peerId)
    throw new PeerUnreachable()
  }

  /** Tries of one peer are shared. What came of them is remembered. [NW10] */
  #tryDirectly(contact: PeerContact): Promise<Connection | undefined> {
    const { peerId, addresses } = contact
    const { webrtc } = this.#sorted(peerId, addresses)
    const tries =
      webrtc.length === 0 ? [] : directTriesMs.map((tryMs, i) => ({ address: webrtc[i % webrtc.length]!, tryMs }))
    const trying = this.#trying.get(peerId) ?? this.#tryEach(peerId, tries)
    this.#trying.set(peerId, trying)
    void trying.then((connection) => {
      this.#trying.delete(peerId)
      if (!connection && tries.length > 0) this.#rememberIndirect(contact)
    })
    return trying
  }

  /** Again only while something goes through a relay: who needs the peer anew tries it anyway. */
  #tryAgain(contact: PeerContact): void {
    this.#forgetIndirect(contact.peerId)
    if (this.#isRelaying(contact.peerId)) void this.#tryDirectly(contact)
  }

  #onOpen(connection: Connection): void {
    if (kindOf(connection) === 'relayed') return
    const peerId = connection.remotePeer.toString() as PeerId
    this.#forgetIndirect(peerId)
    if (!this.#isRelaying(peerId)) return
    setTimeout(() => this.#closeSpare(peerId), spareConnectionMs)
    this.onDirect(peerId)
  }

  #isRelaying(peerId: PeerId): boolean {
    const circuits = this.#open(peerId).filter((connection) => kindOf(connection) === 'relayed')
    return circuits.some(({ streams }) => streams.some(({ protocol }) => protocol === exchangeProtocol))
  }

  /** One address after the other; a direct connection that the peer makes meanwhile is as good. [NW9] */
  async #tryEach(peerId: PeerId, tries: readonly Try[]): Promise<Connection | undefined> {
    for (const { address, tryMs } of tries) {
      const theirs = this.#whenTheyConnect(peerId)
      try {
        const signal = AbortSignal.timeout(tryMs)
        await Promise.race([this.#node.dial(address, { signal, force: true }), theirs.connected])
        return this.#direct(peerId) ?? this.#circuit(peerId)
      } catch {
        // The next address may do. libp2p lets go of a dial a moment after it gave up; until then it joins the next to it.
        await new Promise((resolve) => setTimeout(resolve))
      } finally {
        theirs.stop()
      }
    }
    return undefined
  }

  #whenTheyConnect(peerId: PeerId): { connected: Promise<void>; stop: () => void } {
    const { promise: connected, resolve } = Promise.withResolvers<void>()
    const look = ({ detail }: CustomEvent<Connection>) => {
      if (detail.remotePeer.toString() === peerId && kindOf(detail) !== 'relayed') resolve()
    }
    this.#node.addEventListener('connection:open', look)
    return { connected, stop: () => this.#node.removeEventListener('connection:open', look) }
  }

  #open(peerId: PeerId): Connection[] {
    return this.#node.getConnections(peerIdFromString(peerId)).filter(({ status }) => status === 'open')
  }

  /** Where both sides dialled at once, both take the connection that the lower peer id made. [NW11] */
  #direct(peerId: PeerId): Connection | undefined {
    const direct = this.#open(peerId).filter((connection) => kindOf(connection) !== 'relayed')
    const wanted = this.#node.peerId.toString() < peerId ? 'outbound' : 'inbound'
    return direct.find(({ direction }) => direction === wanted) ?? direct[0]
  }

  /** A circuit whose budget is nearly used up is left to the lanes it has. [NW12] */
  #circuit(peerId: PeerId): Connection | undefined {
    const circuits = this.#open(peerId).filter((connection) => kindOf(connection) === 'relayed')
    return circuits.find(({ limits }) => limits?.bytes === undefined || limits.bytes > BigInt(circuitReserveBytes))
  }

  /** Circuits that did their work, and a second connection of two dials at once: closed when no lane uses them. [NW13] */
  #closeSpare(peerId: PeerId): void {
    const kept = this.#direct(peerId)
    if (!kept) return
    for (const connection of this.#open(peerId)) {
      const used = connection.streams.some(({ protocol }) => protocol === exchangeProtocol)
      if (connection !== kept && !used) connection.close().catch((error: Error) => cut(connection, error))
    }
  }

  #rememberIndirect(contact: PeerContact): void {
    const [oldest] = this.#indirect.keys()
    if (oldest && this.#indirect.size >= knownPeersMax) this.#forgetIndirect(oldest)
    this.#forgetIndirect(contact.peerId)
    const again = setTimeout(() => this.#tryAgain(contact), directRestMs)
    this.#indirect.set(contact.peerId, { contact, again })
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
