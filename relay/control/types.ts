import type { InvitationView, ItemState } from '../../src/engine/types.ts'
import type { KeepState } from '../../src/core/keep/asker-types.ts'
import type { ConnectionKind } from '../../src/network/types.ts'

/** A data set in a folder: one of the library, or a copy that is held for others. */
export interface ItemFacts {
  readonly title: string
  readonly kind: 'sealed' | 'plain'
  readonly complete: boolean
  readonly contentBytes: number
  readonly createdAtMs: number
  readonly cid?: string
  readonly link?: string
  /** When the promise to those others ends, and how much it is. */
  readonly heldForOthersUntilMs?: number
  readonly sizeBytes?: number
}

/** How something fares that takes its time. */
export interface Progress {
  readonly state: ItemState
  readonly title: string
  readonly doneBytes: number
  readonly totalBytes: number
  readonly rateBytesPerSecond: number
  readonly peers: readonly ConnectionKind[]
  readonly keep?: KeepState | 'releasing'
}

export interface Status {
  /** Items of the library, and copies that are held for others. */
  readonly items: number
  readonly heldForOthers: number
  readonly usedBytes: number
  /** Of a program that runs. */
  readonly running?: {
    readonly peerId: string
    readonly addresses: readonly string[]
    readonly limitBytes: number
    readonly relays: readonly { readonly url: string; readonly state: string }[]
    readonly peers: number
  }
}

/** Somebody whom a program that runs is connected to, for one of its items. */
export interface PeerFacts {
  readonly peerId: string
  readonly role: string
  readonly kind: ConnectionKind
  readonly title: string
  readonly receivedBytesPerSecond: number
  readonly sentBytesPerSecond: number
}

/** An invitation that a keeper has given. */
export interface InvitationFacts {
  readonly name: string
  readonly madeAtMs: number
  /** In the answer to who asks for it by its name. */
  readonly link?: string
}

export interface AddWish {
  /** Absolute: whoever adds may stand elsewhere. */
  readonly paths: readonly string[]
  readonly plain?: boolean
  /** So many keepers are to hold a copy each before it counts as done. */
  readonly copies?: number
  /** A keeper's, which is remembered and asked first. */
  readonly invitation?: string
}

export interface KeepWish {
  readonly link: string
  readonly copies?: number
  readonly invitation?: string
}

/**
 * What the verbs of the command line ask of a library: of one that they open themselves, or of the program that has it
 * open. Rejects with a QuireError that says what is wrong.
 */
export interface Control {
  /** Newest first. */
  list(): AsyncIterable<ItemFacts>
  /** Resolves when the link is known, everything is stored, and the copies are held. */
  add(wish: AddWish, tell: (progress: Progress) => void): Promise<ItemFacts>
  /** Resolves when everything is here, and the copies are held. */
  keep(wish: KeepWish, tell: (progress: Progress) => void): Promise<ItemFacts>
  /** By link or address, or a keeper's invitation. */
  forget(name: string): Promise<ItemFacts | InvitationView>
  status(): Promise<Status>
  peers(): Promise<readonly PeerFacts[]>
  /** The invitation of that name, which is made where there is none. */
  invite(name: string): Promise<InvitationFacts>
  invitations(): Promise<readonly InvitationFacts[]>
  revoke(name: string): Promise<InvitationFacts>
  close(): Promise<void>
}
