import { QuireEngine } from '../../src/engine/engine.ts'
import { blobSource } from '../../src/engine/sources.ts'
import { whenState } from '../../src/engine/watch.ts'
import { createNodeNetwork } from '../../src/network/libp2p/node.ts'
import { MemoryBlockStore, MemoryCatalog } from '../../src/store/memory.ts'

/** An engine as a tab has it, at a relay, over the real network; what it shares goes to a keeper. */
export interface KeepingTab extends AsyncDisposable {
  readonly quire: QuireEngine
  /** Shares this; resolves once it is safe, with its link and whoever has it. */
  safe(content: Uint8Array<ArrayBuffer>): Promise<{ readonly link: string; readonly keepers: readonly string[] }>
}

export async function openKeepingTab(url: string, catalog = new MemoryCatalog()): Promise<KeepingTab> {
  const quire = await QuireEngine.open({
    store: new MemoryBlockStore(),
    catalog,
    network: await createNodeNetwork({ relays: [url], webrtc: false }),
    origin: url,
    role: 'tab',
    flush: async () => undefined,
    room: { durable: false, freeBytes: async () => 1e12, persisted: async () => false }
  })
  return {
    quire,
    async safe(content) {
      const item = quire.add([blobSource('kept.bin', new Blob([content]))], { keep: 1 })
      const within = { signal: AbortSignal.timeout(60_000) }
      const { keep } = await whenState(item, ({ keep: at }) => at?.state === 'safe', within)
      const keepers = keep!.keepers.filter(({ state }) => state === 'safe').map(({ keeper }) => keeper)
      return { link: await item.whenLinked(), keepers }
    },
    [Symbol.asyncDispose]: () => quire.close()
  }
}
