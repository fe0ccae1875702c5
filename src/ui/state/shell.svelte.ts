/** What the installed page can tell and do: set by whoever registers the service worker, drawn by the page. */
export class Shell {
  #offlineReady = $state(false)
  #online = $state(navigator.onLine)
  #reload = $state.raw<() => void>()
  #install = $state.raw<() => Promise<unknown>>()

  constructor() {
    const update = () => (this.#online = navigator.onLine)
    addEventListener('online', update)
    addEventListener('offline', update)
  }

  /** The shell is stored and this page is under a service worker: the next start needs no network. */
  get offlineReady(): boolean {
    return this.#offlineReady
  }

  /** What the browser says of the machine's network. */
  get online(): boolean {
    return this.#online
  }

  /** Starts the waiting new version; undefined while there is none, or the person chose later. */
  get reload(): (() => void) | undefined {
    return this.#reload
  }

  /** Shows the browser's own question; undefined where the page cannot be installed or the person declined. */
  get install(): (() => Promise<unknown>) | undefined {
    return this.#install
  }

  markOfflineReady(): void {
    this.#offlineReady = true
  }

  offerUpdate(reload: () => void): void {
    this.#reload = reload
  }

  dismissUpdate(): void {
    this.#reload = undefined
  }

  offerInstall(install: () => Promise<unknown>): void {
    if (localStorageGet(declinedKey) === null) this.#install = install
  }

  /** Asked once: never again after this, whatever the answer. */
  settleInstall(): void {
    this.#install = undefined
    localStorageSet(declinedKey, 'yes')
  }
}

const declinedKey = 'quire.install-settled'

/** Storage may be forbidden altogether: then nothing is remembered. */
export function localStorageGet(key: string): string | null {
  try {
    return localStorage.getItem(key)
  } catch {
    return null
  }
}

export function localStorageSet(key: string, value: string): void {
  try {
    localStorage.setItem(key, value)
  } catch {
    // Nothing is remembered, and nothing depends on it.
  }
}
