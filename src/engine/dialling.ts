import type { Lane, LaneWish } from '../network/types.ts'
import type { EngineParts } from './parts.ts'

/** Opens lanes for a machine, which decides what becomes of failures. */
export class Dialling {
  readonly #parts: Pick<EngineParts, 'network' | 'log'>
  readonly #stopping = new AbortController()

  constructor(parts: Pick<EngineParts, 'network' | 'log'>) {
    this.#parts = parts
  }

  /** Undefined: it could not be reached. */
  async lane(record: Uint8Array, wish: LaneWish): Promise<Lane | undefined> {
    try {
      return await this.#parts.network.connect(record, { ...wish, signal: this.#stopping.signal })
    } catch (error) {
      this.#parts.log('connect-failed', { message: error instanceof Error ? error.message : String(error) })
      return undefined
    }
  }

  stop(): void {
    this.#stopping.abort()
  }
}
