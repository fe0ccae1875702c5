import type { ErrorReport } from '../core/errors.ts'
import type { PeerId, SetId } from '../core/ids.ts'
import type { KeeperStanding, KeepState } from '../core/keep/asker-types.ts'
import type { KeepTerms, RefuseCode } from '../core/keep/types.ts'
import type { ConnectionKind, NetworkStatus } from '../network/types.ts'

/** Something that changes and can be watched. `peek` is cheap and returns the same object until it changes. */
export interface Watchable<S> {
  peek(): S
  /** Called after each change (at most ten times a second for one subject). Returns how to stop. */
  subscribe(listener: (state: S) => void): () => void
}

/**
 * adding: being read, sealed and hashed · sharing: made here and served · waiting: nobody online has what is missing ·
 * fetching · complete: fetched whole, and served · paused: by the person · error: see `error`.
 */
export type ItemState = 'adding' | 'sharing' | 'waiting' | 'fetching' | 'complete' | 'paused' | 'error'

export type ItemAction = 'pause' | 'resume' | 'retry' | 'remove' | 'save' | 'open'

export interface PeerView {
  readonly peerId: PeerId
  /** Colour and order of first block received, 1 to 8, reused after 8; 0 for a peer that sent nothing yet. */
  readonly pigment: number
  readonly kind: ConnectionKind
  readonly role: 'tab' | 'keeper' | 'program'
  /** It holds every block. */
  readonly complete: boolean
  readonly receivedBytesPerSecond: number
  readonly sentBytesPerSecond: number
}

/** The blocks as the interface draws them: at most 384 leaves, each `blocksPerLeaf` blocks. */
export interface LeavesView {
  readonly blocksPerLeaf: number
  /** Verified share of each leaf, 0 to 255. */
  readonly levels: Uint8Array
  /** Pigment of the peer that sent most of it; 0: made here, or verified in an earlier visit. */
  readonly owners: Uint8Array
}

/** How it stands with keepers: whether one holds a copy, so that this device need not stay. */
export interface KeepView {
  /** The person wants it. */
  readonly wanted: boolean
  /** So many keepers are to have one each. */
  readonly copiesWanted: number
  /** As at the keeper that is furthest; releasing: no longer wanted, and not every keeper was told yet. */
  readonly state: KeepState | 'releasing'
  readonly keeper?: PeerId
  /** Of the keeper that promised; undefined before it did. */
  readonly host?: string
  readonly heldBytes: number
  /** When the promise ends, by the clock on the wall; 0: none. */
  readonly untilMs: number
  readonly code?: RefuseCode
  /** That keeper has promised, but could not be reached since. */
  readonly unreached?: KeeperStanding['unreached']
  /** Those that were chosen, or asked before. */
  readonly keepers: readonly (KeeperStanding & { readonly host?: string })[]
}

export interface ItemView {
  readonly id: SetId
  readonly origin: 'added' | 'fetched'
  readonly kind: 'sealed' | 'plain'
  readonly state: ItemState
  /** File name, or the common folder's, or the first file's and how many more there are: `a.jpg + 2`. Empty until known. */
  readonly title: string
  readonly fileCount: number
  readonly mimeType: string
  /** Bytes of all files; 0 until known. */
  readonly contentBytes: number
  /** Bytes of the data set, and how many of them are verified and durable here. While adding: read so far. */
  readonly totalBytes: number
  readonly doneBytes: number
  readonly blockCount: number
  readonly doneBlocks: number
  /** What the person hands on; undefined until the root is known. */
  readonly link?: string
  readonly rateBytesPerSecond: number
  readonly remainingMs?: number
  readonly peers: readonly PeerView[]
  /** Full copies apart from this one: of peers that are connected, and of those a relay told of in the last minutes. */
  readonly otherCopies: number
  readonly leaves: LeavesView
  readonly error?: ErrorReport
  /** The last peer that was dropped, for a plain sentence about it. */
  readonly dropped?: { readonly peerId: PeerId; readonly report: ErrorReport }
  /** Absent: nobody ever said whether keepers are to hold it. */
  readonly keep?: KeepView
  readonly can: readonly ItemAction[]
  readonly createdAtMs: number
}

export interface FileView {
  readonly path: string
  readonly sizeBytes: number
  readonly mimeType: string
  readonly modifiedAtMs: number
}

