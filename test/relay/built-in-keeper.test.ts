import { open, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
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
import { type Quire, startQuire } from '../support/program.ts'
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
    room: { durable: false, freeBytes: async () => 1e12, persisted: async () => false, persist: async () => false }
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
  const item = alice.add([blobSource('kept.bin', new Blob([content]))], { keep: true })
  const link = await item.whenLinked()
  const { keep } = await untilSafe(item)
  expect(keep!.host).toBe(new URL(quire.url).host)
  expect(((await (await fetch(`${quire.url}/healthz`)).json()) as { tabs: number }).tabs).toBe(1)
  await alice.close()
  await quire.program.kill()
  await using again = await startQuire({ keeper: true, port: quire.port, dataDir: quire.dataDir })
  expect(Buffer.from(await fetched(await peerAt(again.url), link)).equals(content)).toBe(true)
}, 90_000)

it('[RL5] a relay has none where it is told so', async () => {
  await using quire = await startQuire()
  expect(await (await fetch(`${quire.url}/config.json`)).json()).not.toHaveProperty('keepers')
}, 60_000)

it('[KE18] neither the disk of a keeper, nor what it says, nor its memory has anything to read in it', async () => {
  await using quire = await startQuire({ keeper: true, env: { QUIRE_LOG: '1', QUIRE_LOG_IDS: '1' } })
  let said = ''
  quire.program.process.stderr!.on('data', (text: string) => (said += text))
  const name = 'Geheimer Plan Zebra.txt'
  const plaintext = `the quick brown zebra ${'jumps over the keeper and '.repeat(2_000)}`
  const alice = await peerAt(quire.url)
  const item = alice.add([blobSource(name, new Blob([plaintext]))], { keep: true })
  const link = await item.whenLinked()
  await untilSafe(item)
  const secret = parseLink(link).secret!
  const { swarmId, contentKey } = deriveKeys(secret)
  const secretTexts = [/[?&]k=([^&]+)/.exec(link)![1]!, Buffer.from(secret).toString('hex')]
  const forbidden = [
    Buffer.from(secret),
    Buffer.from(contentKey),
    ...[...secretTexts, 'Plan Zebra', 'brown zebra'].map((text) => Buffer.from(text))
  ]
  const places = { disk: await filesBelow(quire.dataDir), said: [Buffer.from(said)], memory: await memoryOf(quire) }
  for (const [place, parts] of Object.entries(places)) {
    for (const needle of forbidden) {
      const found = parts.some((part) => part.includes(needle))
      expect(found, `${Buffer.from(needle).toString('latin1')} in the ${place}`).toBe(false)
    }
  }
  // What a keeper does have is found where it is, so that the search is known to search.
  expect(places.disk.some((part) => part.includes(swarmId))).toBe(true)
  const hasId = (part: Buffer) => part.includes(swarmId) || part.includes(Buffer.from(bytesOfHex(swarmId)!))
  expect(places.memory.length === 0 || places.memory.some(hasId)).toBe(true)
}, 90_000)

async function filesBelow(folder: string): Promise<Buffer[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  return Promise.all(files.map((file) => readFile(join(file.parentPath, file.name))))
}

/** What the process has in memory that it can write to, where the system lets its parent look; else nothing. */
async function memoryOf(quire: Quire): Promise<Buffer[]> {
  const process = `/proc/${quire.program.process.pid}`
  try {
    await using memory = await open(`${process}/mem`)
    const parts: Buffer[] = []
    for (const line of (await readFile(`${process}/maps`, 'utf8')).split('\n')) {
      const match = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line)
      if (!match) continue
      const [start, end] = [BigInt(`0x${match[1]}`), BigInt(`0x${match[2]}`)]
      const part = Buffer.alloc(Number(end - start))
      const { bytesRead } = await memory.read(part, 0, part.length, start).catch(() => ({ bytesRead: 0 }))
      parts.push(part.subarray(0, bytesRead))
    }
    return parts
  } catch {
    return []
  }
}
