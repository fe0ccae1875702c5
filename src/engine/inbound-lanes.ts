import { decodeFrame, encodeFrame, frameBytesMaxOf } from '../core/exchange/codec.ts'
import { FrameReader } from '../core/exchange/frame-reader.ts'
import type { Frame } from '../core/exchange/types.ts'
import { helloBytesMax, helloTimeoutMs } from '../core/limits.ts'
import type { SwarmId } from '../core/ids.ts'
import type { Lane } from '../network/types.ts'
import type { EngineParts, KeeperPart } from './parts.ts'
import type { SwarmDriver } from './swarm-driver.ts'

/** What was read of a lane before its data set was there. */
interface Begun {
  readonly reader: FrameReader
  readonly frames: readonly Frame[]
}

/** What is known of a lane that is given to a data set: what was read of an inbound one, the number of a further one. */
export interface BegunLane extends Partial<Begun> {
  readonly number?: number
}

export interface InboundHost {
  find(swarmId: SwarmId): { driver(): SwarmDriver } | undefined
  /** Takes up one that is not in memory. */
  wake?: (swarmId: SwarmId) => Promise<{ driver(): SwarmDriver } | undefined>
}

/** Reads the first message of a lane that a peer opened and hands the lane to the data set it asks for. [EX9] Offers go to the keeper. */
export class InboundLanes {
  readonly #parts: Pick<EngineParts, 'timers' | 'log'>
  readonly #host: InboundHost
  readonly #keeper: KeeperPart | undefined

  constructor(parts: Pick<EngineParts, 'timers' | 'log'>, host: InboundHost, keeper?: KeeperPart) {
    this.#parts = parts
    this.#host = host
    this.#keeper = keeper
  }

  accept(lane: Lane): void {
    if (lane.isExcess) return this.#turnAway(lane)
    if (lane.protocol === '/quire/keep/1') return this.#keeper ? this.#keeper.accept(lane) : lane.close()
    const frames: Frame[] = []
    // A stranger's first message is a hello: whatever claims to be longer is refused by its head.
    const reader = new FrameReader((type) => (frames.length > 0 ? frameBytesMaxOf(type) : helloBytesMax))
    const cancel = this.#parts.timers.after(helloTimeoutMs, () => lane.close())
    lane.onClose = cancel
    lane.onChunk = (chunk) => {
      const isGreeted = frames.length > 0
      try {
        for (const raw of reader.push(chunk)) frames.push(decodeFrame(raw))
        if (frames.length === 0) return
        cancel()
        // Who greeted waits for the answer (EX5): nothing that comes while its data set is taken up has to be held.
        if (isGreeted) return refuse(lane, 'protocol')
        this.#greet(lane, { reader, frames })
      } catch {
        this.#parts.log('lane-refused')
        cancel()
        lane.close()
      }
    }
  }

  #turnAway(lane: Lane): void {
    this.#parts.log('lane-refused', { code: 'too-many' })
    if (lane.protocol === '/quire/exchange/1') refuse(lane, 'too-many')
    else lane.close()
  }

  #greet(lane: Lane, begun: Begun): void {
    const [hello] = begun.frames
    if (hello?.type !== 'hello') return refuse(lane, 'protocol')
    const item = this.#host.find(hello.swarmId) ?? this.#keeper?.find(hello.swarmId)
    if (item) item.driver().addLane(lane, begun)
    else if (this.#host.wake) void this.#addWoken(lane, begun, this.#host.wake(hello.swarmId))
    else refuse(lane, 'unknown-swarm')
  }

  async #addWoken(lane: Lane, begun: Begun, waking: Promise<{ driver(): SwarmDriver } | undefined>): Promise<void> {
    let isClosed = false
    lane.onClose = () => (isClosed = true)
    const item = await waking.catch(() => undefined)
    if (isClosed) return
    if (item) item.driver().addLane(lane, begun)
    else refuse(lane, 'unknown-swarm')
  }
}

function refuse(lane: Lane, code: 'unknown-swarm' | 'protocol' | 'too-many'): void {
  lane.send(encodeFrame({ type: 'bye', code }))
  lane.close()
}