export interface Item extends Watchable<ItemView> {
  readonly id: SetId
  /**
   * Resolves when the state is `sharing` or `complete`; rejects with the item's error, or with ItemGone once it is removed.
   * Aborting the wait leaves the work going.
   */
  whenReady(options?: { signal?: AbortSignal }): Promise<ItemView>
  /** Resolves with the link as soon as the root is known; rejects as `whenReady` does. */
  whenLinked(options?: { signal?: AbortSignal }): Promise<string>
  /** The files within, once the index is here. */
  files(): Promise<readonly FileView[]>
  /**
   * Bytes `[start, end)` of one file, decrypted, in order, pulled; what is missing is fetched first and fastest.
   * Cancelling the stream withdraws the wish.
   */
  read(fileIndex: number, start: number, end: number): ReadableStream<Uint8Array>
  pause(): Promise<void>
  resume(): Promise<void>
  retry(): Promise<void>
  /**
   * Whether keepers are to hold copies, each another one; without it they are told to remove what they have. `copies`
   * is from 1 to `keepersMax`; absent, it is as before, or `keepersAsked`.
   */
  keep(wanted: boolean, copies?: number): Promise<void>
  /** Stops, and removes blocks and entry from this device. */
  remove(): Promise<void>
}

/** A file to add: a place in the share, and a way to read it. Its size must not change while it is read. */
export interface FileSource {
  readonly path: string
  readonly sizeBytes: number
  readonly mimeType: string
  readonly modifiedAtMs: number
  /** Bytes `[start, end)`; rejects with SourceChanged when the file is gone or not what it was. */
  read(start: number, end: number): Promise<Uint8Array>
  /** What a read gives is a buffer of its own that nobody else keeps: its memory may be given back at once. */
  readonly readsFresh?: boolean
  /**
   * Resolves when the bytes before `end` can be read and may take memory; what it gives is called when they no longer
   * do. Asked in order before each read, where it is there.
   */
  readonly whenReadable?: (end: number) => Promise<() => void>
  /** In a page: what is read, so that it can be handed to the engine's worker. */
  readonly blob?: Blob
}

export interface AddRequest {
  /** Not sealed: everybody who knows the address can read it. Exactly one file. */
  readonly plain?: boolean
  /** Ask so many different keepers to hold a copy each, which outlives this tab; absent or 0: none. */
  readonly keep?: number
  /** Local name to give it; made up when absent. */
  readonly id?: SetId
}

export interface StorageView {
  readonly usedBytes: number
  /** What the person allows. */
  readonly limitBytes: number
  /** What the browser or disk still gives. */
  readonly freeBytes: number
  readonly persisted: boolean
  /** False where nothing can be stored beyond this tab (private window): everything stays in memory. */
  readonly durable: boolean
}

/** What a keeper's invitation says. */
export interface InvitationView {
  readonly keeper: PeerId
  /** What to call it: a name made of its id. */
  readonly host: string
  readonly terms: KeepTerms
  /** It is remembered on this device. */
  readonly accepted: boolean
}

/** The one facade: what an application, the page and the command line use. */
export interface Quire {
  /** Seals (or, plain, just wraps) files as one data set. A handle at once; the link when the root is known. */
  add(files: readonly FileSource[], options?: AddRequest): Item
  /** Opens a link: the item that has it already, or a new one that starts to fetch. Throws LinkError before anything is asked of the network. */
  open(link: string): Promise<Item>
  /** Reads a keeper's invitation, whose signatures are checked; nobody is asked. Throws InvitationError. */
  readInvitation(link: string): Promise<InvitationView>
  /** Remembers it, so that its keeper is asked before all others. Throws InvitationError. */
  acceptInvitation(link: string): Promise<InvitationView>
  /** That keeper is offered nothing more; what it promised stays. */
  forgetInvitation(keeper: PeerId): Promise<void>
  items(): readonly Item[]
  item(id: SetId): Item | undefined
  /** Ids of all items, newest first. */
  readonly library: Watchable<readonly SetId[]>
  readonly network: Watchable<NetworkStatus>
  readonly storage: Watchable<StorageView>
  /** Try relays and peers again now. */
  nudge(): void
  close(): Promise<void>
}
