import type { Connection, Libp2p } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { PeerId } from '../../core/ids.ts'
import {
  circuitReserveBytes,
  dialTimeoutMs,
  directRestMs,
  directTriesMax,
  directTryMs,
  knownPeersMax,
  socketTriesMax,
  socketTryMs,
  spareConnectionMs
} from '../../core/limits.ts'
import { PeerUnreachable } from '../errors.ts'
import type { LaneProtocol } from '../types.ts'
import type { PeerContact } from './records.ts'
import { kindOf } from './stream-lane.ts'

export const exchangeProtocol: LaneProtocol = '/quire/exchange/1'

/** Finds or makes the best connection to a peer: plain socket or WebRTC, else a relay's circuit. SPEC.md: NW8 to NW13. */
export class Peers {
  readonly #node: Libp2p
  readonly #webrtc: boolean
  readonly #dialling = new Map<PeerId, Promise<Connection>>()
  /** Peers that could be reached through a relay only, and until when that is taken for granted. */
  readonly #indirectUntilMs = new Map<PeerId, number>()

  constructor(node: Libp2p, webrtc: boolean) {
    this.#node = node
    this.#webrtc = webrtc
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

  async #dial({ peerId, addresses }: PeerContact): Promise<Connection> {
    const known = this.#direct(peerId)
    if (known) return known
    const { sockets, webrtc, circuits } = this.#sorted(peerId, addresses)
    const direct = (await this.#tryEach(peerId, sockets, socketTryMs)) ?? (await this.#tryWebRtc(peerId, webrtc))
    if (direct) {
      this.#indirectUntilMs.delete(peerId)
      setTimeout(() => this.#closeSpare(peerId), spareConnectionMs)
      return direct
    }
    const relayed = this.#circuit(peerId) ?? (await this.#tryEach(peerId, circuits, dialTimeoutMs))
    if (!relayed) throw new PeerUnreachable()
    if (webrtc.length > 0) this.#rememberIndirect(peerId)
    return relayed
  }

  /** [NW10] */
  async #tryWebRtc(peerId: PeerId, addresses: readonly Multiaddr[]): Promise<Connection | undefined> {
    if ((this.#indirectUntilMs.get(peerId) ?? 0) > Date.now()) return undefined
    const tries = Array.from({ length: addresses.length && directTriesMax }, (_, i) => addresses[i % addresses.length]!)
    return this.#tryEach(peerId, tries, directTryMs)
  }

  /** One address after the other; a direct connection that the peer makes meanwhile is as good. [NW9] */
  async #tryEach(peerId: PeerId, addresses: readonly Multiaddr[], tryMs: number): Promise<Connection | undefined> {
    for (const address of addresses) {
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
      if (connection !== kept && !used) connection.close().catch((error: Error) => connection.abort(error))
    }
  }

  #rememberIndirect(peerId: PeerId): void {
    const [oldest] = this.#indirectUntilMs.keys()
    if (oldest && this.#indirectUntilMs.size >= knownPeersMax) this.#indirectUntilMs.delete(oldest)
    this.#indirectUntilMs.set(peerId, Date.now() + directRestMs)
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
      webrtc: this.#webrtc ? this.#viaKnownRelaysFirst(byCircuit.filter(overWebRtc)) : [],
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
    return !inPage || /\/wss?(\/|$)/.test(address.toString())
  }
}
