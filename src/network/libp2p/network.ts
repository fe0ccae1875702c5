import type { Connection, Libp2p, PrivateKey } from '@libp2p/interface'
import type { TransportManager } from '@libp2p/interface-internal'
import { peerIdFromString } from '@libp2p/peer-id'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { PeerId } from '../../core/ids.ts'
import { clockJumpMs, dialTimeoutMs, lanesPerPeerMax, relayTimeoutMs } from '../../core/limits.ts'
import { PeerUnreachable } from '../errors.ts'
import { RelaySupervisor, type SupervisorInput } from '../relay-supervisor.ts'
import type { Lane, LaneProtocol, Network, NetworkStatus } from '../types.ts'
import { openRecord, type PeerContact, sealRecord } from './records.ts'
import { fetchRelayInfo, type RelayInfo } from './relay-info.ts'
import { goesThroughTurn, kindOf, StreamLane } from './stream-lane.ts'

const exchange: LaneProtocol = '/quire/exchange/1'
const tracker: LaneProtocol = '/quire/tracker/1'

export interface Libp2pSetup {
  readonly privateKey: PrivateKey
  readonly relays: readonly string[]
  readonly webrtc: boolean
  /** Makes the node; `iceServers` is asked for each new peer connection. */
  readonly create: (iceServers: () => RTCIceServer[]) => Promise<Libp2p>
}

/** libp2p as a network of lanes; tabs and programs differ in their setup alone. */
export class Libp2pNetwork implements Network {
  readonly #setup: Libp2pSetup
  readonly #supervisor = new RelaySupervisor(Math.random)
  readonly #relays = new Map<string, { info: RelayInfo; connection: Connection }>()
  #node: Libp2p | undefined
  #starting: Promise<void> | undefined
  #alarm: ReturnType<typeof setTimeout> | undefined
  #clock: ReturnType<typeof setInterval> | undefined
  #record: Promise<Uint8Array> | undefined
  #recordOf = ''
  readonly #early = new Set<string>()
  onStatus: (status: NetworkStatus) => void = () => undefined
  onSelfRecord: () => void = () => undefined
  onLane: (lane: Lane) => void = () => undefined

  constructor(setup: Libp2pSetup) {
    this.#setup = setup
  }

  start(): Promise<void> {
    this.#starting ??= this.#begin()
    return this.#starting
  }

  async stop(): Promise<void> {
    clearTimeout(this.#alarm)
    clearInterval(this.#clock)
    await this.#starting
    await this.#node?.stop()
  }

  status(): NetworkStatus {
    return {
      peerId: this.#node?.peerId.toString() as PeerId | undefined,
      relays: this.#supervisor.statuses(),
      webrtc: this.#setup.webrtc
    }
  }

  async selfRecord(): Promise<Uint8Array | undefined> {
    const addresses = this.#node?.getMultiaddrs() ?? []
    if (addresses.length === 0) return undefined
    const key = addresses.join()
    if (key !== this.#recordOf) {
      this.#recordOf = key
      this.#record = sealRecord(this.#setup.privateKey, addresses)
    }
    return this.#record
  }

  /** Addresses that a program prints, so that others can be pointed at it. */
  addresses(): string[] {
    return (this.#node?.getMultiaddrs() ?? []).map(String)
  }

  async connect(record: Uint8Array, { signal }: { signal: AbortSignal }): Promise<Lane> {
    await this.start()
    const contact = await openRecord(record)
    const connection = await this.#reach(contact, signal)
    const stream = await connection.newStream(exchange, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(dialTimeoutMs)]),
      runOnLimitedConnection: true,
      maxOutboundStreams: lanesPerPeerMax
    })
    const lane = this.#lane(stream, connection, exchange)
    if (lane.kind !== 'relayed') this.#dropCircuits(contact.peerId)
    return lane
  }

  addRelay(url: string): void {
    this.#turn({ type: 'add', url })
  }

  nudge(): void {
    this.#turn({ type: 'nudge' })
  }

