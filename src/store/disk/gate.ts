interface Epoch {
  inside: number
  readonly left: PromiseWithResolvers<void>
  readonly before: Promise<void>
}

/** Tells when everybody who is inside now has left, while others keep coming. */
export class Gate {
  #epoch: Epoch = { inside: 0, left: Promise.withResolvers(), before: Promise.resolve() }

  /** Runs `work` inside. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    const epoch = this.#epoch
    epoch.inside++
    try {
      return await work()
    } finally {
      epoch.inside--
      if (epoch !== this.#epoch && epoch.inside === 0) epoch.left.resolve()
    }
  }

  /** Resolves when all who are inside now have left. */
  drained(): Promise<void> {
    const epoch = this.#epoch
    if (epoch.inside === 0) epoch.left.resolve()
    const drained = Promise.all([epoch.before, epoch.left.promise]).then(() => undefined)
    this.#epoch = { inside: 0, left: Promise.withResolvers(), before: drained }
    return drained
  }
}
