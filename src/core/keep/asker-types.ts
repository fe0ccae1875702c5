import type { PeerId, SwarmId } from '../ids.ts'
import type { BlindKeys, KeepFrame, KeepTerms, KnownKeepFrame, RefuseCode } from './types.ts'

/** A keeper that can be asked. */
export interface KeeperContact {
  readonly peerId: PeerId
  readonly terms: KeepTerms
  /** Nobody answers for it: it is asked after those that relays name. [KE22] */
  readonly found?: boolean
  /** Known from a promise of an earlier visit: it is asked about such promises, and chosen for nothing else. [KE23] */
  readonly remembered?: boolean
  /** Its invitation: it is asked before all others, and shown this, which nobody else ever is. [KE29] */
  readonly token?: Uint8Array
}

/** A data set that is to be kept. */
export interface Wish extends BlindKeys {
  readonly sizeBytes: number
  readonly ownerKey: Uint8Array
  /** So many different keepers are to have it. */
  readonly copies: number
  /** Promises of earlier visits, and whether the keeper said that it has all of it. */
  readonly promises: readonly { readonly keeper: PeerId; readonly untilMs: number; readonly held: boolean }[]
}

/**
 * none: no keeper is known · asking · handing: a keeper fetches its copy · safe: a keeper has all of it and has promised
 * to keep it · refused · away: no keeper answers.
 */
export type KeepState = 'none' | 'asking' | 'handing' | 'safe' | 'refused' | 'away'

/** How a wish stands at one keeper. */
export interface KeeperStanding {
  readonly keeper: PeerId
  readonly state: KeepState
  readonly heldBytes: number
  /** End of its promise, once it has all of it; 0 before. */
  readonly untilMs: number
  /** Why it refused; where it is safe, to keep it for longer. */
  readonly code?: RefuseCode
  /** It promised, and had all of it, but could not be reached since. [KE19] */
  readonly unreached?: { readonly sinceMs: number; readonly promisedUntilMs: number }
}

/** How a wish stands, at the keeper that is furthest, and at each that was chosen. */
export interface KeepStanding extends Omit<KeeperStanding, 'keeper'> {
  readonly keeper?: PeerId
  readonly keepers: readonly KeeperStanding[]
}

export type KeepAskerInput =
  | { type: 'keepers'; keepers: readonly KeeperContact[] }
  /** Others can be reached again after none could: those that could not be reached are tried at once. [KE25] */
  | { type: 'online' }
  /** It was heard of, maybe elsewhere than before: it is tried at once if it could not be reached. [KE33] */
  | { type: 'heard'; keeper: PeerId }
  /** These are not asked any more; what they were asked until now is forgotten. */
  | { type: 'drop'; keepers: readonly PeerId[] }
  | { type: 'wish'; wish: Wish }
  /** It need not be kept any longer: keepers are told, also those that `promised` in an earlier visit. */
  | { type: 'release'; swarmId: SwarmId; ownerKey: Uint8Array; promised: readonly PeerId[] }
  /** It is gone from here, or paused; what keepers promised stays. */
  | { type: 'forget'; swarmId: SwarmId }
  | { type: 'connected'; keeper: PeerId }
  | { type: 'lost'; keeper: PeerId }
  | { type: 'frame'; keeper: PeerId; frame: KeepFrame }
  /** A receipt was checked; undefined: it is not that keeper's for that data set. */
  | { type: 'checked'; keeper: PeerId; swarmId: SwarmId; untilMs: number | undefined }
  | { type: 'wake' }

export type KeepAskerEffect =
  /** Open a lane, then `connected` or `lost`. */
  | { type: 'connect'; keeper: PeerId }
  | { type: 'disconnect'; keeper: PeerId }
  | { type: 'send'; keeper: PeerId; frame: KnownKeepFrame }
  /** Check it, then `checked`. */
  | { type: 'check'; keeper: PeerId; swarmId: SwarmId; receipt: Uint8Array }
  /** That keeper was told to let go. */
  | { type: 'released'; keeper: PeerId; swarmId: SwarmId }
  | { type: 'changed'; swarmId: SwarmId }
