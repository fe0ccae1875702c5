import type { PeerId } from '../core/ids.ts'
import { copyHeardMs } from '../core/limits.ts'
import type { TrackedPeer } from '../core/tracker/types.ts'
import { Alarm } from './alarm.ts'
import type { Timers } from './watch.ts'

/** Other full copies: of peers that are connected, and of holders that a tracker told of lately. */
export class Copies {
  readonly #timers: Timers
  readonly #onChange: () => void
  readonly #untilMs = new Map<PeerId, number>()
  readonly #expiry: Alarm

  constructor(timers: Timers, onChange: () => void) {
    this.#timers = timers
    this.#onChange = onChange
    this.#expiry = new Alarm(timers)
  }

  heard(peers: readonly TrackedPeer[]): void {
    const untilMs = this.#timers.nowMs() + copyHeardMs
    for (const { peerId, holder } of peers) if (holder) this.#untilMs.set(peerId, untilMs)
    this.#changed()
  }

  count(connected: readonly PeerId[]): number {
    return new Set([...connected, ...this.#untilMs.keys()]).size
  }

  close(): void {
    this.#expiry.cancel()
  }

  #changed(): void {
    for (const [peerId, untilMs] of this.#untilMs) if (untilMs <= this.#timers.nowMs()) this.#untilMs.delete(peerId)
    this.#expiry.setAtMs(Math.min(Infinity, ...this.#untilMs.values()), () => this.#changed())
    this.#onChange()
  }
}
