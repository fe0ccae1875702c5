/**
 * Tells whether this page is under a service worker, which alone answers stream addresses: that it is, as soon as that
 * is so, and once that it is not yet.
 */
export function whenStreamable(tell: (isStreamable: boolean) => void): void {
  const workers: ServiceWorkerContainer | undefined = navigator.serviceWorker
  const look = () => tell(!!workers?.controller)
  if (!workers || workers.controller) return look()
  workers.addEventListener('controllerchange', look, { once: true })
  setTimeout(look, usualMs)
}

/** A first visit installs the worker, which takes over within a second or two; a slow line may bring it much later. */
const usualMs = 6_000
