import { expect, it } from 'vitest'
import { QuireEngine } from '../../../src/engine/engine.ts'
import { collectBytes } from '../../../src/engine/reading.ts'
import { blobSource } from '../../../src/engine/sources.ts'
import { whenState } from '../../../src/engine/watch.ts'
import { createNodeNetwork } from '../../../src/network/libp2p/node.ts'
import { MemoryBlockStore, MemoryCatalog } from '../../../src/store/memory.ts'
import { startedKeeper } from '../../support/keeper.ts'
import { startRelayNetwork } from '../../support/relay-network.ts'
import { seededBytes } from '../../support/seeded.ts'

const within = () => ({ signal: AbortSignal.timeout(30_000) })

async function tabAt(url: string, catalog = new MemoryCatalog()): Promise<QuireEngine> {
  return QuireEngine.open({
    store: new MemoryBlockStore(),
    catalog,
    network: await createNodeNetwork({ relays: [url], webrtc: false }),
    origin: url,
    role: 'tab',
    flush: async () => undefined,
    room: { durable: false, freeBytes: async () => 1e12, persisted: async () => false, persist: async () => false }
  })
}

const isAt = (url: string) => (status: ReturnType<QuireEngine['network']['peek']>) =>
  status.relays.some((relay) => relay.url === url && relay.state === 'reserved')

it('[NW36] [RL21] [KE20] when a relay is gone, its keeper and its tabs go on at another, and a share is found there', async () => {
  await using net = await startRelayNetwork(2)
  await net.know(1)
  const [first, second] = net.relays
  await using keeper = await startedKeeper('--relay', first!.url)
  const catalog = new MemoryCatalog()
  const alice = await tabAt(first!.url, catalog)
  const content = seededBytes(91, 500_000)
  const item = alice.add([blobSource('kept.bin', new Blob([content]))], { keep: 1 })
  const link = await item.whenLinked()
  const { keep } = await whenState(item, ({ keep: at }) => at?.state === 'safe', within())
  expect(keep!.keeper).toBe(keeper.keeper.peerId)
  await net.end(0)
  await whenState(alice.network, isAt(second!.url), within())
  const spares = await catalog.get('spare relays')
  await alice.close()

  // Who begins while its relay is away knows the other from the visit before.
  const next = new MemoryCatalog()
  await next.put('spare relays', spares)
  const again = await tabAt(first!.url, next)
  const bob = await again.open(link)
  await bob.whenReady(within())
  const { sizeBytes } = (await bob.files())[0]!
  expect(Buffer.from(await collectBytes(bob.read(0, 0, sizeBytes), sizeBytes)).equals(content)).toBe(true)
  await again.close()
})
