/**
 * Quire as a library: share files from tab to tab, sealed and verified.
 * In a page: `openPageQuire`. In a program: `QuireEngine.open` with a store and a network of its own.
 */
export { openPageQuire, type PageOptions } from './engine/browser.ts'
export { blobSource, fileSource } from './engine/sources.ts'
export { UploadLimit } from './core/swarm/upload-limit.ts'
export { QuireError } from './core/errors.ts'
export type { ErrorReport, Fault } from './core/errors.ts'
export type {
  AddRequest,
  FileSource,
  FileView,
  InvitationView,
  Item,
  ItemState,
  ItemView,
  PeerView,
  Quire,
  StorageView,
  Watchable
} from './engine/types.ts'
export type { ConnectionKind, NetworkStatus, RelayStatus } from './network/types.ts'
