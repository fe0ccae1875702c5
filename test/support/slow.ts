const never = new Promise<never>(() => undefined)

/**
 * The same store or catalog, which takes its time: calls take place in their order, each after a while, and none after the
 * end of the program that made it. It stays when that closes it.
 */
export function slow<T extends object>(whole: T, ends: AbortSignal, luck: () => number): T {
  let before: Promise<unknown> = Promise.resolve()
  const call = async (work: () => unknown): Promise<unknown> => {
    const delayMs = luck() < 0.3 ? luck() * 4 : 0
    // Time: that a store takes some is what is played here.
    const turn = before.then(() => (delayMs > 0 ? new Promise((resolve) => setTimeout(resolve, delayMs)) : undefined))
    // Whoever comes next waits for the turn, and not for what comes of it.
    before = turn
    await turn
    if (ends.aborted) return never
    const result = await work()
    return ends.aborted ? never : result
  }
  return new Proxy(whole, {
    get: (target, name) => {
      const value = Reflect.get(target, name) as unknown
      if (name === 'close') return async () => undefined
      if (typeof value !== 'function') return value
      return (...given: unknown[]) => call(() => Reflect.apply(value, target, given))
    }
  })
}
