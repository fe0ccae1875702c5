import { parseLink } from '../../src/core/link/link.ts'
import type { ItemView } from '../../src/engine/types.ts'
import type { RestlessTab } from './restless-browser.ts'

// Time: people do things at any moment, which is no event that could be waited for.
export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
export const isWhole = ({ state }: ItemView) => state === 'sharing' || state === 'complete'
export const cidOf = ({ link }: ItemView) => link && parseLink(link).manifestCid

/** What people asked their tabs for, and whether it came to an end. */
export class Calls {
  /** What failed otherwise than it may. */
  readonly faults: string[] = []
  readonly #mayFail: readonly string[]
  readonly #under = new Map<Promise<void>, RestlessTab>()

  constructor(mayFail: readonly string[]) {
    this.#mayFail = mayFail
  }

  make(tab: RestlessTab, what: string, work: Promise<unknown>): void {
    const done = work.then(
      () => undefined,
      (error: Error & { code?: string }) => {
        if (!this.#mayFail.includes(error.code ?? '')) this.faults.push(`${tab.name}: ${what}: ${error.stack}`)
      }
    )
    this.#under.set(done, tab)
  }

  /** Those of a tab that is gone are heard of no more. */
  async settle(): Promise<void> {
    for (const [done, { ends }] of this.#under) {
      if (ends.signal.aborted) continue
      const gone = new Promise<void>((resolve) => ends.signal.addEventListener('abort', () => resolve()))
      await Promise.race([done, gone])
    }
    this.#under.clear()
    await pause(200) // views are told at most so often
  }
}
