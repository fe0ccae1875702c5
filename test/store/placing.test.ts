import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, it } from 'vitest'
import { plainSwarmId } from '../../src/core/envelope/keys.ts'
import { blockBytes, catalogPageItems } from '../../src/core/limits.ts'
import { migrations } from '../../src/store/disk/schema.ts'
import { textOf } from '../../src/store/disk/values.ts'
import { keptSet, smallSet } from '../support/small-sets.ts'
import { inPlace } from '../support/store-folder.ts'

const placingVersion = 3
const keptVersion = 4

it('[ST25] what a version before wrote of its items is placed at the first opening', () =>
  inPlace(async ({ folder, closeAll, open }) => {
    await closeAll()
    await rm(folder, { recursive: true })
    await mkdir(folder)
    const count = catalogPageItems + 10
    const before = new DatabaseSync(join(folder, 'store.db'))
    for (const step of migrations.slice(0, placingVersion - 1)) before.exec(step)
    before.exec(`PRAGMA user_version = ${placingVersion - 1}`)
    const put = before.prepare('INSERT INTO items (id, manifest_cid, record) VALUES (?, ?, ?)')
    before.exec('BEGIN')
    for (let i = 0; i < count; i++) {
      const { id, record } = smallSet(i)
      put.run(id, record.manifestCid, textOf({ ...record, complete: i > 0 }))
    }
    before.exec('COMMIT')
    before.close()
    const { catalog } = await open()
    expect(await catalog.totals()).toEqual({ items: count, kept: 0, wholeBlocks: count - 1 })
    expect((await catalog.restless()).map(({ id }) => id)).toEqual([smallSet(0).id])
    const last = smallSet(count - 1)
    expect(await catalog.servedBySwarm(plainSwarmId(last.record.manifestCid))).toEqual(last.record)
  }))

it('[KE24] copies for others that a version before wrote are found by their swarms and ends', () =>
  inPlace(async ({ folder, closeAll, open }) => {
    await closeAll()
    await rm(folder, { recursive: true })
    await mkdir(folder)
    const before = new DatabaseSync(join(folder, 'store.db'))
    for (const step of migrations.slice(0, keptVersion - 1)) before.exec(step)
    before.exec(`PRAGMA user_version = ${keptVersion - 1}`)
    const put = before.prepare("INSERT INTO items (id, manifest_cid, record, standing) VALUES (?, ?, ?, 'kept')")
    for (const [index, complete] of [true, false].entries()) {
      const { id, record } = keptSet(index, 9e12 + index)
      put.run(id, record.manifestCid, textOf({ ...record, complete }))
    }
    before.close()
    const { catalog } = await open()
    const [whole, coming] = [keptSet(0, 9e12), keptSet(1, 9e12 + 1)]
    expect(await catalog.keptBySwarm(whole.record.kept.swarmId)).toEqual(whole.record)
    expect((await catalog.restless()).map(({ id }) => id)).toEqual([coming.id])
    expect(await catalog.keptTotals()).toEqual({ copies: 2, bytes: 2 * blockBytes })
    expect(await catalog.nextKeptEnd(0)).toBe(9e12)
  }))
