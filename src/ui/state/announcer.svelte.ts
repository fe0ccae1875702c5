import { reportOf } from '../../core/errors.ts'
import { wordsOfError } from '../words.ts'

const restMs = 5_000
const toastMs = 6_000
const renewMs = 50

/** Speaks to screen readers, at most one polite sentence in five seconds, and shows short notes. */
export class Announcer {
  #polite = $state('')
  #urgent = $state('')
  #toast = $state('')
  #lastAtMs = -restMs
  #pending = ''
  #timer: ReturnType<typeof setTimeout> | undefined
  #toastTimer: ReturnType<typeof setTimeout> | undefined

  get polite(): string {
    return this.#polite
  }

  get urgent(): string {
    return this.#urgent
  }

  get toast(): string {
    return this.#toast
  }

  /** The newest sentence wins while the region rests. */
  say(text: string): void {
    this.#pending = text
    if (this.#timer !== undefined) return
    const waitMs = Math.max(0, this.#lastAtMs + restMs - performance.now())
    this.#timer = setTimeout(() => this.#speak(), waitMs)
  }

  /** Interrupts: a wrong key, a failed save. */
  interrupt(text: string): void {
    // The same words once more are read only if they are new to the region.
    this.#urgent = ''
    setTimeout(() => (this.#urgent = text), renewMs)
  }

  /** A note on the screen, read out at once. */
  note(text: string): void {
    this.#toast = text
    clearTimeout(this.#toastTimer)
    this.#toastTimer = setTimeout(() => (this.#toast = ''), toastMs)
  }

  /** A note of what went wrong, and of what to do about it. */
  noteFailure(thrown: unknown): void {
    const { title, line } = wordsOfError(reportOf(thrown))
    this.note(`${title}. ${line}`)
  }

  #speak(): void {
    this.#timer = undefined
    this.#lastAtMs = performance.now()
    this.#polite = this.#pending
  }
}
