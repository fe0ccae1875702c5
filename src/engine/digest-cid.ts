import { manifestCidOf } from '../core/block/cid.ts'
import type { ManifestCid } from '../core/ids.ts'
import { digest } from './crypto.ts'

/** The address of an encoded manifest. */
export async function digestCid(manifest: Uint8Array): Promise<ManifestCid> {
  return manifestCidOf(await digest(manifest))
}
