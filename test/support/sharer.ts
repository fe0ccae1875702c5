import { sourcesOf } from '../../relay/files.ts'
import { QuireEngine } from '../../src/engine/engine.ts'
import { blobSource } from '../../src/engine/sources.ts'
import type { AddRequest } from '../../src/engine/types.ts'
import { createNodeNetwork } from '../../src/network/libp2p/node.ts'
import { MemoryBlockStore, MemoryCatalog } from '../../src/store/memory.ts'

export type ReadBlocks = MemoryBlockStore['readBlocks']

/** A program in the test's own process that shares over the real network. */
export interface Sharer extends AsyncDisposable {
  /** Shares files or folders; resolves with the link. */
  share(paths: readonly string[], options?: AddRequest): Promise<string>
  shareBytes(name: string, content: Uint8Array<ArrayBuffer>, options?: AddRequest): Promise<string>
  /** Becomes a holder of what a link stands for; resolves when it holds everything. */
  fetch(link: string): Promise<void>
}

export interface SharerOptions {
  readonly relay: string
  /** How it reads what it was asked for, given how an honest and quick one does: it may be slow, and it may lie. */
  readonly readBlocks?: (honestly: ReadBlocks) => ReadBlocks
}

/** Gives so many bytes a second, whatever the machine could do. */
export function slowly(bytesPerSecond: number): NonNullable<SharerOptions['readBlocks']> {
  let readyAtMs = 0
  return (honestly) => async (set, range) => {
    const blocks = await honestly(set, range)
    const bytes = blocks.reduce((sum, block) => sum + block.length, 0)
    readyAtMs = Math.max(readyAtMs, performance.now()) + (bytes * 1000) / bytesPerSecond
    // Time: the pace is what this is for.
    await new Promise((resolve) => setTimeout(resolve, readyAtMs - performance.now()))
    return blocks
  }
}

/** One bit of each block is another. */
export const lying: NonNullable<SharerOptions['readBlocks']> = (honestly) => async (set, range) => {
  const blocks = await honestly(set, range)
  return blocks.map((block) => {
    const copy = block.slice()
    copy[copy.length >> 1]! ^= 1
    return copy
  })
}

/** Takes what it is asked and never answers. */
export const silent: NonNullable<SharerOptions['readBlocks']> = () => () => new Promise(() => undefined)

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
    room: { durable: true, freeBytes: async () => Infinity, persisted: async () => true }
  })
  return {
    async share(paths, options) {
      return quire.add(await sourcesOf(paths), options).whenLinked()
    },
    shareBytes: (name, content, options) => quire.add([blobSource(name, new Blob([content]))], options).whenLinked(),
    async fetch(link) {
      await (await quire.open(link)).whenReady()
    },
    [Symbol.asyncDispose]: () => quire.close()
  }
}
