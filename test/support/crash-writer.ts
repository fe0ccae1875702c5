/**
 * Writes to the store of a folder until it is killed, and says on standard output what is promised:
 *
 *     node crash-writer.ts FOLDER SEED STEP
 *
 * STEP counts writes and flushes of files and commits of the database; at that one half of what is to be written goes
 * out, and the process kills itself. With 0 it waits for the kill from outside.
 */
import { writeSync } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { groupIndex, type SetId } from '../../src/core/ids.ts'
import { freshRecord } from '../../src/engine/describe.ts'
import { openFileSystem } from '../../src/store/filesystem.ts'
import { type CrashSet, crashBlock, crashSet, crashTree, type Said } from './crash-sets.ts'
import { luckOf } from './seeded.ts'

const [folder, seed, step] = [process.argv[2]!, Number(process.argv[3]), Number(process.argv[4])]
const luck = luckOf(seed)
const upTo = (count: number): number => Math.floor(luck() * count)
const say = (said: Said): void => void writeSync(1, `${JSON.stringify(said)}\n`)

type WriteAt = (
  this: FileHandle,
  bytes: Uint8Array,
  offset: number,
  length: number,
  at: number
) => Promise<{ bytesWritten: number; buffer: Uint8Array }>

/** Counts every step, and ends the process in the midst of the one that was asked for. */
async function arm(): Promise<void> {
  let left = step
  const end = (): void => void process.kill(process.pid, 'SIGKILL')
  const probe = await open(join(folder, 'probe'), 'w+')
  const file = Object.getPrototypeOf(probe) as FileHandle
  await probe.close()
  const { datasync } = file
  const write = file.write as WriteAt
  const writeOrEnd: WriteAt = async function (bytes, offset, length, at) {
    if (--left === 0) {
      await write.call(this, bytes, offset, length >> 1, at)
      end()
    }
    return write.call(this, bytes, offset, length, at)
  }
  file.write = writeOrEnd as typeof file.write
  file.datasync = async function (this: FileHandle) {
    if (--left === 0) end()
    return datasync.call(this)
  }
  const exec = DatabaseSync.prototype.exec
  DatabaseSync.prototype.exec = function (this: DatabaseSync, sql: string) {
    const isStep = sql === 'COMMIT' && --left === 0
    // Before and after the commit are two different ends.
    if (isStep && seed % 2) end()
    exec.call(this, sql)
    if (isStep) end()
  }
}

if (step > 0) await arm()
const { blocks, catalog } = await openFileSystem(folder)
const live: CrashSet[] = (await blocks.sets()).map(crashSet)
let next = 0

async function add(): Promise<void> {
  const set = crashSet(`${seed}-${next++}` as SetId)
  await blocks.create(set.id, set)
  say({ did: 'create', set: set.id })
  live.push(set)
  const starts = Array.from({ length: Math.ceil(set.blockCount / 40) }, (_, i) => i * 40)
  await Promise.all(starts.map((start) => put(set, start, Math.min(40, set.blockCount - start))))
  const group = groupIndex(0)
  await blocks.putHashGroups(set.id, [{ group, hashes: crashTree(set).group(group) }])
  say({ did: 'hashes', set: set.id })
  await catalog.putItem({ ...freshRecord(set.id), origin: 'fetched', kind: 'plain', title: set.id })
  say({ did: 'item', set: set.id })
}

async function put(set: CrashSet, start: number, count: number): Promise<void> {
  const placed = Array.from({ length: count }, (_, i) => ({ index: start + i, bytes: crashBlock(set, start + i) }))
  await blocks.putBlocks(set.id, placed)
  say({ did: 'put', set: set.id, start, count })
}

async function remove(): Promise<void> {
  const [set] = live.splice(upTo(live.length), 1)
  if (!set) return
  say({ did: 'begin-removal', set: set.id })
  await catalog.removeItem(set.id)
  await blocks.remove(set.id)
  await catalog.left(set.id)
  say({ did: 'remove', set: set.id })
}

say({ did: 'open' })
for (;;) await Promise.all([add(), luck() < 0.5 || live.length > 12 ? remove() : add(), live.length > 12 && remove()])
