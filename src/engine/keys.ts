import { deriveKeys, plainSwarmId } from '../core/envelope/keys.ts'
import { sha256 } from '@noble/hashes/sha2.js'
import { hexOf } from '../core/bytes.ts'
import type { ManifestCid, SetId, SwarmId } from '../core/ids.ts'
import { utf8Encode } from '../core/proto/proto.ts'
import { ContentCipher } from './crypto.ts'

/** What a holder of the link can do: name the swarm, prove that it may take part, and read. */
export interface DataSetKeys {
  readonly swarmId: SwarmId
  /** Absent for plain data sets: anybody may take part. */
  readonly swarmKey?: Uint8Array
  readonly cipher?: ContentCipher
}

export function keysOf(manifestCid: ManifestCid, secret: Uint8Array | undefined): DataSetKeys {
  if (!secret) return { swarmId: plainSwarmId(manifestCid) }
  const { swarmId, swarmKey, contentKey } = deriveKeys(secret)
  return { swarmId, swarmKey, cipher: new ContentCipher(contentKey) }
}

/** The local name of what a link names: the same in every tab, and nothing that tells others which data set it is. [TB2] */
export function setIdOf(manifestCid: ManifestCid): SetId {
  return hexOf(sha256(utf8Encode(`quire set v1 ${manifestCid}`)).subarray(0, 16)) as SetId
}
