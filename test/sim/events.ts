/** Events of one millisecond stand together, so that of the many that are set only the nearest are kept in order. */
const slotsAhead = 1024

/** What is to happen, by time. Events of the same moment happen in the order in which they were set. */
export class Events {
  nowMs = 0
  /** Events that have happened. */
  count = 0
  /** Events of this millisecond and before: the only ones that are sorted but for those far ahead. */
  readonly #near = new Heap()
  /** Events of the milliseconds after it, each at its place in the ring, in no order. */
  readonly #ring: Happening[][] = Array.from({ length: slotsAhead }, () => [])
  readonly #far = new Heap()
  #inRing = 0
  #slot = 0
  #lastTurn = 0

  get size(): number {
    return this.#near.size + this.#inRing + this.#far.size
  }

  after(delayMs: number, run: () => void): void {
    this.at(this.nowMs + delayMs, run)
  }

  at(atMs: number, run: () => void): void {
    this.#put({ atMs: Math.max(atMs, this.nowMs), turn: ++this.#lastTurn, run })
  }

  /** Lets the next event happen; returns whether there was one by then. */
  step(untilMs = Infinity): boolean {
    const next = this.#near.first ?? this.#advance()
    if (next === undefined || next.atMs > untilMs) return false
    this.#near.removeFirst()
    this.nowMs = next.atMs
    this.count++
    next.run()
    return true
  }

  #put(event: Happening): void {
    const ahead = Math.floor(event.atMs) - this.#slot
    if (ahead <= 0) return this.#near.push(event)
    if (ahead >= slotsAhead) return this.#far.push(event)
    this.#ring[Math.floor(event.atMs) % slotsAhead]!.push(event)
    this.#inRing++
  }

  /** Goes on to the next millisecond in which something is to happen; gives the first of it. */
  #advance(): Happening | undefined {
    while (this.#near.size === 0) {
      if (this.#inRing > 0) this.#slot++
      else if (this.#far.first) this.#slot = Math.floor(this.#far.first.atMs)
      else return undefined
      while (this.#far.first && Math.floor(this.#far.first.atMs) - this.#slot < slotsAhead)
        this.#put(this.#far.removeFirst())
      const slot = this.#ring[this.#slot % slotsAhead]!
      this.#inRing -= slot.length
      for (const event of slot) this.#near.push(event)
      slot.length = 0
    }
    return this.#near.first
  }
}

interface Happening {
  readonly atMs: number
  /** In which it was set. */
  readonly turn: number
  readonly run: () => void
}

/** The first of those in it is at its top. */
class Heap {
  readonly #all: Happening[] = []

  get size(): number {
    return this.#all.length
  }

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
  one.atMs < other.atMs || (one.atMs === other.atMs && one.turn < other.turn)
