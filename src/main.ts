import { openPageQuire } from './engine/browser.ts'
import { mountPage } from './ui/mount.ts'
import { Saver } from './ui/saving.ts'
import { routeOf } from './ui/routes.ts'
import { startServiceWorker } from './ui/service-worker.ts'
import { Shell } from './ui/state/shell.svelte.ts'
import { serveStreams } from './ui/stream-host.ts'

const target = document.getElementById('app')

if (target) {
  // The engine's worker starts while the page is drawn. libp2p is larger: it comes after the first paint.
  const isAwaited = routeOf(location.hash).name === 'receive'
  const quire = openPageQuire({ connect: isAwaited ? firstPaint() : undefined })
  // Browsers leave it out where the page is not secure, or a setting forbids it.
  const workers: ServiceWorkerContainer | undefined = navigator.serviceWorker
  const saving = new Saver(serveStreams(quire, workers), workers)
  const shell = new Shell()
  startServiceWorker(shell, workers)
  mountPage(target, { quire, shell, saving })
}

/** A tab in the background paints nothing, and need not wait for it. */
function firstPaint(): Promise<unknown> {
  if (document.hidden) return Promise.resolve()
  return new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))
}
