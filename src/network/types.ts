import type { LaneId, PeerId } from '../core/ids.ts'
import type { KeepTerms } from '../core/keep/types.ts'

/** How bytes reach the other side: peer to peer, through TURN, through a relay's circuit, or over a socket to a server. */
export type ConnectionKind = 'direct' | 'turn' | 'relayed' | 'socket'

/** What a lane speaks. */
export type LaneProtocol = '/quire/exchange/1' | '/quire/tracker/1' | '/quire/keep/1' | '/quire/relay/1'

/**
 * One ordered, reliable byte stream to one peer. Chunks arrive as they come, not as they were sent.
 * There is no read back-pressure: never ask a peer for more than may be held in memory.
 */
export interface Lane {
  /** No other lane of this process has it, whatever network it belongs to. */
  readonly id: LaneId
  readonly peerId: PeerId
  readonly localPeerId: PeerId
  readonly protocol: LaneProtocol
  readonly direction: 'inbound' | 'outbound'
  /** To a relay that a link brought, which this peer did not choose itself. */
  readonly foreign?: boolean
  /** One more than its peer may open: all that is done about it is to say so. */
  readonly isExcess?: boolean
  /** May change (a relayed pair becomes direct only through a new lane). */
  readonly kind: ConnectionKind
  /**
   * Queues a chunk, which the lane may take over (its buffer may be detached afterwards).
   * False: enough is queued, wait for `onDrain`. A chunk of at most `laneMessageBytes` travels as one message.
   */
  send(chunk: Uint8Array): boolean
  /** Set once, before the next turn of the event loop; chunks that came earlier are handed over first. */
  onChunk: (chunk: Uint8Array) => void
  onDrain: () => void
  /** Called once, whoever closed it. */
  onClose: (error?: Error) => void
  /** `lost`: nothing comes over it any more; what carries it takes no new lane, and ends with the last that it has. */
  close(lost?: boolean): void
}

export type RelayState = 'connecting' | 'reserved' | 'unreachable'

export interface RelayStatus {
  readonly url: string
  readonly state: RelayState
  /** When the next attempt starts; undefined while connected or trying. */
  readonly nextTryAtMs?: number
}

/**
 * A keeper that a relay names, so that who runs the relay answers for it; or one that was found, for which nobody does;
 * or one that is known from its promises alone, or by its invitation.
 */
export interface NamedKeeper {
  readonly peerId: PeerId
  /** Its signed record, base64url. */
  readonly record: string
  /** Host of the relay, for people; a made-up name of one that no relay names. */
  readonly host: string
  readonly terms: KeepTerms
  readonly found?: boolean
  readonly remembered?: boolean
  /** A person of this device was invited by it. */
  readonly byInvitation?: boolean
}

/** A relay that another one names: it has to prove that it is this one. */
export interface NamedRelay {
  readonly url: string
  /** The multiaddr of its webrtc-direct, in what a relay says: who cannot use `url` takes it instead. */
  readonly direct?: string
  readonly peerId: PeerId
}

export interface NetworkStatus {
  readonly peerId?: PeerId
  readonly relays: readonly RelayStatus[]
  /** Keepers that can be asked; absent while none is known. */
  readonly keepers?: readonly NamedKeeper[]
  /** Relays for when all of our own are away; absent while none is known. */
  readonly spares?: readonly NamedRelay[]
  /** The browser has WebRTC and it is not blocked. */
  readonly webrtc: boolean
}

/** Which lane is opened: one for exchange, by default, on the best connection that there is or can be made. */
export interface LaneWish {
  readonly protocol?: LaneProtocol
  /** On a WebRTC connection of its own, beside the direct one that there is; fails where there is none. */
  readonly further?: boolean
  /** The peer looks for peers itself, so that it may call first. */
  readonly seeks?: boolean
  /** Others have more to give: a relay's circuit serves only once every try to reach this one directly has ended. */
  readonly canWait?: boolean
}

export interface ConnectOptions extends LaneWish {
  readonly signal: AbortSignal
}

/**
 * Everything the engine needs of a network. Implementations: libp2p in a tab, libp2p in Node,
 * an in-memory pair for tests, and a bridge that carries one across a worker boundary.
 */
export interface Network {
  /** Idempotent; resolves when lanes can be opened, without waiting for any relay. */
  start(): Promise<void>
  stop(): Promise<void>
  status(): NetworkStatus
  onStatus: (status: NetworkStatus) => void
  /** Our signed peer record (libp2p envelope) with the addresses we can be reached at now; undefined before there is one. */
  selfRecord(): Promise<Uint8Array | undefined>
  /** Our addresses changed: announce again. */
  onSelfRecord: () => void
  /** Opens a lane, for exchange by default, to a peer described by its signed record. Direct first, then relayed. */
  connect(record: Uint8Array, options: ConnectOptions): Promise<Lane>
  /** A lane that a peer opened to us, or a tracker lane to a relay that became usable (outbound). */
  onLane: (lane: Lane) => void
  /** A peer with lanes through a relay can be reached directly from now on: by new lanes. */
  onDirect: (peerId: PeerId) => void
  /** Adds a relay beyond those configured, for example from a link. */
  addRelay(url: string): void
  /** Relays to use when all others are away. */
  addSpares(spares: readonly NamedRelay[]): void
  /** Try unreachable relays again now: the person asked, the tab woke, or the network changed. */
  nudge(): void
}
