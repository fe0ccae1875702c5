import { reportOf } from '../../src/core/errors.ts'
import { openBrowserStore } from '../../src/store/browser.ts'
import { openIndexedDb } from '../../src/store/indexeddb.ts'
import type { BlockStore } from '../../src/store/types.ts'

/** What is asked of a store in a worker: to open one first, then its methods by name. */
export interface StoreAsk {
  readonly id: number
  readonly method: 'open' | keyof BlockStore
  readonly args: readonly unknown[]
}

let store: BlockStore | undefined

async function open(kind: string, name: string): Promise<string> {
  if (kind === 'records') {
    store = (await openIndexedDb(name)).blocks
    return 'records'
  }
  const { blocks, home } = await openBrowserStore(name)
  store = blocks
  return home
}

async function answer({ method, args }: StoreAsk): Promise<unknown> {
  if (method === 'open') return open(...(args as [string, string]))
  const call = store![method] as (...args: unknown[]) => Promise<unknown>
  const result = await call.apply(store, [...args])
  // A class does not cross; its contents do.
  return method === 'held' ? heldParts(result as { size: number; bytes: Uint8Array } | undefined) : result
}

const heldParts = (held: { size: number; bytes: Uint8Array } | undefined) =>
  held && { size: held.size, bytes: held.bytes }

self.onmessage = async ({ data }: MessageEvent<StoreAsk>) => {
  try {
    self.postMessage({ id: data.id, result: await answer(data) })
  } catch (thrown) {
    self.postMessage({ id: data.id, report: reportOf(thrown) })
  }
}
