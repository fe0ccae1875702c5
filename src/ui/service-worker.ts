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

/**
 * Registers the service worker once the page has loaded, and tells `shell` what comes of it. A new version waits until
 * the person asks for it: nothing under way is interrupted.
 */
export function startServiceWorker(shell: ShellSignals, container: ServiceWorkerContainer | undefined): void {
  addEventListener('beforeinstallprompt', (event) => {
    event.preventDefault()
    shell.offerInstall(() => (event as InstallEvent).prompt())
  })
  // Without a build there is no worker.
  if (!container || import.meta.env.DEV) return
  const start = () => void register(shell, container)
  if (document.readyState === 'complete') start()
  else addEventListener('load', start, { once: true })
}

async function register(shell: ShellSignals, container: ServiceWorkerContainer): Promise<void> {
  try {
    const registration = await container.register(trustedWorkerUrl(new URL('sw.js', homeUrl()).href))
    watchUpdates(registration, shell, container)
    lookForUpdates(registration)
    // Ready means active, and active means that the whole shell is stored.
    const { active } = await container.ready
    if (!container.controller && active) {
      const controlled = new Promise((resolve) =>
        container.addEventListener('controllerchange', resolve, { once: true })
      )
      // A page that was loaded past the worker (a forced reload) is not taken by itself.
      send(active, { type: 'claim' })
      await controlled
    }
    shell.markOfflineReady()
  } catch {
    // Private windows and settings forbid workers: the page works, it only does not open without a network.
  }
}

/** Offers each version that waits, in every tab; only the tab that asked for it reloads. */
function watchUpdates(registration: ServiceWorkerRegistration, shell: ShellSignals, container: ServiceWorkerContainer) {
  const offer = (waiting: ServiceWorker) =>
    shell.offerUpdate(() => {
      container.addEventListener('controllerchange', () => location.reload(), { once: true })
      send(waiting, { type: 'skip-waiting' })
    })
  if (registration.waiting && registration.active) offer(registration.waiting)
  registration.addEventListener('updatefound', () => {
    const { installing } = registration
    installing?.addEventListener('statechange', () => {
      // The very first version waits for nobody and replaces nothing.
      if (installing.state === 'installed' && registration.active) offer(installing)
    })
  })
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
