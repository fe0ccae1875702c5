import type { Connection, Libp2p, PrivateKey, Stream } from '@libp2p/interface'
import { lpStream } from '@libp2p/utils'
import {
  circuitMessageBytesMax,
  circuitRequestBurst,
  circuitRequestMs,
  circuitRequestsPerSecond,
  circuitSweepMs,
  circuitTurnMs,
  circuitsPerPeerMax,
  directAheadBytesMax,
  relayCircuitBytesMax,
  relayCircuitMsMax,
  relayCircuitsMax,
  relayReservationsMax,
  relayReservationsPerAddressMax,
  relayReservationTtlMs
} from '../../src/core/limits.ts'
import { AddressBudgets, AddressCounts } from '../limits/address-budgets.ts'
import { limitKey } from '../limits/addresses.ts'
import type { Refuse } from '../limits/refusals.ts'
import { Circuit, stalledTooLong } from './circuit.ts'
import { FairPace, type PaceLimits } from './fair-pace.ts'
import {
  type CircuitLimit,
  circuitStatus,
  type CircuitStatus,
  decodeHop,
  encodeHopStatus,
  encodeStopConnect,
  hopProtocol,
  isTaken,
  stopProtocol
} from './messages.ts'
import { keyOf, peerKey, Reservations } from './reservations.ts'
import { sealVoucher } from './voucher.ts'

export interface HopOptions {
  readonly privateKey: PrivateKey
  readonly pace: PaceLimits
  readonly refuse: Refuse
  /** What one circuit may carry; by default what `limits.ts` says. */
  readonly circuitBytes?: number
}

type HopStream = ReturnType<typeof lpStream<Stream>>

/** Circuit relay v2: reservations, and circuits between those who are connected to this relay. SPEC.md has the limits. */
export class HopService {
  readonly #options: HopOptions
  readonly #limit: CircuitLimit
  readonly #reservations = new Reservations(relayReservationsMax, relayReservationsPerAddressMax)
  readonly #requests = new AddressBudgets(circuitRequestBurst, circuitRequestsPerSecond)
  readonly #perPeer = new AddressCounts(circuitsPerPeerMax)
  readonly #circuits = new Set<Circuit>()
  readonly #pace: FairPace
  readonly #timers: NodeJS.Timeout[]
  #passedBytes = 0
  #isDraining = false
  #onIdle: () => void = () => undefined

