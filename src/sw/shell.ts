import type { PrecacheController } from 'workbox-precaching/PrecacheController.js'
import type { Handler } from './handler.ts'

/** The page itself, whatever its hash: no network needed. Addresses of other things are left to the server. */
export function shellHandler(precache: PrecacheController): Handler {
  return {
    name: 'shell',
    canHandle: ({ request, path }) =>
      request.method === 'GET' &&
      (path === '' || path === 'index.html' || precache.getCacheKeyForURL(request.url) !== undefined),
    async handle({ request, path }) {
      const wanted = path === '' ? 'index.html' : request.url
      // Only a browser that cleared the cache behind our back gets here without one.
      return (await precache.matchPrecache(wanted)) ?? fetch(request)
    }
  }
}
