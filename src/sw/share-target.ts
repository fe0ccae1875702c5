import { fileNameHeader, notReceivedHash, receivedCache, receivedHash, shareTargetPath } from '../core/share-target.ts'
import type { Handler } from './handler.ts'

/** Keeps what another program shared with the installed page until the page takes it, and opens the page for it. */
export function shareTargetHandler(caches: CacheStorage, homeUrl: string): Handler {
  return {
    name: 'share-target',
    canHandle: ({ request, path }) => request.method === 'POST' && path === shareTargetPath,
    async handle({ request }) {
      try {
        await keep(request)
        return Response.redirect(`${homeUrl}${receivedHash}`, 303)
      } catch {
        // A part of it is no use, and takes room.
        await caches.delete(receivedCache).catch(() => undefined)
        return Response.redirect(`${homeUrl}${notReceivedHash}`, 303)
      }
    }
  }

  async function keep(request: Request): Promise<void> {
    const form = await request.formData()
    // What was not taken before is not wanted any more.
    await caches.delete(receivedCache)
    const cache = await caches.open(receivedCache)
    // A form whose file field is empty sends a file without a name.
    const files = form.getAll('files').filter((each): each is File => typeof each !== 'string' && each.name !== '')
    for (const [at, file] of files.entries()) {
      const headers = { 'Content-Type': file.type, [fileNameHeader]: encodeURIComponent(file.name) }
      await cache.put(`${homeUrl}${shareTargetPath}/${at}`, new Response(file, { headers }))
    }
    const words = ['title', 'text', 'url'].map((name) => form.get(name)).filter((each) => typeof each === 'string')
    if (files.length === 0) await cache.put(`${homeUrl}${shareTargetPath}/text`, new Response(words.join('\n').trim()))
  }
}
