import type { TabGround } from '../../src/engine/tabs.ts'

type Take = (lock: object | null) => unknown

interface Waiting {
  readonly take: Take
  readonly reject: (error: Error) => void
  readonly resolve: () => void
}

interface Held extends Waiting {
  isLost: boolean
}

const aborted = () => new DOMException('The lock is not to be had.', 'AbortError')

/** The locks and the channel of one origin, as a browser gives them to its tabs. */
export class FakeOrigin {
  readonly #queues = new Map<string, Waiting[]>()
  readonly #held = new Map<string, Held>()
  readonly #channels = new Set<FakeChannel>()
  /** Everything that was said, in order. */
  readonly said: { readonly type: string }[] = []

  /** What one tab gets of it; `end` is what a browser does when the tab crashes. */
  tab(): { readonly ground: TabGround; end(): void; freeze(): void; thaw(): void } {
    const ends = new AbortController()
    const channel = new FakeChannel(this.said, this.#channels)
    const request = (name: string, options: LockOptions, take: Take) => this.#request(name, options, take, ends.signal)
    return {
      ground: { locks: { request } as TabGround['locks'], channel },
      end: () => {
        channel.close()
        ends.abort()
      },
      freeze: () => (channel.isFrozen = true),
      thaw: () => channel.thaw()
    }
  }

  holds(name: string): boolean {
    return this.#held.has(name)
  }

  #request(name: string, { signal, steal, ifAvailable }: LockOptions, take: Take, ends: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (ends.aborted) return
      if (ifAvailable && this.#held.has(name)) return resolve(void take(null))
      const waiting: Waiting = { take, resolve, reject }
      const queue = this.#queues.get(name) ?? []
      this.#queues.set(name, queue)
      const leave = () => {
        if (queue.includes(waiting)) queue.splice(queue.indexOf(waiting), 1)
      }
      signal?.addEventListener('abort', () => {
        if (queue.includes(waiting)) reject(aborted())
        leave()
      })
      ends.addEventListener('abort', () => {
        leave()
        if (this.#held.get(name)?.take === take) this.#release(name)
      })
      if (steal) {
        const before = this.#held.get(name)
        this.#held.delete(name)
        before?.reject(aborted())
        queue.unshift(waiting)
      } else queue.push(waiting)
      this.#grant(name)
    })
  }

  #grant(name: string): void {
    if (this.#held.has(name)) return
    const next = this.#queues.get(name)!.shift()
    if (!next) return
    const held = { ...next, isLost: false }
    this.#held.set(name, held)
    queueMicrotask(() => {
      void Promise.resolve(next.take({})).then(() => {
        if (this.#held.get(name) !== held) return
        this.#release(name)
        next.resolve()
      })
    })
  }

  #release(name: string): void {
    this.#held.delete(name)
    this.#grant(name)
  }
}

/** Delivers copies, in order, in a later turn. */
class FakeChannel {
  onmessage: ((event: MessageEvent) => void) | null = null
  isFrozen = false
  readonly #missed: unknown[] = []
  readonly #said: { readonly type: string }[]
  readonly #all: Set<FakeChannel>

  constructor(said: { readonly type: string }[], all: Set<FakeChannel>) {
    this.#said = said
    this.#all = all
    all.add(this)
  }

  postMessage(message: { readonly type: string }): void {
    if (!this.#all.has(this)) return
    this.#said.push(message)
    for (const other of this.#all) if (other !== this) other.deliver(structuredClone(message))
  }

  deliver(message: unknown): void {
    if (this.isFrozen) return void this.#missed.push(message)
    setTimeout(() => this.#all.has(this) && this.onmessage?.({ data: message } as MessageEvent))
  }

  thaw(): void {
    this.isFrozen = false
    for (const message of this.#missed.splice(0)) this.deliver(message)
  }

  close(): void {
    this.#all.delete(this)
  }
}
