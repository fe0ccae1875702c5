import type { ErrorReport } from '../../core/errors.ts'
import type { PeerId, SetId } from '../../core/ids.ts'
import type { NetworkStatus } from '../../network/types.ts'
import type { FileView, InvitationView, ItemView, StorageView } from '../types.ts'

/** A file on its way into the worker; blobs are handed over by reference, not copied. */
export interface BlobEntry {
  readonly path: string
  readonly mimeType: string
  readonly modifiedAtMs: number
  readonly blob: Blob
}

/** What the page may ask of the engine in its worker, with what comes back. */
export interface Calls {
  add(id: SetId, files: readonly BlobEntry[], options: { readonly plain: boolean; readonly keep: number }): void
  open(link: string): SetId
  readInvitation(link: string): InvitationView
  acceptInvitation(link: string): InvitationView
  forgetInvitation(keeper: PeerId): void
  files(id: SetId): readonly FileView[]
  pause(id: SetId): void
  resume(id: SetId): void
  retry(id: SetId): void
  keep(id: SetId, wanted: boolean, copies?: number): void
  remove(id: SetId): void
  /** Opens a read; its chunks come one for each `pull`. Returns nothing: the page names the stream. */
  read(id: SetId, stream: number, fileIndex: number, start: number, end: number): void
  /** The next chunk, or undefined at the end. */
  pull(stream: number): Uint8Array | undefined
  cancel(stream: number): void
  nudge(): void
  close(): void
}

export type CallName = keyof Calls

export interface CallMessage {
  readonly type: 'call'
  readonly id: number
  readonly name: CallName
  readonly args: readonly unknown[]
}

/** First message to the worker: the network's port, and where links point. */
export interface StartMessage {
  readonly type: 'start'
  readonly network: MessagePort
  readonly origin: string
}

export type ToWorker = CallMessage | StartMessage

export type FromWorker =
  | { readonly type: 'result'; readonly id: number; readonly value: unknown }
  | { readonly type: 'failure'; readonly id: number; readonly report: ErrorReport }
  | { readonly type: 'library'; readonly ids: readonly SetId[] }
  | { readonly type: 'item'; readonly view: ItemView }
  | { readonly type: 'network'; readonly status: NetworkStatus }
  | { readonly type: 'storage'; readonly view: StorageView }
  /** Everything known at the start was sent. */
  | { readonly type: 'ready' }
  /** The engine could not start at all. */
  | { readonly type: 'broken'; readonly report: ErrorReport }
