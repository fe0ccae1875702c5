import { type Connection, type Libp2p, type PrivateKey, type Stream, UnsupportedProtocolError } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { PeerId } from '../../core/ids.ts'
import { dialTimeoutMs, idleAnswerMs, recordAddressesMax, socketTriesMax } from '../../core/limits.ts'
import { PeerUnreachable, TooManyLanes } from '../errors.ts'
import type { AskRelay } from '../relay-config.ts'
import type { ConnectOptions, Lane, LaneProtocol, NamedRelay, Network, NetworkStatus } from '../types.ts'
import type { DialFurther } from './further.ts'
import { boundStreams, LanePlaces } from './lane-places.ts'
import { carriesLanes, exchangeProtocol } from './open-connections.ts'
import { Peers } from './peers.ts'
import { openRecord, sealRecord } from './records.ts'
import { movingProtocol, type RelayListener, Relays, trackerProtocol } from './relays.ts'
import { StreamLane, watchTurn } from './stream-lane.ts'

export interface Libp2pSetup {
  readonly privateKey: PrivateKey
  readonly relays: readonly string[]
  readonly askRelay: AskRelay
  readonly webrtc: boolean
  /** Peers learn no address of ours, and are sent nothing but by way of a relay or its TURN server. [NW29] */
  readonly relayOnly?: boolean
  /** What it takes lanes for; by default exchange alone. */
  readonly serves?: readonly LaneProtocol[]
  /** Relays of its own that leave others unused; by default one. */
  readonly enoughRelays?: number
  /** Makes the node; `rtcConfiguration` is asked for each new peer connection. */
  readonly create: (rtcConfiguration: () => RTCConfiguration) => Promise<Libp2p<{ further: DialFurther }>>
}

interface Running {
  readonly node: Libp2p
  readonly relays: Relays
  readonly peers: Peers
}

/** libp2p as a network of lanes; tabs and programs differ in their setup alone. */
export class Libp2pNetwork implements Network {
  readonly #setup: Libp2pSetup
  /** What it was told of relays before there was a node. */
  readonly #early: ((relays: Relays) => void)[] = []
  readonly #places = new LanePlaces((...of) => this.#lane(...of))
  #starting: Promise<Running> | undefined
  #running: Running | undefined
  #status: NetworkStatus
  /** Our addresses when they were last told; none once every relay was lost, so that its return is news. */
  #told = ''
  #record: { readonly of: string; readonly sealed: Promise<Uint8Array> } | undefined
  onStatus: (status: NetworkStatus) => void = () => undefined
  onSelfRecord: () => void = () => undefined
  onLane: (lane: Lane) => void = () => undefined
  onDirect: (peerId: PeerId) => void = () => undefined

  constructor(setup: Libp2pSetup) {
    this.#setup = setup
    this.#status = { relays: [], webrtc: setup.webrtc }
  }

  async start(): Promise<void> {
    this.#starting ??= this.#begin()
    await this.#starting
  }

  async stop(): Promise<void> {
    const running = await this.#starting
    running?.relays.stop()
    running?.peers.stop()
    await running?.node.stop()
  }

  status(): NetworkStatus {
    return this.#status
  }

  async selfRecord(): Promise<Uint8Array | undefined> {
    const addresses = this.#addresses()
    if (addresses.length === 0) return undefined
    const of = addresses.join()
    if (this.#record?.of !== of) this.#record = { of, sealed: sealRecord(this.#setup.privateKey, addresses) }
    return this.#record.sealed
  }

  /** Addresses that a program prints, so that others can be pointed at it. */
  addresses(): string[] {
    return this.#addresses().map(String)
  }

  async connect(record: Uint8Array, options: ConnectOptions): Promise<Lane> {
    this.#starting ??= this.#begin()
    const { peers } = await this.#starting
    const contact = await openRecord(record)
    const { signal, protocol = exchangeProtocol, further = false } = options
    if (further) return this.#openFurther(await peers.reachFurther(contact, signal), protocol, signal)
    const connection = await peers.reach(contact, options)
    const isIdle = peers.isIdle(connection)
    try {
      return await this.#open(connection, protocol, signal, isIdle ? idleAnswerMs : dialTimeoutMs)
    } catch (cause) {
      signal.throwIfAborted()
      if (cause instanceof TooManyLanes) throw cause
      const hasAnswered = cause instanceof UnsupportedProtocolError
      if (!hasAnswered && !carriesLanes(connection)) this.#lost(connection, cause)
      if (isIdle && peers.isLost(connection)) return this.connect(record, options) // by a new one [NW44]
      throw new PeerUnreachable({ cause })
    }
  }

  async #open(connection: Connection, protocol: LaneProtocol, signal: AbortSignal, timeoutMs: number): Promise<Lane> {
    const inTime = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
    return this.#places.open(connection, protocol, { signal: inTime, runOnLimitedConnection: true })
  }

