// Long: both ends of one small protocol, which change together.
import { reportOf, ReportedError, type ErrorReport } from '../core/errors.ts'
import type { LaneId, PeerId } from '../core/ids.ts'
import { bridgeBytesMax } from '../core/limits.ts'
import type {
  ConnectionKind,
  ConnectOptions,
  Lane,
  LaneProtocol,
  LaneWish,
  NamedRelay,
  Network,
  NetworkStatus
} from './types.ts'

/**
 * Carries a network across a worker boundary. The page's side serves the real one, the worker's side looks just
 * like it. Chunks are handed over, not copied; what the worker sends waits there once `bridgeBytesMax` are on the way.
 */

interface LaneFacts {
  readonly id: LaneId
  readonly peerId: PeerId
  readonly localPeerId: PeerId
  readonly protocol: LaneProtocol
  readonly direction: 'inbound' | 'outbound'
  readonly foreign?: boolean
  readonly isExcess?: boolean
  readonly kind: ConnectionKind
}

type ToPage =
  | { readonly type: 'ask'; readonly id: number; readonly what: 'start' | 'stop' | 'record' }
  | { readonly type: 'connect'; readonly id: number; readonly record: Uint8Array; readonly wish: LaneWish }
  | { readonly type: 'abort'; readonly id: number }
  | { readonly type: 'relay'; readonly url: string }
  | { readonly type: 'spares'; readonly spares: readonly NamedRelay[] }
  | { readonly type: 'nudge' }
  | { readonly type: 'send'; readonly lane: LaneId; readonly chunk: Uint8Array }
  | { readonly type: 'close'; readonly lane: LaneId; readonly lost: boolean }

type ToWorker =
  | { readonly type: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly type: 'failure'; readonly id: number; readonly report: ErrorReport }
  | { readonly type: 'status'; readonly status: NetworkStatus }
  | { readonly type: 'record-changed' }
  | { readonly type: 'direct'; readonly peerId: PeerId }
  | { readonly type: 'lane'; readonly lane: LaneFacts }
  | { readonly type: 'kind'; readonly lane: LaneId; readonly kind: ConnectionKind }
  | { readonly type: 'chunk'; readonly lane: LaneId; readonly chunk: Uint8Array }
  /** The lane took so many bytes. */
  | { readonly type: 'taken'; readonly lane: LaneId; readonly bytes: number }
  | { readonly type: 'closed'; readonly lane: LaneId }

/** A buffer that is mostly this chunk is given away; of a larger one only the chunk is copied out. */
function handOver(chunk: Uint8Array): { chunk: Uint8Array; transfer: Transferable[] } {
  const worth = chunk.byteLength * 2 >= chunk.buffer.byteLength
  const own = worth && chunk.buffer instanceof ArrayBuffer ? chunk : chunk.slice()
  return { chunk: own, transfer: [own.buffer as ArrayBuffer] }
}

