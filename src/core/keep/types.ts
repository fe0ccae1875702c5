import type { LaneId, ManifestCid, PeerId, SwarmId } from '../ids.ts'

/**
 * Why the invitation that came with an offer does not count: it was taken back; the keeper takes none any more; the keeper
 * does not know it.
 */
export type InvitationCode = 'invitation-revoked' | 'invitation-ended' | 'invitation-unknown'

/** Why an offer is not taken. */
export type RefuseCode = 'full' | 'too-large' | 'not-allowed' | 'term-too-long' | InvitationCode

export const isAboutInvitation = (code: RefuseCode | undefined): code is InvitationCode =>
  code?.startsWith('invitation-') ?? false

/** How much of a copy a keeper has: nothing and no promise, a promise, all of it and durable. */
export type CopyState = 'none' | 'coming' | 'held'

/** What a keeper needs to fetch, prove, hold and serve a data set, and nothing to read it with. */
export interface BlindKeys {
  readonly manifestCid: ManifestCid
  readonly swarmId: SwarmId
  /** Absent for plain data sets: anybody may take part. */
  readonly swarmKey?: Uint8Array
}

export interface Offer extends BlindKeys {
  /** What its blocks take. */
  readonly sizeBytes: number
  /** Whole seconds; how long from now it is to be kept. */
  readonly termMs: number
  /** Hash of the owner's key: who has the key may have the copy removed. [KE9] */
  readonly owner: Uint8Array
  /** For a keeper by invitation. */
  readonly token?: Uint8Array
}

/** Messages of `/quire/keep/1`; SPEC.md has their bytes. */
export type KeepFrame =
  | { type: 'offer'; offer: Offer }
  | { type: 'accepted'; swarmId: SwarmId; receipt: Uint8Array }
  | { type: 'refused'; swarmId: SwarmId; code: RefuseCode }
  | { type: 'ask-status'; swarmId: SwarmId }
  | { type: 'status'; swarmId: SwarmId; state: CopyState; heldBytes: number; untilMs: number }
  | { type: 'release'; swarmId: SwarmId; ownerKey: Uint8Array }
  /** What it accepts, before anything is offered. */
  | { type: 'ask-terms' }
  | { type: 'terms'; terms: Uint8Array }
  | { type: 'unknown'; code: number }

export type KnownKeepFrame = Exclude<KeepFrame, { type: 'unknown' }>

/** What a keeper says it accepts, before it is asked. */
export interface KeepTerms {
  readonly dataSetBytesMax: number
  readonly termMsMax: number
  /** Not everybody is accepted. */
  readonly invited: boolean
}

/** As `tokenHash` makes them: how long it takes to look for one says nothing of a token. */
export type TokenHashes = ReadonlySet<string>

/** What a keeper by invitation gave: what lets in, and what did until it was revoked. */
export interface GivenTokens {
  readonly tokens: TokenHashes
  readonly revoked: TokenHashes
}

/** What a keeper accepts. */
export interface KeepPolicy {
  /** All copies together. */
  readonly bytesMax: number
  /** What one peer offers in a visit. */
  readonly peerBytesMax: number
  readonly dataSetBytesMax: number
  readonly termMsMax: number
  /** Absent: anybody. Otherwise who shows a token of which this has the hash, or is one of these peers. */
  readonly tokens?: TokenHashes
  /** Those that were revoked, so that whoever shows one is told so. */
  readonly revoked?: TokenHashes
  readonly peers?: readonly PeerId[]
}

/** A copy that a keeper promised to keep, as it remembers it. */
export interface Kept extends BlindKeys {
  readonly sizeBytes: number
  readonly untilMs: number
  /** Whose room it takes: the peer that offered it first. */
  readonly peerId: PeerId
  /** Hashes of owners' keys, as hex. */
  readonly owners: readonly string[]
}

/** Copies, and what they were offered to take. */
export interface KeptTotals {
  readonly copies: number
  readonly bytes: number
}

export type KeeperInput =
  /** What was kept before a restart: all of it, and those of it that are not whole, of which `progress` tells. */
  | { type: 'restored'; totals: KeptTotals; coming: readonly Kept[] }
  /** Who is invited from now on, at a keeper by invitation. */
  | ({ type: 'invited' } & GivenTokens)
  | { type: 'opened'; laneId: LaneId; peerId: PeerId }
  | { type: 'frame'; laneId: LaneId; frame: KeepFrame }
  /** What the catalog has of what `look` asked for: a copy that is whole, and all that this peer offered. */
  | {
      type: 'found'
      laneId: LaneId
      swarmId: SwarmId
      whole?: { readonly kept: Kept; readonly heldBytes: number }
      theirs: KeptTotals
      /** What may still be promised: is not taken by what is stored, under way or promised. */
      leftBytes: number
    }
  | { type: 'look-failed'; laneId: LaneId }
  | { type: 'closed'; laneId: LaneId }
  /** A promise is durable. */
  | { type: 'saved'; laneId: LaneId; swarmId: SwarmId; kept: Kept }
  | { type: 'save-failed'; laneId: LaneId; swarmId: SwarmId }
  /** What `accept` asked for. */
  | { type: 'signed'; laneId: LaneId; swarmId: SwarmId; receipt: Uint8Array }
  /** What that lane let go of is so durably. */
  | { type: 'let-go'; laneId: LaneId; swarmId: SwarmId }
  | { type: 'progress'; swarmId: SwarmId; heldBytes: number; isWhole: boolean }
  /** What the data set really takes, now that its manifest is known. */
  | { type: 'measured'; swarmId: SwarmId; sizeBytes: number }
  /** It cannot be held: its manifest is of no use, or the disk failed for good. */
  | { type: 'unusable'; swarmId: SwarmId }
  /** What `end-overdue` was for is done: so much is gone, and the next in the catalog ends then. */
  | { type: 'ended'; gone: KeptTotals; nextAtMs: number }
  | { type: 'wake' }

export type KeeperEffect =
  | { type: 'send'; laneId: LaneId; frame: KnownKeepFrame }
  /** Look up a copy in the catalog, then `found` or `look-failed`. */
  | { type: 'look'; laneId: LaneId; peerId: PeerId; swarmId: SwarmId }
  /** Make it durable, then `saved` or `save-failed`. */
  | { type: 'save'; laneId: LaneId; kept: Kept }
  /** One of several owners let go: make it durable, then `let-go`. */
  | { type: 'update'; laneId: LaneId; kept: Kept }
  /** Sign a receipt, then `signed`. */
  | { type: 'accept'; laneId: LaneId; kept: Kept; fromMs: number }
  /** Fetch it, hold it, serve it. */
  | { type: 'begin'; kept: Kept }
  /** It is whole and durable, and nobody asks about it: the catalog alone knows of it from now on. */
  | { type: 'rest'; swarmId: SwarmId }
  /** Remove what is in the catalog alone and whose term is over by then, then `ended`. */
  | { type: 'end-overdue'; byMs: number }
  /** Remove promise and copy; then `let-go` for those that follow it, and, once it is gone, for the lane that let go. */
  | { type: 'end'; swarmId: SwarmId; laneId?: LaneId; followers: readonly LaneId[] }
  /** Sign the terms and send them. */
  | { type: 'tell-terms'; laneId: LaneId }
  | { type: 'close'; laneId: LaneId }
