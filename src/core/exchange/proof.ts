import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import type { PeerId } from '../ids.ts'
import { utf8Encode } from '../proto/proto.ts'

/**
 * Proof that a peer knows the swarm key: HMAC-SHA-256(swarm key, label ‖ both peer ids ‖ direction). The ids are
 * those that the transport authenticated, so a proof is of no use between other peers, or the other way round. [EX5]
 */
export function proofOf(
  swarmKey: Uint8Array,
  initiator: PeerId,
  responder: PeerId,
  by: 'initiator' | 'responder'
): Uint8Array {
  const text = ['quire exchange proof v1', initiator, responder, by].join('\n')
  return hmac(sha256, swarmKey, utf8Encode(text))
}

/** In time that does not depend on where they differ. */
export function proofsEqual(a: Uint8Array | undefined, b: Uint8Array): boolean {
  if (a?.length !== b.length) return false
  let difference = 0
  for (let i = 0; i < b.length; i++) difference |= a[i]! ^ b[i]!
  return difference === 0
}
