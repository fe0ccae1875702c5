import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { groupIndex, type SetId } from '../../src/core/ids.ts'
import { openFileSystem } from '../../src/store/filesystem.ts'
import { checkStore } from '../../src/store/fsck.ts'
import { crashBlock, crashSet, crashTree, type Said } from '../support/crash-sets.ts'
import { removeFolder } from '../support/files.ts'
import { luckOf } from '../support/seeded.ts'

const writer = fileURLToPath(new URL('../support/crash-writer.ts', import.meta.url))
/** The whole proof is 200 kills: QUIRE_KILLS=200. */
const kills = Number(process.env.QUIRE_KILLS ?? 16)
const seed = Number(process.env.QUIRE_SEED ?? 1)

/** What must be there, and what may be. */
interface Promised {
  readonly sets: Map<SetId, { readonly blocks: Set<number>; hashes: boolean; item: boolean }>
  /** Begun to be removed: there or not. */
  readonly leaving: Set<SetId>
  readonly removed: Set<SetId>
}

it(`[ST1] [ST18] [ST27] loses nothing of what it promised, and claims nothing else, in ${kills} kills`, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'quire-kill-'))
  const luck = luckOf(seed)
  const promised: Promised = { sets: new Map(), leaving: new Set(), removed: new Set() }
  try {
    for (let kill = 1; kill <= kills; kill++) {
      // Every other one ends itself within a write; the others are ended wherever they are.
      const moment = 1 + Math.floor(luck() * 60)
      for (const said of await writeUntilKilled(folder, kill, moment)) note(promised, said)
      await verify(folder, promised, `kill ${kill} at ${moment}`)
    }
  } finally {
    await removeFolder(folder)
  }
}, 600_000)

async function writeUntilKilled(folder: string, kill: number, moment: number): Promise<Said[]> {
  const isOwnEnd = kill % 2 === 0
  const args = [writer, folder, String(seed * 1000 + kill), String(isOwnEnd ? moment * 2 : 0)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = once(child, 'close')
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
  const lines: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line)
    if (!isOwnEnd && lines.length === moment) child.kill('SIGKILL')
  }
  const [, signal] = (await ended) as [number | null, string | null]
  expect(signal, errors).toBe('SIGKILL')
  return lines.map((line) => JSON.parse(line) as Said)
}

function note({ sets, leaving, removed }: Promised, said: Said): void {
  if (said.did === 'open') return
  if (said.did === 'create') return void sets.set(said.set, { blocks: new Set(), hashes: false, item: false })
  if (said.did === 'begin-removal') return void leaving.add(said.set)
  if (said.did === 'remove') {
    sets.delete(said.set)
    return void removed.add(said.set)
  }
  const known = sets.get(said.set)
  if (!known) return
  if (said.did === 'put') for (let i = 0; i < said.count; i++) known.blocks.add(said.start + i)
  else known[said.did] = true
}

async function verify(folder: string, { sets, leaving, removed }: Promised, when: string): Promise<void> {
  const { blocks, catalog } = await openFileSystem(folder)
  for (const id of await catalog.leaving()) {
    await blocks.remove(id)
    await catalog.left(id)
  }
  await blocks.swept()
  const listed = new Set(await blocks.sets())
  for (const id of listed) {
    const set = crashSet(id)
    expect(await blocks.shape(id), `${when}: shape of ${id}`).toEqual({
      blockCount: set.blockCount,
      blockBytes: set.blockBytes
    })
    const held = (await blocks.held(id))!
    for (const { start, count } of held.ranges()) {
      const read = await blocks.readBlocks(id, { start, count })
      const wrong = read.findIndex((bytes, i) => Buffer.compare(bytes, crashBlock(set, start + i)) !== 0)
      expect(wrong, `${when}: a block of ${id} from ${start} on`).toBe(-1)
    }
    const hashes = await blocks.readHashGroup(id, groupIndex(0))
    if (hashes) expect(hashes, `${when}: hashes of ${id}`).toEqual(crashTree(set).group(groupIndex(0)))
    const known = sets.get(id)
    const lost = [...(known?.blocks ?? [])].filter((index) => !held.has(index))
    expect(lost, `${when}: blocks of ${id}`).toEqual([])
    if (known?.hashes) expect(hashes, `${when}: hashes of ${id}`).toBeDefined()
    const item = await catalog.item(id)
    if (known?.item) expect(item?.title, `${when}: item ${id}`).toBe(id)
    expect(removed.has(id), `${when}: ${id} was removed`).toBe(false)
  }
  for (const id of sets.keys()) {
    if (!listed.has(id) && leaving.has(id)) sets.delete(id)
    else expect(listed.has(id), `${when}: ${id} is there`).toBe(true)
  }
  const { problems } = await checkStore({ blocks, catalog })
  const bad = problems.filter(({ kind }) => kind !== 'set-without-item' && kind !== 'hashes-missing')
  expect(bad, when).toEqual([])
  await blocks.close()
  await catalog.close()
}
