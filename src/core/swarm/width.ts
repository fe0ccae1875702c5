import { widthBeginMs } from '../limits.ts'

/** When sessions are looked at that have begun to fetch: all of them together. */
export const nextBeginMs = (nowMs: number): number => (Math.floor(nowMs / widthBeginMs) + 1) * widthBeginMs

/** How wide a session is, and whether it pays: what `Widening` remembers of it. */
export class Width {
  /** Numbers of lanes that are being opened. */
  readonly opening = new Set<number>()
  /** Lanes that were added and have to show that they carry more. */
  trial: { readonly lanesBefore: number; readonly paceBefore: number; looksLeft: number } | undefined
  /** The shortest time from a question to the first of its answer. */
  roundTripMs = Infinity
  restUntilMs = -Infinity
  failures = 0
  /** The last look; none yet: undefined. */
  looked: { readonly atMs: number; readonly receivedBytes: number } | undefined
  /** Nothing is asked: Infinity. */
  lookAtMs = Infinity

  answeredIn(tookMs: number): void {
    this.roundTripMs = Math.min(this.roundTripMs, tookMs)
  }
}
