import { QuireEngine } from '../../src/engine/engine.ts'
import { blobSource } from '../../src/engine/sources.ts'
import { createNodeNetwork } from '../../src/network/libp2p/node.ts'
import { MemoryBlockStore, MemoryCatalog } from '../../src/store/memory.ts'
import type { BlockStore } from '../../src/store/types.ts'

export interface SlowSharer extends AsyncDisposable {
  readonly link: string
}

/** Shares a plain file from a program whose disk gives so many bytes a second, whatever the machine could do. */
export async function shareSlowly(relayUrl: string, content: Uint8Array, bytesPerSecond: number): Promise<SlowSharer> {
  const engine = await QuireEngine.open({
    store: slowed(new MemoryBlockStore(), bytesPerSecond),
    catalog: new MemoryCatalog(),
    network: await createNodeNetwork({ relays: [relayUrl] }),
    origin: relayUrl,
    role: 'program',
    flush: async () => undefined,
    room: { durable: false, freeBytes: async () => 1e12, persisted: async () => false, persist: async () => false }
  })
  const file = blobSource('film.bin', new Blob([content as Uint8Array<ArrayBuffer>]))
  const link = await engine.add([file], { plain: true }).whenLinked()
  return { link, [Symbol.asyncDispose]: () => engine.close() }
}

function slowed(store: BlockStore, bytesPerSecond: number): BlockStore {
  let readyAtMs = 0
  const readBlocks: BlockStore['readBlocks'] = async (set, range) => {
    const blocks = await store.readBlocks(set, range)
    const bytes = blocks.reduce((sum, block) => sum + block.length, 0)
    readyAtMs = Math.max(readyAtMs, performance.now()) + (bytes * 1000) / bytesPerSecond
    // Time: the pace is what this is for.
    await new Promise((resolve) => setTimeout(resolve, readyAtMs - performance.now()))
    return blocks
  }
  return new Proxy(store, {
    get(target, name) {
      if (name === 'readBlocks') return readBlocks
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    }
  })
}
