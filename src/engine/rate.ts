/** What came longer ago counts for no rate. */
export const rateWindowMs = 3_000

/** Bytes a second over the last few seconds. */
export class RateMeter {
  readonly #windowMs: number
  #samples: { atMs: number; bytes: number }[] = []

  constructor(windowMs = rateWindowMs) {
    this.#windowMs = windowMs
  }

  add(nowMs: number, bytes: number): void {
    const last = this.#samples.at(-1)
    if (last && nowMs - last.atMs < 50) last.bytes += bytes
    else this.#samples.push({ atMs: nowMs, bytes })
    this.#forget(nowMs)
  }

  /** Over the window, or over the time since the first sample when that is shorter. */
  bytesPerSecond(nowMs: number): number {
    this.#forget(nowMs)
    if (this.#samples.length === 0) return 0
    const bytes = this.#samples.reduce((sum, sample) => sum + sample.bytes, 0)
    const spanMs = Math.max(500, nowMs - this.#samples[0]!.atMs)
    return (bytes / spanMs) * 1000
  }

  #forget(nowMs: number): void {
    while (this.#samples.length > 0 && nowMs - this.#samples[0]!.atMs > this.#windowMs) this.#samples.shift()
  }
}
