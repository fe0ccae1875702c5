import { localStorageGet, localStorageSet } from './shell.svelte.ts'

const settingKey = 'quire.single-keys'
const sequenceMs = 1_200

export type Keymap = Readonly<Record<string, () => void>>

/**
 * Single-key shortcuts. The map bound last is asked first, so that a sheet takes keys from what lies under it.
 * A name is a `KeyboardEvent.key` in lower case, or two of them with a space between ("g l").
 */
export class Shortcuts {
  #on = $state(localStorageGet(settingKey) !== 'off')
  #maps: Keymap[] = []
  #first = ''
  #firstAtMs = 0

  get on(): boolean {
    return this.#on
  }

  set on(value: boolean) {
    this.#on = value
    localStorageSet(settingKey, value ? 'on' : 'off')
  }

  /** Returns how to take the map away again. */
  bind(map: Keymap): () => void {
    this.#maps.unshift(map)
    return () => (this.#maps = this.#maps.filter((each) => each !== map))
  }

  handle(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || !this.#on) return
    if (isTyping(event.target)) return
    const key = event.key.toLowerCase()
    if ((key === ' ' || key === 'enter') && isPressed(event.target)) return
    const sequence = event.timeStamp - this.#firstAtMs < sequenceMs ? `${this.#first} ${key}` : ''
    this.#first = key
    this.#firstAtMs = event.timeStamp
    const action = this.#find(sequence) ?? this.#find(key)
    if (!action) return
    event.preventDefault()
    action()
  }

  #find(name: string): (() => void) | undefined {
    return this.#maps.find((map) => Object.hasOwn(map, name))?.[name]
  }
}

/** Controls that these keys press, and text that they scroll. */
function isPressed(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('a, button, pre, [role=button]') !== null
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT|VIDEO|AUDIO)$/.test(target.tagName)
}
