import { afterEach, expect, it } from 'vitest'
import { bytesOfHex } from '../../src/core/bytes.ts'
import { deriveKeys } from '../../src/core/envelope/keys.ts'
import { parseLink } from '../../src/core/link/link.ts'
import { keepTermMsMax } from '../../src/core/limits.ts'
import { QuireEngine } from '../../src/engine/engine.ts'
import { collectBytes } from '../../src/engine/reading.ts'
import { blobSource } from '../../src/engine/sources.ts'
import type { Item } from '../../src/engine/types.ts'
import { whenState } from '../../src/engine/watch.ts'
import { createNodeNetwork } from '../../src/network/libp2p/node.ts'
import { MemoryBlockStore, MemoryCatalog } from '../../src/store/memory.ts'
import { startQuire } from '../support/program.ts'
import { bytesForms, filesBelow, foundIn, memoryOf, secretsOf, textForms } from '../support/searching.ts'
import { seededBytes } from '../support/seeded.ts'

const peers: QuireEngine[] = []

afterEach(async () => {
  await Promise.all(peers.splice(0).map((engine) => engine.close()))
})

/** A peer at the relay, which meets others through it alone. */
async function peerAt(url: string): Promise<QuireEngine> {
  const engine = await QuireEngine.open({
    store: new MemoryBlockStore(),
    catalog: new MemoryCatalog(),
    network: await createNodeNetwork({ relays: [url], webrtc: false }),
    origin: url,
    role: 'tab',
    flush: async () => undefined,
    room: { durable: false, freeBytes: async () => 1e12, persisted: async () => false }
  })
  peers.push(engine)
  return engine
}

const within = () => ({ signal: AbortSignal.timeout(20_000) })
const untilSafe = (item: Item) => whenState(item, ({ keep }) => keep?.state === 'safe', within())

async function fetched(engine: QuireEngine, link: string): Promise<Uint8Array> {
  const item = await engine.open(link)
  await item.whenReady(within())
  const { sizeBytes } = (await item.files())[0]!
  return collectBytes(item.read(0, 0, sizeBytes), sizeBytes)
}

it('[RL5] a relay has a keeper, names it, and a share outlives who made it, and a restart of the relay', async () => {
  await using quire = await startQuire({ keeper: true })
  const config = (await (await fetch(`${quire.url}/config.json`)).json()) as { peerId: string; keepers: object[] }
  const terms = { dataSetBytesMax: 512 * 2 ** 20, termMsMax: keepTermMsMax, invited: false }
  expect(config.keepers).toMatchObject([{ peerId: config.peerId, terms }])
  const content = seededBytes(71, 3_000_000)
  const alice = await peerAt(quire.url)
  const item = alice.add([blobSource('kept.bin', new Blob([content]))], { keep: 1 })
  const link = await item.whenLinked()
  const { keep } = await untilSafe(item)
  expect(keep!.host).toBe(new URL(quire.url).host)
  expect(((await (await fetch(`${quire.url}/healthz`)).json()) as { tabs: number }).tabs).toBe(1)
  await alice.close()
  await quire.program.kill()
  await using again = await startQuire({ keeper: true, port: quire.port, dataDir: quire.dataDir })
  expect(Buffer.from(await fetched(await peerAt(again.url), link)).equals(content)).toBe(true)
})

it('[RL5] a relay’s keeper hears of everybody who shares, however many came before', async () => {
  await using quire = await startQuire({ keeper: true })
  const items: Item[] = []
  for (const seed of [72, 73, 74]) {
    const peer = await peerAt(quire.url)
    items.push(peer.add([blobSource('later.bin', new Blob([seededBytes(seed, 1_000)]))]))
    await whenState(peer.network, ({ relays }) => relays[0]?.state === 'reserved', within())
  }
  for (const item of items) {
    await item.keep(true)
    await untilSafe(item)
  }
}, 60_000)

it('[RL5] a relay has none where it is told so', async () => {
  await using quire = await startQuire()
  expect(await (await fetch(`${quire.url}/config.json`)).json()).not.toHaveProperty('keepers')
})

it('[KE18] neither the disk of a keeper, nor what it says, nor its memory has anything to read in it', async () => {
  await using quire = await startQuire({ keeper: true, env: { QUIRE_LOG: '1', QUIRE_LOG_IDS: '1' } })
  let said = ''
  quire.program.process.stderr!.on('data', (text: string) => (said += text))
  const alice = await peerAt(quire.url)
  const add = async (name: string, text: string, plain: boolean) => {
    const item = alice.add([blobSource(name, new Blob([text.repeat(500)]))], { keep: 1, plain })
    const link = await item.whenLinked()
    await untilSafe(item)
    return link
  }
  const link = await add('Geheimer Plan Zebra.txt', 'the quick brown zebra jumps over the keeper, ', false)
  // Not sealed, so that what is searched for can be found: else a search that sees nothing would pass.
  await add('Public Notice Okapi.txt', 'the slow white okapi sleeps beside the keeper, ', true)
  await fetched(await peerAt(quire.url), link)
  const memory = await memoryOf(quire.program.process.pid!)
  await quire.program.stop()
  const places = { memory, disk: await filesBelow(quire.dataDir), log: [Buffer.from(said)] }
  const { swarmId } = deriveKeys(parseLink(link).secret!)
  const open = {
    ...textForms('plain name', 'Notice Okapi'),
    ...textForms('plain text', 'white okapi'),
    ...bytesForms('swarm id', bytesOfHex(swarmId)!),
    ...textForms('log line', '"event":"stopped"')
  }
  const found = (place: keyof typeof places) => foundIn(places[place], open).join()
  expect(found('memory')).toContain('swarm id')
  expect(found('disk')).toMatch(/plain name.*plain text/)
  expect(found('log')).toContain('log line')
  const sealed = {
    ...secretsOf(link),
    ...textForms('name', 'Plan Zebra'),
    ...textForms('plaintext', 'brown zebra')
  }
  for (const [place, parts] of Object.entries(places)) expect([place, foundIn(parts, sealed)]).toEqual([place, []])
})
