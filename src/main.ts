import { shellDelayMs } from './core/limits.ts'
import { openPageQuire } from './engine/browser.ts'
import type { Quire } from './engine/types.ts'
import { whenState } from './engine/watch.ts'
import { mountPage } from './ui/mount.ts'
import { Saver } from './ui/saving.ts'
import { routeOf } from './ui/routes.ts'
import { startServiceWorker } from './ui/service-worker.ts'
import { isRelayOnly } from './ui/state/relay-only.ts'
import { Shell } from './ui/state/shell.svelte.ts'
import { serveStreams } from './ui/stream-host.ts'

const target = document.getElementById('app')

if (target) {
  const route = routeOf(location.hash)
  const link = route.name === 'receive' ? `${location.origin}/${route.link}` : undefined
  // The engine's worker starts while the page is drawn. libp2p is larger: it comes after the first paint.
  const connect = link === undefined ? aboutToShare() : Promise.all([firstPaint(), check(link)])
  const quire = openPageQuire({ connect, relayOnly: isRelayOnly })
  // Browsers leave it out where the page is not secure, or a setting forbids it.
  const workers: ServiceWorkerContainer | undefined = navigator.serviceWorker
  const saving = new Saver(serveStreams(quire, workers), workers)
  const shell = new Shell()
  startServiceWorker(shell, workers, link === undefined ? undefined : firstBytes(quire, link))
  mountPage(target, { quire, shell, saving })
}

/** A tab in the background paints nothing, and need not wait for it. */
function firstPaint(): Promise<unknown> {
  if (document.hidden) return Promise.resolve()
  return new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))
}

/** Files are dragged over the page, or being chosen: by the time that they have a link it is to be of use at once. */
function aboutToShare(): Promise<unknown> {
  return new Promise((resolve) => {
    addEventListener('dragenter', resolve, { once: true })
    addEventListener('click', (event) => (event.target as HTMLInputElement).type === 'file' && resolve(event))
  })
}

/** Rejects when something is wrong with the link: then nobody is asked anything. Loads while the page is drawn. */
async function check(link: string): Promise<void> {
  const { parseLink } = await import('./core/link/link.ts')
  parseLink(link)
}

/** Opens the link before the screen for it is loaded. Settles when something of it is here, or that takes long. */
function firstBytes(quire: Promise<Quire>, link: string): Promise<unknown> {
  const opened = quire.then((engine) => engine.open(link))
  const shown = opened.then((item) => whenState(item, ({ title }) => title !== ''))
  return Promise.race([shown, new Promise((resolve) => setTimeout(resolve, shellDelayMs))])
}
