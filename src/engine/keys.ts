import { deriveKeys, plainSwarmId } from '../core/envelope/keys.ts'
import type { ManifestCid, SwarmId } from '../core/ids.ts'
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
