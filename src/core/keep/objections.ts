import { bytesEqual } from '../bytes.ts'
import { plainSwarmId } from '../envelope/keys.ts'
import type { PeerId } from '../ids.ts'
import { keepComingMax, keepPeerSetsMax, keepSetsMax } from '../limits.ts'
import { tokenHash } from './token.ts'
import type { KeepPolicy, Kept, KeptTotals, Offer, RefuseCode } from './types.ts'

/** What room there is taken already, when an offer comes. */
export interface Taken {
  /** By all copies. */
  readonly all: KeptTotals
  /** By those that the same peer offered. */
  readonly theirs: KeptTotals
  /** Copies that are not whole yet. */
  readonly coming: number
  /** What anything else leaves, which is on the same disk. */
  readonly leftBytes: number
}

/** Why an offer is refused by whom it comes from and what it says, or undefined. [KE3] [KE4] */
export function objectionToOffer(policy: KeepPolicy, peerId: PeerId, offer: Offer): RefuseCode | undefined {
  const { tokens, peers, termMsMax } = policy
  if ((tokens || peers) && !peers?.includes(peerId)) {
    const code = objectionToToken(policy, offer.token)
    if (code) return code
  }
  if (!offer.swarmKey && offer.swarmId !== plainSwarmId(offer.manifestCid)) return 'not-allowed'
  return offer.termMs > termMsMax ? 'term-too-long' : undefined
}

/** Why a token does not let in, or undefined. [KE3] [KE31] */
function objectionToToken({ tokens, revoked }: KeepPolicy, token: Uint8Array | undefined): RefuseCode | undefined {
  if (!token) return 'not-allowed'
  if (!tokens) return 'invitation-ended'
  const hash = tokenHash(token)
  if (tokens.has(hash)) return undefined
  return revoked?.has(hash) ? 'invitation-revoked' : 'invitation-unknown'
}

/** Why there is no room for one that is new. [KE2] */
export function objectionToSize(policy: KeepPolicy, { sizeBytes }: Offer, taken: Taken): RefuseCode | undefined {
  const { dataSetBytesMax, peerBytesMax, bytesMax } = policy
  const { all, theirs, coming, leftBytes } = taken
  if (sizeBytes === 0 || sizeBytes > dataSetBytesMax) return 'too-large'
  const hasRoom =
    sizeBytes <= leftBytes &&
    all.bytes + sizeBytes <= bytesMax &&
    theirs.bytes + sizeBytes <= peerBytesMax &&
    all.copies < keepSetsMax &&
    theirs.copies < keepPeerSetsMax &&
    coming < keepComingMax
  return hasRoom ? undefined : 'full'
}

export function isSame(kept: Kept, offer: Offer): boolean {
  const keysAgree =
    kept.swarmKey && offer.swarmKey ? bytesEqual(kept.swarmKey, offer.swarmKey) : kept.swarmKey === offer.swarmKey
  return keysAgree && kept.manifestCid === offer.manifestCid
}
