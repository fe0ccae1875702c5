import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { sourcesOf } from '../../relay/files.ts'
import { temporaryFolder } from '../support/files.ts'
import { seededBytes } from '../support/seeded.ts'

it('parts of a file are read side by side, whichever comes first', async () => {
  await using folder = await temporaryFolder('files')
  const content = seededBytes(1, 20_000_000)
  const path = join(folder.path, 'a.bin')
  await writeFile(path, content)
  const [source] = await sourcesOf([path])
  const half = content.length - 1
  // The end is there long before the rest.
  const [end, start] = await Promise.all([source!.read(half, content.length), source!.read(0, half)])
  expect(Buffer.concat([start, end]).equals(content)).toBe(true)
})

it('a file that changed, or is gone, is told as such', async () => {
  await using folder = await temporaryFolder('files')
  const path = join(folder.path, 'a.bin')
  await writeFile(path, 'before')
  const [source] = await sourcesOf([path])
  await writeFile(path, 'after it was chosen')
  await expect(source!.read(0, 6)).rejects.toMatchObject({ code: 'source-changed' })
  const [gone] = await sourcesOf([path])
  await folder[Symbol.asyncDispose]()
  await expect(gone!.read(0, 6)).rejects.toMatchObject({ code: 'source-changed' })
})
