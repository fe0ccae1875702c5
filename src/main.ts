import { mountPage } from './ui/mount.ts'
import { Saver } from './ui/saving.ts'
import { startServiceWorker } from './ui/service-worker.ts'
import { Shell } from './ui/state/shell.svelte.ts'
import { serveStreams } from './ui/stream-host.ts'

const target = document.getElementById('app')

if (target) {
  // The engine comes while the page is drawn; libp2p comes with it, after the first paint.
  const quire = import('./engine/browser.ts').then(({ openPageQuire }) => openPageQuire())
  // Browsers leave it out where the page is not secure, or a setting forbids it.
  const workers: ServiceWorkerContainer | undefined = navigator.serviceWorker
  const saving = new Saver(serveStreams(quire, workers), workers)
  const shell = new Shell()
  startServiceWorker(shell, workers)
  mountPage(target, { quire, shell, saving })
}
