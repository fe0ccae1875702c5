/** Windows that stand in a ring; what is further ahead waits in order. */
const windowsAhead = 1024

/** One that things happen to, such as a peer. */
export class Timeline {
  readonly #events: Events
  /** What is to happen to it in the window that is open, gathered when that opens. */
  readonly due: Happening[] = []

  constructor(events: Events) {
    this.#events = events
  }

  after(delayMs: number, run: () => void): void {
    this.#events.after(delayMs, run, this)
  }

  at(atMs: number, run: () => void): void {
    this.#events.at(atMs, run, this)
  }
}

/**
 * What is to happen, by time. To each timeline things happen in the order of their times, those of the same moment in
 * that in which they were set. Time is cut into windows, and in each of them one timeline after the other has all that
 * happens to it, whatever the times of the others: nothing that one does to another is felt before the window ends,
 * since no way is shorter. So of thousands of peers one at a time is in the processor's caches. What concerns several,
 * such as a connection, happens to nobody: between two windows, when all of them have the same time.
 */
export class Events {
  nowMs = 0
  /** Events that have happened. */
  count = 0
  readonly #windowMs: number
  /** Windows to come, each at its place in the ring, their events in no order. */
  readonly #ring: Happening[][] = Array.from({ length: windowsAhead }, () => [])
  readonly #far = new Heap()
  /** What happens to nobody in this window or before it. */
  readonly #between = new Heap()
  /** What happens to the one whose turn it is, in this window. */
  readonly #turn = new Heap()
  #whose: Timeline | undefined
  #inRing = 0
  #window = 0
  #lastSet = 0

  /** Nothing takes less than a window, in ms, from one timeline to another. */
  constructor(windowMs: number) {
    this.#windowMs = windowMs
  }

  after(delayMs: number, run: () => void, whose?: Timeline): void {
    this.at(this.nowMs + delayMs, run, whose)
  }

  at(atMs: number, run: () => void, whose?: Timeline): void {
    this.#put({ atMs: Math.max(atMs, this.nowMs), set: ++this.#lastSet, run, whose })
  }

  /** Lets the next window pass in which something happens, if it begins by then; returns whether there was one. */
  step(untilMs = Infinity): boolean {
    const next = this.#nextWindow()
    if (next === undefined || next * this.#windowMs > untilMs) return false
    this.#open(next)
    this.#window++
    this.#happenAll(this.#between, this.#window * this.#windowMs)
    return true
  }

  /** Lets time pass up to the end of a window. */
  pass(durationMs: number): void {
    const end = Math.ceil((this.nowMs + durationMs) / this.#windowMs)
    for (let next = this.#nextWindow(); next !== undefined && next < end; next = this.#nextWindow()) this.step()
    this.#window = end
    this.nowMs = end * this.#windowMs
  }

  #put(event: Happening): void {
    const window = this.#windowOf(event)
    const isLater = this.#whose ? window > this.#window : event.whose !== undefined || event.atMs > this.nowMs
    if (window >= this.#window + windowsAhead) return this.#far.push(event)
    if (isLater) {
      this.#ring[window % windowsAhead]!.push(event)
      this.#inRing++
    } else if (!event.whose) this.#between.push(event)
    else if (event.whose === this.#whose) this.#turn.push(event)
    else throw new Error(`something reaches another in less than ${this.#windowMs} ms`)
  }

  #windowOf({ atMs }: Happening): number {
    return Math.max(Math.floor(atMs / this.#windowMs), this.#window)
  }

  #nextWindow(): number | undefined {
    if (this.#between.first) return this.#window
    const far = this.#far.first && this.#windowOf(this.#far.first)
    if (this.#inRing === 0) return far
    let window = this.#window
    while (window !== far && this.#ring[window % windowsAhead]!.length === 0) window++
    return window
  }

  /** One after the other has all that happens to it in a window. */
  #open(window: number): void {
    this.#window = window
    while (this.#far.first && this.#windowOf(this.#far.first) < window + windowsAhead)
      this.#put(this.#far.removeFirst())
    const all = this.#ring[window % windowsAhead]!
    const turns: Timeline[] = []
    for (const event of all) {
      const { whose } = event
      if (!whose) this.#between.push(event)
      else if (whose.due.push(event) === 1) turns.push(whose)
    }
    this.#inRing -= all.length
    all.length = 0
    for (const whose of turns) {
      this.#whose = whose
      for (const event of whose.due) this.#turn.push(event)
      whose.due.length = 0
      this.#happenAll(this.#turn)
    }
    this.#whose = undefined
  }

  /** At the time of each, or all at one. */
  #happenAll(events: Heap, atMs?: number): void {
    for (let next = events.first; next; next = events.first) {
      events.removeFirst()
      this.nowMs = atMs ?? next.atMs
      this.count++
      next.run()
    }
    if (atMs !== undefined) this.nowMs = atMs
  }
}

interface Happening {
  readonly atMs: number
  /** Which of all it was to be set. */
  readonly set: number
  readonly run: () => void
  readonly whose: Timeline | undefined
}

/** The first of those in it is at its top. */
class Heap {
  readonly #all: Happening[] = []

  get first(): Happening | undefined {
    return this.#all[0]
  }

  push(event: Happening): void {
    const all = this.#all
    let place = all.length
    while (place > 0) {
      const parent = (place - 1) >> 1
      if (!isBefore(event, all[parent]!)) break
      all[place] = all[parent]!
      place = parent
    }
    all[place] = event
  }

  removeFirst(): Happening {
    const all = this.#all
    const first = all[0]!
    const last = all.pop()!
    const size = all.length
    if (size === 0) return first
    let place = 0
    for (;;) {
      let child = 2 * place + 1
      if (child >= size) break
      if (child + 1 < size && isBefore(all[child + 1]!, all[child]!)) child++
      if (isBefore(last, all[child]!)) break
      all[place] = all[child]!
      place = child
    }
    all[place] = last
    return first
  }
}

const isBefore = (one: Happening, other: Happening): boolean =>
  one.atMs < other.atMs || (one.atMs === other.atMs && one.set < other.set)