  async #begin(): Promise<void> {
    const node = await this.#setup.create(() => [...this.#relays.values()].flatMap(({ info }) => info.iceServers))
    this.#node = node
    await node.handle(
      exchange,
      (stream, connection) => {
        this.onLane(this.#lane(stream, connection, exchange))
      },
      { runOnLimitedConnection: true, maxInboundStreams: lanesPerPeerMax }
    )
    node.addEventListener('self:peer:update', () => this.onSelfRecord())
    for (const url of [...this.#setup.relays, ...this.#early]) this.addRelay(url)
    this.#watchClock()
  }

  #lane(stream: Parameters<Parameters<Libp2p['handle']>[1]>[0], connection: Connection, protocol: LaneProtocol): Lane {
    const lane = new StreamLane(stream, connection, this.#node!.peerId.toString() as PeerId, protocol)
    if (lane.kind === 'direct') {
      goesThroughTurn(connection).then(
        (turn) => turn && (lane.kind = 'turn'),
        () => undefined
      )
    }
    return lane
  }

  /** A connection that exists and is direct, else a new direct one, else a relay's circuit. */
  async #reach({ peerId, addresses }: PeerContact, signal: AbortSignal): Promise<Connection> {
    const node = this.#node!
    const open = node.getConnections(peerIdFromString(peerId)).filter((connection) => connection.status === 'open')
    const direct = open.find((connection) => kindOf(connection) !== 'relayed')
    if (direct) return direct
    let cause: unknown
    for (const address of this.#inOrder(addresses, peerId)) {
      signal.throwIfAborted()
      try {
        return await node.dial(address, { signal: AbortSignal.any([signal, AbortSignal.timeout(dialTimeoutMs)]), force: true })
      } catch (error) {
        cause = error
      }
    }
    throw new PeerUnreachable({ cause })
  }

  /** Plain sockets where a program offers them, WebRTC twice (one in six first tries fails under load), circuits last. */
  #inOrder(addresses: readonly Multiaddr[], peerId: PeerId): Multiaddr[] {
    const whole = addresses.map((address) => (address.toString().includes(`/p2p/${peerId}`) ? address : address.encapsulate(`/p2p/${peerId}`)))
    const circuit = (address: Multiaddr) => address.toString().includes('/p2p-circuit')
    const rtc = (address: Multiaddr) => address.toString().includes('/webrtc/')
    const sockets = whole.filter((address) => !circuit(address))
    const webrtc = this.#setup.webrtc ? whole.filter(rtc) : []
    const circuits = whole.filter((address) => circuit(address) && !rtc(address))
    return [...sockets, ...webrtc, ...webrtc.slice(0, 1), ...circuits]
  }

  /** The circuit that carried the signalling has done its work; relays count them. */
  #dropCircuits(peerId: PeerId): void {
    for (const connection of this.#node!.getConnections(peerIdFromString(peerId))) {
      if (kindOf(connection) === 'relayed' && connection.streams.length === 0) void connection.close().catch(() => undefined)
    }
  }

  #turn(input: SupervisorInput): void {
    if (!this.#node) return void (input.type === 'add' && this.#early.add(input.url))
    const effects = this.#supervisor.handle(performance.now(), input)
    for (const effect of effects) {
      if (effect.type === 'connect') void this.#join(effect.url)
      else void this.#probe(effect.url)
    }
    clearTimeout(this.#alarm)
    const waitMs = this.#supervisor.wakeAtMs() - performance.now()
    if (waitMs < Infinity) this.#alarm = setTimeout(() => this.#turn({ type: 'wake' }), Math.max(0, waitMs))
    this.onStatus(this.status())
  }

  async #join(url: string): Promise<void> {
    const node = this.#node!
    try {
      const info = await fetchRelayInfo(url)
      const signal = AbortSignal.timeout(relayTimeoutMs)
      const connection = await node.dial(info.address, { signal, force: true })
      connection.addEventListener('close', () => this.#lost(url, connection), { once: true })
      this.#relays.set(url, { info, connection })
      await transportsOf(node).listen([info.address.encapsulate('/p2p-circuit')])
      await this.#openTracker(connection)
      this.#turn({ type: 'up', url })
      this.onSelfRecord()
    } catch {
      this.#turn({ type: 'failed', url })
    }
  }

  #lost(url: string, connection: Connection): void {
    if (this.#relays.get(url)?.connection !== connection) return
    this.#relays.delete(url)
    this.#turn({ type: 'lost', url })
  }

  async #openTracker(connection: Connection): Promise<void> {
    const stream = await connection.newStream(tracker, { signal: AbortSignal.timeout(relayTimeoutMs) })
    this.onLane(this.#lane(stream, connection, tracker))
  }

  /** A relay that does not answer a new stream is gone, whatever its socket says. */
  async #probe(url: string): Promise<void> {
    const relay = this.#relays.get(url)
    if (!relay) return
    try {
      const stream = await relay.connection.newStream(tracker, { signal: AbortSignal.timeout(probeTimeoutMs) })
      await stream.close()
    } catch (error) {
      relay.connection.abort(error as Error)
      this.#lost(url, relay.connection)
    }
  }

  /** A laptop that slept shows as a clock that jumped: sockets that look alive may be dead. */
  #watchClock(): void {
    let lastMs = Date.now()
    this.#clock = setInterval(() => {
      const nowMs = Date.now()
      if (nowMs - lastMs > clockCheckMs + clockJumpMs) this.nudge()
      lastMs = nowMs
    }, clockCheckMs)
  }
}

const clockCheckMs = 1_000
const probeTimeoutMs = 3_000

/** libp2p keeps its transports to itself; listening at one more relay later needs them. */
const transportsOf = (node: Libp2p): TransportManager =>
  (node as unknown as { components: { transportManager: TransportManager } }).components.transportManager
