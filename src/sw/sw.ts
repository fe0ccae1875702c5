/** The service worker: the page without a network, and streams of what the library holds. */
import { PrecacheController } from 'workbox-precaching/PrecacheController.js'
import { reportOf } from '../core/errors.ts'
import { NoPageAnswered, StreamUnknown } from '../core/stream/errors.ts'
import { readToWorker } from '../core/stream/messages.ts'
import { type Handler, parseRequest } from './handler.ts'
import type { WorkerScope } from './scope.ts'
import { shareTargetHandler } from './share-target.ts'
import { shellHandler } from './shell.ts'
import { type Pages, streamHandler } from './stream.ts'

/** What the page is built of; the build puts it here. */
declare const __QUIRE_SHELL__: { url: string; revision: string | null }[]

const scope = globalThis as unknown as WorkerScope
const precache = new PrecacheController({ cacheName: 'quire-shell' })
precache.addToCacheList(__QUIRE_SHELL__)

const streamPrefix = `${scope.registration.scope}stream/`
const pages = {
  async byId(id: string) {
    const page = await scope.clients.get(id)
    return page?.type === 'window' && !page.url.startsWith(streamPrefix) ? page : undefined
  },
  async all() {
    const windows = await scope.clients.matchAll({ type: 'window', includeUncontrolled: true })
    return windows.filter(({ url }) => !url.startsWith(streamPrefix))
  }
} satisfies Pages

/** The first that can, does. */
const handlers: readonly Handler[] = [
  streamHandler(pages),
  shareTargetHandler(caches, scope.registration.scope),
  shellHandler(precache)
]

scope.addEventListener('install', (event) => void precache.install(event))

scope.addEventListener('activate', (event) => {
  void precache.activate(event)
  // The first version takes the page that installed it, so that streams work from the first visit on.
  event.waitUntil(scope.clients.claim())
})

scope.addEventListener('fetch', (event) => {
  const parsed = parseRequest(event.request, scope.registration.scope, event.clientId)
  const handler = handlers.find((each) => each.canHandle(parsed))
  if (handler) event.respondWith(handler.handle(parsed).catch(errorResponse))
})

// A note that the page showed leads back to the page.
scope.addEventListener('notificationclick', (event) => {
  event.notification.close()
  event.waitUntil(pages.all().then(([page]) => page?.focus()))
})

scope.addEventListener('message', (event) => {
  const message = readToWorker(event.data)
  if (message?.type === 'skip-waiting') event.waitUntil(scope.skipWaiting())
  if (message?.type === 'claim') event.waitUntil(scope.clients.claim())
})

function errorResponse(thrown: unknown): Response {
  const { message } = reportOf(thrown)
  const status = thrown instanceof NoPageAnswered ? 503 : thrown instanceof StreamUnknown ? 404 : 500
  const headers = {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Security-Policy': "sandbox; default-src 'none'",
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store'
  }
  return new Response(message, { status, headers })
}
