import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openControl } from '../../../relay/control/open.ts'
import { manifestCidOf, treeCidOf } from '../../../src/core/block/cid.ts'
import { encodeManifest } from '../../../src/core/manifest/manifest.ts'
import { freshRecord } from '../../../src/engine/describe.ts'
import { newSetId } from '../../../src/engine/set-id.ts'
import { openStore } from '../../../src/store/open.ts'
import { temporaryFolder } from '../../support/files.ts'
import { startedKeeper, titlesIn } from '../../support/keeper.ts'
import { sha256 } from '../../support/sha256.ts'

it('[RE3] the same data set sent and added many times at once is held once, and everybody is answered', async () => {
  await using one = await startedKeeper()
  const [body, file] = [randomBytes(1_500_000), join(one.dir, 'at once')]
  await writeFile(file, body)
  const control = await openControl(one.dir, [])
  const headers = { 'Content-Disposition': 'filename="at once"' }
  const send = async () => (await fetch(`${one.base}/data`, { method: 'POST', body, headers })).text()
  const add = async () => (await control.add({ paths: [file], plain: true }, () => undefined)).cid
  const cids = new Set(await Promise.all([send(), add(), send(), add(), send(), add()]))
  cids.add(await add())
  expect([cids.size, await titlesIn(one.dir)]).toEqual([1, ['at once']])
})

it('[RE3] [RE8] what a killed keeper was adding twice is removed as one', async () => {
  await using place = await temporaryFolder('twice')
  const { blocks, catalog } = await openStore(join(place.path, 'store'))
  const cids: string[] = []
  for (const datasetBytes of [5, 6]) {
    const manifest = encodeManifest({ treeCid: treeCidOf(randomBytes(32)), blockBytes: 65_536, datasetBytes }, '0.4')
    const manifestCid = manifestCidOf(sha256(manifest))
    const facts = { origin: 'added', kind: 'plain', complete: true, manifest, manifestCid } as const
    for (let n = 0; n < 2; n++) await catalog.putItem({ ...freshRecord(newSetId()), ...facts })
    cids.push(manifestCid)
  }
  await Promise.all([blocks.close(), catalog.close()])
  await using twice = await startedKeeper('--data', place.path)
  const control = await openControl(place.path, [])
  expect((await titlesIn(place.path)).length).toBe(4)
  await fetch(`${twice.base}/data/${cids[0]}`, { method: 'DELETE' })
  await control.forget(cids[1]!)
  expect(await titlesIn(place.path)).toEqual([])
})

it('[RE3] a second keeper over the same folder is told so, and takes nothing from the first', async () => {
  await using one = await startedKeeper()
  const coming = join(one.dir, 'uploads', 'coming')
  await writeFile(coming, 'x')
  await expect(startedKeeper('--data', one.dir)).rejects.toMatchObject({ code: 'store-blocked' })
  expect(await readFile(coming, 'utf8')).toBe('x')
})