/** The page's side. */
// Long: its parts share the lanes and dials that are open.
export function serveNetwork(network: Network, port: MessagePort): void {
  const lanes = new Map<LaneId, { lane: Lane; untaken: number }>()
  const dialling = new Map<number, AbortController>()
  const post = (message: ToWorker, transfer: Transferable[] = []) => port.postMessage(message, transfer)

  /** The worker hears of a lane before it hears from it. */
  const adopt = (lane: Lane, introduce: (facts: LaneFacts) => void) => {
    const entry = { lane, untaken: 0 }
    const { id, peerId, localPeerId, protocol, direction, foreign, isExcess, kind } = lane
    lanes.set(id, entry)
    introduce({ id, peerId, localPeerId, protocol, direction, foreign, isExcess, kind })
    lane.onDrain = () => {
      post({ type: 'taken', lane: id, bytes: entry.untaken })
      entry.untaken = 0
    }
    lane.onClose = () => {
      lanes.delete(id)
      post({ type: 'closed', lane: id })
    }
    lane.onChunk = (chunk) => {
      const given = handOver(chunk)
      post({ type: 'chunk', lane: id, chunk: given.chunk }, given.transfer)
    }
  }

  const fail = (id: number) => (error: unknown) => post({ type: 'failure', id, report: reportOf(error) })

  const answer = (id: number, work: Promise<unknown>) => {
    work.then((value) => post({ type: 'answer', id, value })).catch(fail(id))
  }

  const connect = (id: number, record: Uint8Array, wish: LaneWish) => {
    const abort = new AbortController()
    dialling.set(id, abort)
    network
      .connect(record, { signal: abort.signal, ...wish })
      .then((lane) => adopt(lane, (facts) => post({ type: 'answer', id, value: facts })))
      .catch(fail(id))
      .finally(() => dialling.delete(id))
  }

  const send = (id: LaneId, chunk: Uint8Array) => {
    const entry = lanes.get(id)
    if (!entry) return
    const { byteLength } = chunk // the lane may give the chunk away
    if (entry.lane.send(chunk)) post({ type: 'taken', lane: id, bytes: byteLength })
    else entry.untaken += byteLength
  }

  network.onStatus = (status) => {
    post({ type: 'status', status })
    for (const [id, { lane }] of lanes) post({ type: 'kind', lane: id, kind: lane.kind })
  }
  network.onSelfRecord = () => post({ type: 'record-changed' })
  network.onDirect = (peerId) => post({ type: 'direct', peerId })
  network.onLane = (lane) => adopt(lane, (facts) => post({ type: 'lane', lane: facts }))
  port.onmessage = ({ data }: MessageEvent<ToPage>) => {
    switch (data.type) {
      case 'ask':
        if (data.what === 'record') answer(data.id, network.selfRecord())
        else answer(data.id, data.what === 'start' ? network.start() : network.stop())
        break
      case 'connect':
        connect(data.id, data.record, data.wish)
        break
      case 'abort':
        dialling.get(data.id)?.abort()
        break
      case 'relay':
        network.addRelay(data.url)
        break
      case 'spares':
        network.addSpares(data.spares)
        break
      case 'nudge':
        network.nudge()
        break
      case 'send':
        send(data.lane, data.chunk)
        break
      case 'close':
        lanes.get(data.lane)?.lane.close(data.lost)
    }
  }
  post({ type: 'status', status: network.status() })
}

/** The worker's side. */
export function remoteNetwork(port: MessagePort): Network {
  return new RemoteNetwork(port)
}

class RemoteLane implements Lane {
  readonly id: LaneId
  readonly peerId: PeerId
  readonly localPeerId: PeerId
  readonly protocol: LaneProtocol
  readonly direction: 'inbound' | 'outbound'
  readonly foreign: boolean
  readonly isExcess: boolean
  kind: ConnectionKind
  onChunk: (chunk: Uint8Array) => void = () => undefined
  onDrain: () => void = () => undefined
  onClose: (error?: Error) => void = () => undefined
  readonly #post: (message: ToPage, transfer?: Transferable[]) => void
  #underWay = 0
  #blocked = false

  constructor(facts: LaneFacts, post: (message: ToPage, transfer?: Transferable[]) => void) {
    this.id = facts.id
    this.peerId = facts.peerId
    this.localPeerId = facts.localPeerId
    this.protocol = facts.protocol
    this.direction = facts.direction
    this.foreign = facts.foreign ?? false
    this.isExcess = facts.isExcess ?? false
    this.kind = facts.kind
    this.#post = post
  }

