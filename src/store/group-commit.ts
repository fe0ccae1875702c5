/**
 * Makes durable in one go what several callers wrote meanwhile: while one commit is under way, entries gather for the
 * next, so that many writes share one flush of the disk.
 */
export class GroupCommit<T> {
  readonly #commit: (entries: readonly T[]) => Promise<void>
  #waiting: { entry: T; outcome: PromiseWithResolvers<void> }[] = []
  #running: Promise<void> | undefined

  constructor(commit: (entries: readonly T[]) => Promise<void>) {
    this.#commit = commit
  }

  /** Resolves when a commit that has the entry is through; rejects with what that commit threw. */
  add(entry: T): Promise<void> {
    const outcome = Promise.withResolvers<void>()
    this.#waiting.push({ entry, outcome })
    this.#running ??= this.#run()
    return outcome.promise
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    await this.#running
  }

  async #run(): Promise<void> {
    // Callers of this very turn share the first commit.
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const batch = this.#waiting
      this.#waiting = []
      try {
        await this.#commit(batch.map(({ entry }) => entry))
        for (const { outcome } of batch) outcome.resolve()
      } catch (thrown) {
        for (const { outcome } of batch) outcome.reject(thrown)
      }
    }
    this.#running = undefined
  }
}
