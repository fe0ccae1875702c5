import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { manifestCidBytes } from '../block/cid.ts'
import { hexOf, joinBytes } from '../bytes.ts'
import type { ManifestCid, SwarmId } from '../ids.ts'
import { utf8Encode } from '../proto/utf8.ts'

export interface EnvelopeKeys {
  /** AES-256 key of the content; only holders of the link have it. */
  readonly contentKey: Uint8Array
  /** What trackers see. */
  readonly swarmId: SwarmId
  /** Proves that a peer may take part, without being able to read. */
  readonly swarmKey: Uint8Array
}

const derive = (secret: Uint8Array, label: string): Uint8Array => hkdf(sha256, secret, undefined, utf8Encode(label), 32)

/** `secret`: 16 bytes. HKDF-SHA-256 without salt, one label for each use. [EN2] */
export function deriveKeys(secret: Uint8Array): EnvelopeKeys {
  return {
    contentKey: derive(secret, 'quire content v1'),
    swarmId: hexOf(derive(secret, 'quire swarm id v1')) as SwarmId,
    swarmKey: derive(secret, 'quire swarm key v1')
  }
}

/** SHA-256("quire swarm v1" ‖ CID bytes): everybody who knows the address finds the swarm. [EN3] */
export function plainSwarmId(cid: ManifestCid): SwarmId {
  return hexOf(sha256(joinBytes(utf8Encode('quire swarm v1'), manifestCidBytes(cid)))) as SwarmId
}
