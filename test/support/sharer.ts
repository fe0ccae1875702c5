import { sourcesOf } from '../../relay/files.ts'
import { QuireEngine } from '../../src/engine/engine.ts'
import { createNodeNetwork } from '../../src/network/libp2p/node.ts'
import { MemoryBlockStore, MemoryCatalog } from '../../src/store/memory.ts'

export type ReadBlocks = MemoryBlockStore['readBlocks']

/** A program in the test's own process that shares over the real network. */
export interface Sharer extends AsyncDisposable {
  /** Shares files or folders; resolves with the link. */
  share(paths: readonly string[], options?: { readonly plain?: boolean }): Promise<string>
}

export interface SharerOptions {
  readonly relay: string
  /** How it reads what it was asked for, given how an honest and quick one does: it may be slow, and it may lie. */
  readonly readBlocks?: (honestly: ReadBlocks) => ReadBlocks
}

export async function openSharer({ relay, readBlocks }: SharerOptions): Promise<Sharer> {
  const store = new MemoryBlockStore()
  if (readBlocks) store.readBlocks = readBlocks(store.readBlocks.bind(store))
  const quire = await QuireEngine.open({
    store,
    catalog: new MemoryCatalog(),
    network: await createNodeNetwork({ relays: [relay], listen: ['/ip4/127.0.0.1/tcp/0'] }),
    origin: relay,
    role: 'program',
    flush: async () => undefined,
    room: { durable: true, freeBytes: async () => Infinity, persisted: async () => true, persist: async () => true }
  })
  return {
    async share(paths, options) {
      return quire.add(await sourcesOf(paths), options).whenLinked()
    },
    [Symbol.asyncDispose]: () => quire.close()
  }
}