  constructor(options: HopOptions) {
    this.#options = options
    this.#limit = { seconds: relayCircuitMsMax / 1000, bytes: options.circuitBytes ?? relayCircuitBytesMax }
    this.#pace = new FairPace(performance.now(), options.pace)
    this.#timers = [
      setInterval(() => this.#pace.isWaitedFor && this.#pace.turn(performance.now()), circuitTurnMs),
      setInterval(() => this.#sweep(performance.now()), circuitSweepMs)
    ]
    for (const timer of this.#timers) timer.unref()
  }

  async start(node: Libp2p): Promise<void> {
    await node.handle(hopProtocol, (stream, connection) => this.#onHop(stream, connection), {
      maxInboundStreams: circuitsPerPeerMax
    })
  }

  get reservationCount(): number {
    return this.#reservations.size
  }

  get circuitCount(): number {
    return this.#circuits.size
  }

  get heldBytes(): number {
    let bytes = 0
    for (const circuit of this.#circuits) bytes += circuit.heldBytes
    return bytes
  }

  /** Of circuits that ended and of those that are open. */
  get passedBytes(): number {
    let bytes = this.#passedBytes
    for (const circuit of this.#circuits) bytes += circuit.passedBytes
    return bytes
  }

  isReserved(connection: Connection): boolean {
    return this.#reservations.has(connection)
  }

  /** Takes nothing new; resolves when no circuit is left. */
  drain(): Promise<void> {
    this.#isDraining = true
    return new Promise((resolve) => {
      this.#onIdle = resolve
      if (this.#circuits.size === 0) resolve()
    })
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer)
    for (const circuit of this.#circuits) circuit.end('the relay stops')
  }

  async #onHop(stream: Stream, connection: Connection): Promise<void> {
    const signal = AbortSignal.timeout(circuitRequestMs)
    const hop = lpStream(stream, { maxDataLength: circuitMessageBytesMax })
    try {
      const request = decodeHop((await hop.read({ signal })).subarray())
      hold(stream)
      const refused = this.#refusal(connection)
      if (refused) await this.#answer(hop, refused, signal)
      else if (request?.type === 'reserve') await this.#reserve(hop, connection, signal)
      else if (request?.type === 'connect') await this.#connect(hop, connection, request.target, signal)
      else await this.#answer(hop, circuitStatus.malformed, signal)
    } catch (error) {
      stream.abort(error as Error)
    }
  }

  #refusal(connection: Connection): CircuitStatus | undefined {
    if (this.#isDraining) return circuitStatus.reservationRefused
    if (this.#requests.spend(performance.now(), payerOf(connection) ?? peerKey(connection))) return undefined
    this.#options.refuse('circuit-requests', connection)
    return circuitStatus.limitExceeded
  }

  async #answer(hop: HopStream, status: CircuitStatus, signal: AbortSignal): Promise<void> {
    await hop.write(encodeHopStatus(status), { signal })
    await hop.unwrap().close({ signal })
  }

  async #reserve(hop: HopStream, connection: Connection, signal: AbortSignal): Promise<void> {
    const expiresAtMs = performance.now() + relayReservationTtlMs
    if (!this.#reservations.reserve(peerKey(connection), connection, limitKey(addressOf(connection)), expiresAtMs)) {
      this.#options.refuse('reservations', connection)
      return this.#answer(hop, circuitStatus.reservationRefused, signal)
    }
    const expiresAt = Math.round((Date.now() + relayReservationTtlMs) / 1000)
    const voucher = await sealVoucher(this.#options.privateKey, connection.remotePeer, expiresAt)
    await hop.write(encodeHopStatus(circuitStatus.ok, this.#limit, { expiresAt, voucher }), { signal })
    await hop.unwrap().close({ signal })
  }

  async #connect(hop: HopStream, connection: Connection, target: Uint8Array, signal: AbortSignal): Promise<void> {
    const far = this.#reservations.find(keyOf(target), performance.now())
    if (!far) return this.#answer(hop, circuitStatus.noReservation, signal)
    const [nearKey, farKey] = [peerKey(connection), keyOf(target)]
    const isRoom = this.#circuits.size < relayCircuitsMax && this.#perPeer.enter(nearKey)
    if (!isRoom || !this.#perPeer.enter(farKey)) {
      if (isRoom) this.#perPeer.leave(nearKey)
      this.#options.refuse('circuits', connection)
      return this.#answer(hop, circuitStatus.limitExceeded, signal)
    }
    const leave = () => [nearKey, farKey].forEach((key) => this.#perPeer.leave(key))
    const farStream = await this.#stop(far, connection, signal).catch(() => undefined)
    if (!farStream) {
      leave()
      return this.#answer(hop, circuitStatus.connectionFailed, signal)
    }
    try {
      await hop.write(encodeHopStatus(circuitStatus.ok, this.#limit), { signal })
      this.#join(hop.unwrap(), farStream, payerOf(connection) ?? nearKey, leave)
    } catch (error) {
      leave()
      farStream.abort(error as Error)
      throw error
    }
  }

  /** Asks a peer to take a circuit; undefined when it will not. */
  async #stop(far: Connection, near: Connection, signal: AbortSignal): Promise<Stream | undefined> {
    const stream = await far.newStream(stopProtocol, { signal, maxOutboundStreams: circuitsPerPeerMax })
    const stop = lpStream(stream, { maxDataLength: circuitMessageBytesMax })
    try {
      await stop.write(encodeStopConnect(near.remotePeer.toMultihash().bytes, this.#limit), { signal })
      const taken = isTaken((await stop.read({ signal })).subarray())
      hold(stream)
      if (taken) return stop.unwrap()
      await stream.close({ signal })
    } catch (error) {
      stream.abort(error as Error)
    }
    return undefined
  }

  /** @throws where one of them is not there any more */
  #join(near: Stream, far: Stream, payer: string, leave: () => void): void {
    // Who closed before a circuit listened would never be heard of.
    if (near.status !== 'open' || far.status !== 'open') throw new Error('one side left before the circuit began')
    // A data channel knows no pause: what its sender is ahead by is held here.
    for (const stream of [near, far]) stream.maxReadBufferLength = directAheadBytesMax
    const late = setTimeout(() => circuit.end('its time is over'), relayCircuitMsMax)
    const circuit: Circuit = new Circuit(near, far, this.#limit.bytes, {
      now: () => performance.now(),
      takeTurn: (bytes, go) => this.#pace.ask(performance.now(), payer, { bytes, go }),
      onEnd: () => {
        clearTimeout(late)
        leave()
        this.#passedBytes += circuit.passedBytes
        this.#circuits.delete(circuit)
        if (this.#circuits.size === 0) this.#onIdle()
      }
    })
    late.unref()
    this.#circuits.add(circuit)
    circuit.begin()
  }

  #sweep(nowMs: number): void {
    this.#reservations.sweep(nowMs)
    for (const circuit of stalledTooLong(this.#circuits, nowMs)) {
      circuit.end('nobody takes what it holds')
      this.#options.refuse('circuit-stalled')
    }
  }
}

/** What comes before a circuit passes it on waits with its sender, not here. One that has ended has nothing to wait for. */
function hold(stream: Stream): void {
  if (stream.readStatus === 'readable') stream.pause()
}

/** The address of a connection's other end, as the sockets gave it. */
export const addressOf = ({ remoteAddr }: Pick<Connection, 'remoteAddr'>): string =>
  remoteAddr.getComponents().find(({ name }) => name === 'ip4' || name === 'ip6')?.value ?? ''

const payerOf = (connection: Connection): string | undefined => limitKey(addressOf(connection))
