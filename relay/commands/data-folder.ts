import { access } from 'node:fs/promises'
import { join } from 'node:path'
import type { BucketPlace } from '../../src/store/s3.ts'
import { BadSetting, CannotRead } from '../errors.ts'

/** Places of the store within the folder of a keeper, of a relay, and of `share` and `get`. */
const places = ['store', 'keeper', '']

/** Where in a program's data folder its store is. @throws CannotRead where there is none */
export async function storeFolderIn(dataDir: string): Promise<string> {
  for (const place of places) {
    const folder = join(dataDir, place)
    const isStore = await access(join(folder, 'format.json')).then(
      () => true,
      () => false
    )
    if (isStore) return folder
  }
  throw new CannotRead(dataDir)
}

/** Where its store is or is to be: a folder that has none gets it where a keeper looks, so that one can run over it. */
export async function storePlace(dataDir: string): Promise<string> {
  return storeFolderIn(dataDir).catch(() => join(dataDir, 'store'))
}

/** The bucket that blocks lie in, as given, else by the environment. @throws BadSetting */
export async function bucketOf(given?: string): Promise<BucketPlace | undefined> {
  const text = given ?? process.env.QUIRE_S3
  if (!text) return undefined
  const { bucket } = await import('../settings/kinds.ts')
  const place = bucket.fromText(text)
  if (!place) throw new BadSetting(given === undefined ? 'QUIRE_S3' : '--s3', '…', bucket.wanted)
  return place
}
