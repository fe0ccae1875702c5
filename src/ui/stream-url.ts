import type { FileView, Item } from '../engine/types.ts'

/** Where the service worker serves one file of an item, with Range. Same origin; the name is for players and downloads. */
export function streamUrl(item: Pick<Item, 'id'>, index: number, file: Pick<FileView, 'path'>): string {
  const name = file.path.split('/').pop() ?? ''
  return `/stream/${encodeURIComponent(item.id)}/${index}/${encodeURIComponent(name)}`
}

/** Resolves when this page is under a service worker, which alone answers stream addresses; false where there is none. */
export async function whenStreamable(): Promise<boolean> {
  const workers = navigator.serviceWorker
  if (!workers) return false
  if (workers.controller) return true
  return new Promise((resolve) => {
    const settle = () => resolve(workers.controller !== null)
    workers.addEventListener('controllerchange', settle, { once: true })
    setTimeout(settle, controlTimeoutMs)
  })
}

/** A first visit installs the worker, which takes over within a second or two; a browser that forbids it never does. */
const controlTimeoutMs = 6_000