  /** The connection ends with the lane. [NW35] */
  async #openFurther(connection: Connection, protocol: LaneProtocol, signal: AbortSignal): Promise<Lane> {
    const { peers } = this.#running!
    try {
      const lane = await this.#open(connection, protocol, signal, dialTimeoutMs)
      for (const stream of connection.streams) stream.addEventListener('close', () => peers.doneFurther(connection))
      return lane
    } catch (cause) {
      peers.doneFurther(connection)
      signal.throwIfAborted()
      throw new PeerUnreachable({ cause })
    }
  }

  addRelay(url: string): void {
    this.#tell((relays) => relays.add(url))
  }

  addSpares(spares: readonly NamedRelay[]): void {
    this.#tell((relays) => relays.addSpares(spares))
  }

  #tell(what: (relays: Relays) => void): void {
    if (this.#running) what(this.#running.relays)
    else this.#early.push(what)
  }

  nudge(): void {
    this.#running?.relays.nudge()
    this.#running?.peers.nudge()
  }

  async #begin(): Promise<Running> {
    const { relayOnly = false } = this.#setup
    const iceTransportPolicy = relayOnly ? 'relay' : 'all'
    const node = await this.#setup.create(() => ({ iceServers: this.#iceServers(), iceTransportPolicy }))
    const listener: RelayListener = {
      onChange: () => this.#changed(),
      onTracker: (stream, connection) => {
        const lane = this.#lane(stream, connection, trackerProtocol)
        lane.foreign = !relays.isOurs(connection)
        this.onLane(lane)
      }
    }
    const relays = new Relays(node, this.#setup.askRelay, listener, this.#setup.enoughRelays)
    const ways = { webrtc: () => this.#dialsWebRtc(), sockets: !relayOnly, dialFurther: node.services.further }
    const running = { node, relays, peers: new Peers(node, ways) }
    this.#running = running
    running.peers.onDirect = (peerId) => this.onDirect(peerId)
    for (const protocol of this.#setup.serves ?? [exchangeProtocol]) {
      await this.#places.serve(node, protocol, (lane) => this.onLane(lane))
    }
    node.addEventListener('connection:open', ({ detail }) => boundStreams(detail))
    await node.handle(movingProtocol, (stream, connection) => {
      void stream.close().catch(() => undefined) // it is closing anyway
      relays.leave(connection)
      running.peers.nudge()
    })
    node.addEventListener('self:peer:update', () => this.#changed())
    for (const url of this.#setup.relays) relays.add(url, true)
    for (const tell of this.#early) tell(relays)
    this.#changed()
    return running
  }

  #iceServers(): RTCIceServer[] {
    const { stun = [], turn = [] } = this.#running?.relays.iceServers() ?? {}
    return this.#setup.relayOnly ? turn : [...stun, ...turn]
  }

  /** By relays alone there is no WebRTC without a TURN server. */
  #dialsWebRtc(): boolean {
    return this.#setup.webrtc && (!this.#setup.relayOnly || this.#iceServers().length > 0)
  }

  #lane(stream: Stream, connection: Connection, protocol: LaneProtocol): StreamLane {
    const { node, peers } = this.#running!
    const lane = new StreamLane(stream, connection, node.peerId.toString() as PeerId, protocol)
    lane.onLost = (reason) => this.#lost(connection, reason)
    if (lane.kind === 'direct') {
      stream.addEventListener(
        'close',
        watchTurn(connection, (turn) => {
          peers.noteTurn(connection, turn)
          this.#noteTurn(lane, turn)
        })
      )
    }
    return lane
  }

  /** Nothing comes over it any more. To a relay there is more than lanes, and it is probed for that. [NW43] */
  #lost(connection: Connection, reason: unknown): void {
    const { peers, relays } = this.#running!
    if (relays.has(connection)) relays.nudge()
    else peers.lost(connection, reason)
  }

  #noteTurn(lane: StreamLane, turn: boolean): void {
    const kind = turn ? 'turn' : 'direct'
    if (lane.kind === kind) return
    lane.kind = kind
    this.onStatus(this.#status)
  }

  /** Ours at relays, first through WebRTC, then as a circuit; and those we listen at ourselves. */
  #addresses(): Multiaddr[] {
    if (!this.#running) return []
    const { node, relays } = this.#running
    const listening = this.#setup.relayOnly ? [] : node.getMultiaddrs()
    const own = listening.filter((address) => !/\/p2p-circuit|\/webrtc\//.test(address.toString()))
    const ways = this.#dialsWebRtc() ? ['/p2p-circuit/webrtc', '/p2p-circuit'] : ['/p2p-circuit']
    const circuits = relays
      .addresses()
      .flatMap((relay) => ways.map((way) => relay.encapsulate(`${way}/p2p/${node.peerId}`)))
    return [...own.slice(0, socketTriesMax), ...circuits].slice(0, recordAddressesMax)
  }

  /** Tells of a new status or record where they differ from what was told before. */
  #changed(): void {
    const { node, relays } = this.#running!
    const status: NetworkStatus = {
      peerId: node.peerId.toString() as PeerId,
      relays: relays.statuses(),
      // A relay that a link brought is not trusted with what is shared from here.
      keepers: relays.keepers(),
      spares: relays.spares,
      webrtc: this.#setup.webrtc
    }
    if (JSON.stringify(status) !== JSON.stringify(this.#status)) {
      this.#status = status
      this.onStatus(status)
    }
    const addresses = this.#addresses().join()
    if (addresses === this.#told) return
    this.#told = addresses
    if (addresses !== '') this.onSelfRecord()
  }
}
