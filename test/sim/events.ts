/** What is to happen, by time: a binary heap. Events of the same moment happen in the order in which they were set. */
export class Events {
  nowMs = 0
  /** Events that have happened. */
  count = 0
  readonly #times: number[] = []
  readonly #turns: number[] = []
  readonly #runs: (() => void)[] = []
  #lastTurn = 0

  get size(): number {
    return this.#times.length
  }

  after(delayMs: number, run: () => void): void {
    this.at(this.nowMs + delayMs, run)
  }

  at(atMs: number, run: () => void): void {
    let place = this.#times.length
    const time = Math.max(atMs, this.nowMs)
    const turn = ++this.#lastTurn
    while (place > 0) {
      const parent = (place - 1) >> 1
      if (!isBefore(time, turn, this.#times[parent]!, this.#turns[parent]!)) break
      this.#move(parent, place)
      place = parent
    }
    this.#put(place, time, turn, run)
  }

  /** Lets the next event happen; returns whether there was one by then. */
  step(untilMs = Infinity): boolean {
    const time = this.#times[0]
    if (time === undefined || time > untilMs) return false
    const run = this.#runs[0]!
    this.#removeFirst()
    this.nowMs = time
    this.count++
    run()
    return true
  }

  #removeFirst(): void {
    const time = this.#times.pop()!
    const turn = this.#turns.pop()!
    const run = this.#runs.pop()!
    const size = this.#times.length
    if (size === 0) return
    let place = 0
    for (;;) {
      let child = 2 * place + 1
      if (child >= size) break
      const right = child + 1
      if (right < size && isBefore(this.#times[right]!, this.#turns[right]!, this.#times[child]!, this.#turns[child]!))
        child = right
      if (isBefore(time, turn, this.#times[child]!, this.#turns[child]!)) break
      this.#move(child, place)
      place = child
    }
    this.#put(place, time, turn, run)
  }

  #move(from: number, to: number): void {
    this.#times[to] = this.#times[from]!
    this.#turns[to] = this.#turns[from]!
    this.#runs[to] = this.#runs[from]!
  }

  #put(place: number, time: number, turn: number, run: () => void): void {
    this.#times[place] = time
    this.#turns[place] = turn
    this.#runs[place] = run
  }
}

const isBefore = (time: number, turn: number, otherTime: number, otherTurn: number): boolean =>
  time < otherTime || (time === otherTime && turn < otherTurn)
