import { shellRetryMs, shellRetryMsMax } from '../core/limits.ts'
import type { ToWorker } from '../core/stream/messages.ts'
import { trustedWorkerUrl } from '../trusted-types.ts'
import { homeUrl } from './saving/download.ts'

/** What the page shows of its worker; `Shell` is one. */
export interface ShellSignals {
  markOfflineReady(): void
  offerUpdate(reload: () => void): void
  offerInstall(install: () => Promise<unknown>): void
}

interface InstallEvent extends Event {
  prompt(): Promise<unknown>
}

/** A tab that stays open for days asks now and then whether there is a new version. */
const lookEveryMs = 60 * 60_000
/** A person who asks for it waits no longer to hear of one. */
const lookMs = 5_000

/**
 * Registers the service worker once the page has loaded and `hasRoom` has settled (to install it takes the same
 * processor and line as what a person is waiting for), and tells `shell` what comes of it. A new version waits until
 * the person asks for it: nothing under way is interrupted.
 */
export function startServiceWorker(
  shell: ShellSignals,
  container: ServiceWorkerContainer | undefined,
  hasRoom: Promise<unknown> = Promise.resolve()
): void {
  addEventListener('beforeinstallprompt', (event) => {
    event.preventDefault()
    shell.offerInstall(() => (event as InstallEvent).prompt())
  })
  // Without a build there is no worker.
  if (!container || import.meta.env.DEV) return
  const start = () => void hasRoom.catch(() => undefined).then(() => register(shell, container))
  if (document.readyState === 'complete') start()
  else addEventListener('load', start, { once: true })
}

async function register(shell: ShellSignals, container: ServiceWorkerContainer): Promise<void> {
  const registration = await installed(container)
  if (!registration) return
  watchUpdates(registration, shell)
  lookForUpdates(registration)
  if (!container.controller && registration.active) {
    const controlled = new Promise((resolve) => container.addEventListener('controllerchange', resolve, { once: true }))
    // A page that was loaded past the worker (a forced reload) is not taken by itself.
    send(registration.active, { type: 'claim' })
    await controlled
  }
  shell.markOfflineReady()
}

/**
 * The registration once its worker is active, which means that the whole shell is stored. Where the network fails
 * meanwhile, it begins again. Undefined where private windows or settings forbid workers: there the page works, it only
 * does not open without a network.
 */
async function installed(container: ServiceWorkerContainer): Promise<ServiceWorkerRegistration | undefined> {
  const script = trustedWorkerUrl(new URL('sw.js', homeUrl()).href)
  for (let pauseMs = shellRetryMs; ; pauseMs = Math.min(shellRetryMsMax, 2 * pauseMs)) {
    try {
      const registration = await container.register(script)
      if (await becomesActive(registration)) return registration
    } catch (error) {
      // A script that could not be fetched is a TypeError; whatever else there is does not pass by itself.
      if (!(error instanceof TypeError)) return undefined
    }
    await pause(pauseMs)
  }
}

/** Whether its worker came to be active; false when its installation failed. */
async function becomesActive(registration: ServiceWorkerRegistration): Promise<boolean> {
  if (registration.active) return true
  const worker = registration.waiting ?? registration.installing
  if (!worker) return false
  return new Promise((resolve) => {
    const look = () => {
      if (worker.state === 'activated' || worker.state === 'redundant') resolve(worker.state === 'activated')
    }
    worker.addEventListener('statechange', look)
    look()
  })
}

/** Until so long has passed, or the browser says that there is a network again. */
function pause(pauseMs: number): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      removeEventListener('online', end)
      resolve()
    }
    const timer = setTimeout(end, pauseMs)
    addEventListener('online', end)
  })
}

/** Offers each version that waits, in every tab; only the tab that asked for it reloads. */
function watchUpdates(registration: ServiceWorkerRegistration, shell: ShellSignals) {
  const offer = (waiting: ServiceWorker) => shell.offerUpdate(() => take(waiting))
  if (registration.waiting && registration.active) offer(registration.waiting)
  registration.addEventListener('updatefound', () => {
    const { installing } = registration
    installing?.addEventListener('statechange', () => {
      // The very first version waits for nobody and replaces nothing.
      if (installing.state === 'installed' && registration.active) offer(installing)
    })
  })
}

/** Loads this page anew when that version is the one that serves it: at once where another tab took it already. */
function take(version: ServiceWorker): void {
  const look = () => {
    if (version.state === 'installed') send(version, { type: 'skip-waiting' })
    else if (version.state !== 'installing') location.reload()
  }
  version.addEventListener('statechange', look)
  look()
}

/** Loads this page anew, as the newest version that is found: for whom what is stored here is too old. */
export async function loadNewest(): Promise<void> {
  // Left out of the page, forbidden, or without a network that answers: then what there is is loaded again.
  const registration = await navigator.serviceWorker?.getRegistration().catch(() => undefined)
  await Promise.race([registration?.update(), pause(lookMs)]).catch(() => undefined)
  const version = registration?.installing ?? registration?.waiting
  if (version) take(version)
  else location.reload()
}

function lookForUpdates(registration: ServiceWorkerRegistration): void {
  let lookedAtMs = performance.now()
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState !== 'visible' || performance.now() - lookedAtMs < lookEveryMs) return
    lookedAtMs = performance.now()
    void registration.update().catch(() => {})
  })
}

const send = (worker: ServiceWorker, message: ToWorker): void => worker.postMessage(message)
