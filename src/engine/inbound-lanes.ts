import { decodeFrame, encodeFrame, frameBytesMaxOf } from '../core/exchange/codec.ts'
import { FrameReader } from '../core/exchange/frame-reader.ts'
import type { Frame } from '../core/exchange/types.ts'
import { helloTimeoutMs } from '../core/limits.ts'
import type { SwarmId } from '../core/ids.ts'
import type { Lane } from '../network/types.ts'
import type { EngineParts, KeeperPart } from './parts.ts'
import type { SwarmDriver } from './swarm-driver.ts'

/** Reads the first message of a lane that a peer opened and hands the lane to the data set it asks for. [EX9] Offers go to the keeper. */
export class InboundLanes {
  readonly #parts: Pick<EngineParts, 'timers' | 'log'>
  readonly #find: (swarmId: SwarmId) => { driver(): SwarmDriver } | undefined
  readonly #keeper: KeeperPart | undefined

  constructor(
    parts: Pick<EngineParts, 'timers' | 'log'>,
    find: (swarmId: SwarmId) => { driver(): SwarmDriver } | undefined,
    keeper?: KeeperPart
  ) {
    this.#parts = parts
    this.#find = (swarmId) => find(swarmId) ?? keeper?.find(swarmId)
    this.#keeper = keeper
  }

  accept(lane: Lane): void {
    if (lane.protocol === '/quire/keep/1') return this.#keeper ? this.#keeper.accept(lane) : lane.close()
    const reader = new FrameReader(frameBytesMaxOf)
    const cancel = this.#parts.timers.after(helloTimeoutMs, () => lane.close())
    lane.onClose = cancel
    lane.onChunk = (chunk) => {
      try {
        const frames: Frame[] = []
        for (const raw of reader.push(chunk)) frames.push(decodeFrame(raw))
        const hello = frames[0]
        if (!hello) return
        cancel()
        const item = hello.type === 'hello' ? this.#find(hello.swarmId) : undefined
        if (item) return item.driver().addLane(lane, { reader, frames })
        lane.send(encodeFrame({ type: 'bye', code: hello.type === 'hello' ? 'unknown-swarm' : 'protocol' }))
        lane.close()
      } catch {
        this.#parts.log('lane-refused')
        cancel()
        lane.close()
      }
    }
  }
}
