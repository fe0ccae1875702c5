import { fileNameHeader, receivedCache } from '../core/share-target.ts'
import type { PickedFile } from './picking.ts'

export interface Received {
  readonly files: readonly PickedFile[]
  /** Words, where there are no files: a link perhaps. */
  readonly text: string
}

/** Takes what another program shared with this page; a second call finds nothing. */
export async function takeReceived(): Promise<Received> {
  const cache = await caches.open(receivedCache)
  const files: PickedFile[] = []
  let text = ''
  for (const request of await cache.keys()) {
    const response = (await cache.match(request))!
    const name = response.headers.get(fileNameHeader)
    if (name === null) text = await response.text()
    else files.push(pickedFrom(await response.blob(), decodeURIComponent(name)))
  }
  await caches.delete(receivedCache)
  return { files, text }
}

function pickedFrom(blob: Blob, path: string): PickedFile {
  return { path, file: new File([blob], path, { type: blob.type }) }
}
