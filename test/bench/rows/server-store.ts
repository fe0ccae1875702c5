import { execFileSync } from 'node:child_process'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { SetId } from '../../../src/core/ids.ts'
import { segmentBlocks } from '../../../src/core/limits.ts'
import { freshRecord } from '../../../src/engine/describe.ts'
import { openFileSystem } from '../../../src/store/filesystem.ts'
import { seededBytes } from '../../support/seeded.ts'
import { cpuOf, interleaved, ratio, spread, tell, valuesOf } from '../measure.ts'
import type { BenchOptions } from '../options.ts'
import type { Section } from '../results.ts'

const opener = fileURLToPath(new URL('../open-store.ts', import.meta.url))
const blockBytes = 64 * 1024
const segmentBytes = segmentBlocks * blockBytes
/** As adding has them. */
const underWay = 4

/** Blocks are put a segment at a time, as adding and fetching do; a file takes the same bytes in the same pieces. */
export async function storeWrites({ rounds, megabytes }: BenchOptions): Promise<Section> {
  const segments = Math.ceil(((megabytes ?? 500) * 1e6) / segmentBytes)
  const bytes = seededBytes(1, segmentBytes)
  const blocks = Array.from({ length: segmentBlocks }, (_, i) => bytes.subarray(i * blockBytes, (i + 1) * blockBytes))
  const rate = (startMs: number) => (segments * segmentBytes) / 1000 / (performance.now() - startMs)
  const folder = await mkdtemp(join(tmpdir(), 'quire-bench-'))
  const store = await openFileSystem(join(folder, 'store'))
  const set = 'a' as SetId
  const path = join(folder, 'file')
  const plain = async (flushEach: boolean) => {
    const startMs = performance.now()
    const file = await open(path, 'w')
    await inTurn(segments, async (segment) => {
      await file.write(bytes, 0, bytes.length, segment * segmentBytes)
      if (flushEach) await file.datasync()
    })
    await file.sync()
    await file.close()
    return rate(startMs)
  }
  const after = () => rm(path)
  const ways = await interleaved(rounds, {
    store: {
      run: async () => {
        const startMs = performance.now()
        await store.blocks.create(set, { blockCount: segments * segmentBlocks, blockBytes })
        await inTurn(segments, (segment) =>
          store.blocks.putBlocks(
            set,
            blocks.map((block, i) => ({ index: segment * segmentBlocks + i, bytes: block }))
          )
        )
        return rate(startMs)
      },
      after: async () => {
        await store.blocks.remove(set)
        await store.blocks.swept()
      }
    },
    once: { run: () => plain(false), after },
    each: { run: () => plain(true), after }
  })
  await store.blocks.close()
  await store.catalog.close()
  await rm(folder, { recursive: true })
  const row = (name: string, of: typeof ways.once) => [
    name,
    spread(valuesOf(ways.store)),
    spread(valuesOf(of)),
    ratio(ways.store, of, 'value'),
    ratio(ways.store, of, 'cpuSeconds'),
    'stated'
  ]
  tell(`CPU-s of the store: ${spread(cpuOf(ways.store))}`)
  return {
    title: "A server's store: writing",
    explains:
      `${((segments * segmentBytes) / 1e6).toFixed(0)} MB in segments of 4 MiB, ${underWay} under way, until the last is durable, ` +
      'into the store of a folder and into one plain file that is flushed once at its end, or after each segment as the store must.',
    head: ['against a file flushed', 'store, MB/s', 'file, MB/s', 'ratio', 'CPU ratio', 'goal'],
    rows: [row('once', ways.once), row('each segment', ways.each)]
  }
}

async function inTurn(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0
  await Promise.all(
    Array.from({ length: underWay }, async () => {
      while (next < count) await work(next++)
    })
  )
}

interface Opened {
  readonly openMs: number
  readonly openBytes: number
  readonly itemsMs: number
  readonly itemsBytes: number
}

/** A process of its own opens a folder with ever more data sets. */
export async function storeOpening({ rounds }: BenchOptions): Promise<Section> {
  const folder = await mkdtemp(join(tmpdir(), 'quire-bench-'))
  const rows: string[][] = []
  let held = 0
  for (const count of [1, 1_000, 100_000]) {
    await addSets(folder, held, count)
    held = count
    const opened = Array.from({ length: rounds }, () => {
      const said = execFileSync(process.execPath, [opener, folder, idOf(count - 1)], { encoding: 'utf8' })
      return JSON.parse(said) as Opened
    })
    const mib = (key: 'openBytes' | 'itemsBytes') => spread(opened.map((each) => each[key] / 2 ** 20))
    const ms = (key: 'openMs' | 'itemsMs') => spread(opened.map((each) => each[key]))
    rows.push([count.toLocaleString('en'), ms('openMs'), mib('openBytes'), ms('itemsMs'), mib('itemsBytes'), 'flat'])
    tell(rows.at(-1)!.join(' | '))
  }
  await rm(folder, { recursive: true })
  return {
    title: "A server's store: opening",
    explains:
      'A new process opens a folder of data sets of one block of 64 KiB each, and reads a block of the newest one: time, and what its ' +
      'memory (RSS) grows by. Then it reads the whole catalog into memory, as the engine of a page does, which does grow with their number.',
    head: ['data sets', 'opening, ms', 'memory, MiB', 'catalog, ms more', 'memory with it, MiB', 'goal'],
    rows
  }
}

const idOf = (index: number): SetId => `set-${index}` as SetId

async function addSets(folder: string, from: number, to: number): Promise<void> {
  const { blocks, catalog } = await openFileSystem(folder)
  const together = 256
  for (let start = from; start < to; start += together) {
    const indices = Array.from({ length: Math.min(together, to - start) }, (_, i) => start + i)
    await Promise.all(
      indices.map(async (index) => {
        const id = idOf(index)
        await blocks.create(id, { blockCount: 1, blockBytes })
        await blocks.putBlocks(id, [{ index: 0, bytes: seededBytes(index, blockBytes) }])
        const manifest = seededBytes(index, 90)
        await catalog.putItem({ ...freshRecord(id), origin: 'fetched', kind: 'sealed', manifest, complete: true })
      })
    )
  }
  await blocks.close()
  await catalog.close()
}
