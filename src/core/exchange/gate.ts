import { helloTimeoutMs } from '../limits.ts'
import { BadFrame, Stalled } from './errors.ts'
import type { QuireError } from '../errors.ts'
import type { SwarmId } from '../ids.ts'
import type { ByeCode, Frame } from './types.ts'

/** Where a lane that a peer opened belongs: to a swarm, which is then given the hello too, or nowhere. */
export type GateVerdict =
  { type: 'route'; swarmId: SwarmId } | { type: 'refuse'; bye: ByeCode; error: QuireError } | { type: 'wait' }

/**
 * Stands before an inbound lane until its first frame says which swarm it is for. Whether the peer may take part is
 * for that swarm to check. [EX5] [EX9]
 */
export class Gate {
  readonly #untilMs: number

  constructor(openedAtMs: number) {
    this.#untilMs = openedAtMs + helloTimeoutMs
  }

  /** When the verdict of silence is due. */
  wakeAtMs(): number {
    return this.#untilMs
  }

  /** `frame`: the first of the lane, or undefined while there is none. */
  judge(nowMs: number, frame: Frame | undefined): GateVerdict {
    if (frame?.type === 'hello') return { type: 'route', swarmId: frame.swarmId }
    if (frame) return { type: 'refuse', bye: 'protocol', error: new BadFrame('it did not begin with a greeting') }
    if (nowMs >= this.#untilMs) return { type: 'refuse', bye: 'stalled', error: new Stalled() }
    return { type: 'wait' }
  }
}
