import { slowBytesPerSecond, slowGain, slowLookMs, slowLookMsMax } from '../limits.ts'

/**
 * Whether those that are connected give so little in all that one more is worth a try: it may be their doing, or that of
 * our own line, which only a try can tell. What does not help is tried ever more seldom. [SW10]
 */
export class SlowLook {
  #receivedBytes = 0
  #sinceMs: number | undefined
  #lookMs = slowLookMs
  /** What came a second up to the last look, bytes. */
  #before = 0

  received(blocks: readonly Uint8Array[]): void {
    for (const { length } of blocks) this.#receivedBytes += length
  }

  /** Others are dialled anyway, or nothing is asked: what comes says nothing. */
  reset(): void {
    this.#sinceMs = undefined
    this.#lookMs = slowLookMs
    this.#before = 0
  }

  isSlow(nowMs: number): boolean {
    const spentMs = nowMs - (this.#sinceMs ?? nowMs)
    if (this.#sinceMs === undefined) this.#begin(nowMs)
    if (spentMs < this.#lookMs) return false
    const now = (this.#receivedBytes * 1_000) / spentMs
    const isSlow = now < slowBytesPerSecond
    // Only what was tried can have brought nothing.
    if (isSlow) {
      this.#lookMs = now > slowGain * this.#before ? slowLookMs : Math.min(2 * this.#lookMs, slowLookMsMax)
      this.#before = now
    } else this.reset()
    this.#begin(nowMs)
    return isSlow
  }

  #begin(nowMs: number): void {
    this.#sinceMs = nowMs
    this.#receivedBytes = 0
  }
}
