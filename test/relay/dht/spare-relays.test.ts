import { expect, it } from 'vitest'
import type { QuireEngine } from '../../../src/engine/engine.ts'
import { collectBytes } from '../../../src/engine/reading.ts'
import { whenState } from '../../../src/engine/watch.ts'
import { MemoryCatalog } from '../../../src/store/memory.ts'
import { startedKeeper } from '../../support/keeper.ts'
import { openKeepingTab } from '../../support/keeping-tab.ts'
import { startRelayNetwork } from '../../support/relay-network.ts'
import { seededBytes } from '../../support/seeded.ts'

const within = () => ({ signal: AbortSignal.timeout(30_000) })

const isAt = (url: string) => (status: ReturnType<QuireEngine['network']['peek']>) =>
  status.relays.some((relay) => relay.url === url && relay.state === 'reserved')

it('[NW36] [RL21] [KE20] when a relay is gone, its keeper and its tabs go on at another, and a share is found there', async () => {
  await using net = await startRelayNetwork(2)
  await net.know(1)
  const [first, second] = net.relays
  await using keeper = await startedKeeper('--relay', first!.url)
  const catalog = new MemoryCatalog()
  const alice = await openKeepingTab(first!.url, catalog)
  const content = seededBytes(91, 500_000)
  const { link, keepers } = await alice.safe(content)
  expect(keepers).toEqual([keeper.keeper.peerId])
  await net.end(0)
  await whenState(alice.quire.network, isAt(second!.url), within())
  const spares = await catalog.get('spare relays')
  await alice[Symbol.asyncDispose]()

  // Who begins while its relay is away knows the other from the visit before.
  const next = new MemoryCatalog()
  await next.put('spare relays', spares)
  await using again = await openKeepingTab(first!.url, next)
  const bob = await again.quire.open(link)
  await bob.whenReady(within())
  const { sizeBytes } = (await bob.files())[0]!
  expect(Buffer.from(await collectBytes(bob.read(0, 0, sizeBytes), sizeBytes)).equals(content)).toBe(true)
})

it('[RN14] [KE20] [KE21] a keeper that knows one relay keeps for a tab that knows another, where there is none', async () => {
  await using net = await startRelayNetwork(2)
  await net.know(1)
  await using keeper = await startedKeeper('--relay', net.relays[0]!.url)
  await using tab = await openKeepingTab(net.relays[1]!.url)
  expect((await tab.safe(seededBytes(92, 300_000))).keepers).toEqual([keeper.keeper.peerId])
})
