import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, it } from 'vitest'
import { plainSwarmId } from '../../src/core/envelope/keys.ts'
import { catalogPageItems } from '../../src/core/limits.ts'
import { migrations } from '../../src/store/disk/schema.ts'
import { textOf } from '../../src/store/disk/values.ts'
import { smallSet } from '../support/small-sets.ts'
import { inPlace } from '../support/store-folder.ts'

const placingVersion = 3

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