  send(chunk: Uint8Array): boolean {
    const given = handOver(chunk)
    this.#underWay += given.chunk.byteLength
    this.#post({ type: 'send', lane: this.id, chunk: given.chunk }, given.transfer)
    if (this.#underWay >= bridgeBytesMax) this.#blocked = true
    return !this.#blocked
  }

  taken(bytes: number): void {
    this.#underWay -= bytes
    if (!this.#blocked || this.#underWay > bridgeBytesMax / 2) return
    this.#blocked = false
    this.onDrain()
  }

  close(lost = false): void {
    this.#post({ type: 'close', lane: this.id, lost })
  }
}

class RemoteNetwork implements Network {
  readonly #port: MessagePort
  readonly #lanes = new Map<LaneId, RemoteLane>()
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>()
  #status: NetworkStatus = { relays: [], webrtc: true }
  #lastAsk = 0
  onStatus: (status: NetworkStatus) => void = () => undefined
  onSelfRecord: () => void = () => undefined
  onLane: (lane: Lane) => void = () => undefined
  onDirect: (peerId: PeerId) => void = () => undefined

  constructor(port: MessagePort) {
    this.#port = port
    port.onmessage = ({ data }: MessageEvent<ToWorker>) => this.#receive(data)
  }

  async start(): Promise<void> {
    await this.#ask('start')
  }

  async stop(): Promise<void> {
    await this.#ask('stop')
  }

  status(): NetworkStatus {
    return this.#status
  }

  async selfRecord(): Promise<Uint8Array | undefined> {
    return (await this.#ask('record')) as Uint8Array | undefined
  }

  async connect(record: Uint8Array, { signal, ...wish }: ConnectOptions): Promise<Lane> {
    signal.throwIfAborted()
    const id = ++this.#lastAsk
    const abort = () => this.#post({ type: 'abort', id })
    signal.addEventListener('abort', abort)
    try {
      const waiting = this.#wait(id)
      this.#post({ type: 'connect', id, record, wish })
      return (await waiting) as Lane
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }

  addRelay(url: string): void {
    this.#post({ type: 'relay', url })
  }

  addSpares(spares: readonly NamedRelay[]): void {
    this.#post({ type: 'spares', spares })
  }

  nudge(): void {
    this.#post({ type: 'nudge' })
  }

  #receive(message: ToWorker): void {
    switch (message.type) {
      case 'answer':
        this.#settle(message.id)?.resolve(this.#adopted(message.value))
        break
      case 'failure':
        this.#settle(message.id)?.reject(new ReportedError(message.report))
        break
      case 'status':
        this.#status = message.status
        this.onStatus(message.status)
        break
      case 'record-changed':
        this.onSelfRecord()
        break
      case 'direct':
        this.onDirect(message.peerId)
        break
      case 'lane':
        this.onLane(this.#adopt(message.lane))
        break
      case 'kind':
        this.#update(message.lane, (lane) => (lane.kind = message.kind))
        break
      case 'chunk':
        this.#update(message.lane, (lane) => lane.onChunk(message.chunk))
        break
      case 'taken':
        this.#update(message.lane, (lane) => lane.taken(message.bytes))
        break
      case 'closed':
        this.#update(message.lane, (lane) => {
          this.#lanes.delete(lane.id)
          lane.onClose()
        })
    }
  }

  /** An answer that describes a lane becomes that lane, at once: its first chunks follow in the next messages. */
  #adopted(value: unknown): unknown {
    return typeof value === 'object' && value !== null && 'protocol' in value ? this.#adopt(value as LaneFacts) : value
  }

  #adopt(facts: LaneFacts): RemoteLane {
    const lane = new RemoteLane(facts, (message, transfer) => this.#post(message, transfer))
    this.#lanes.set(lane.id, lane)
    return lane
  }

  #update(id: LaneId, change: (lane: RemoteLane) => void): void {
    const lane = this.#lanes.get(id)
    if (lane) change(lane)
  }

  #ask(what: 'start' | 'stop' | 'record'): Promise<unknown> {
    const id = ++this.#lastAsk
    const waiting = this.#wait(id)
    this.#post({ type: 'ask', id, what })
    return waiting
  }

  #wait(id: number): Promise<unknown> {
    const waiting = Promise.withResolvers<unknown>()
    this.#waiting.set(id, waiting)
    return waiting.promise
  }

  #settle(id: number): PromiseWithResolvers<unknown> | undefined {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    return waiting
  }

  #post(message: ToPage, transfer: Transferable[] = []): void {
    this.#port.postMessage(message, transfer)
  }
}
