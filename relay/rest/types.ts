import type { IncomingMessage, ServerResponse } from 'node:http'
import type { QuireEngine } from '../../src/engine/engine.ts'
import type { Libp2pNetwork } from '../../src/network/libp2p/network.ts'
import type { PagedCatalog } from '../../src/store/paged.ts'
import type { Additions } from '../additions.ts'
import type { Visits } from '../visits.ts'
import type { Downloads } from './downloads.ts'
import type { Turns } from './turns.ts'

/** What the API tells of and works on. */
export interface RestParts {
  readonly quire: QuireEngine
  readonly catalog: PagedCatalog
  readonly network: Libp2pNetwork
  readonly peerId: string
  /** Raw bytes of the key that is behind the peer id. */
  readonly publicKey: Uint8Array
  /** Folder for uploads that are not whole yet. */
  readonly uploads: string
  /** For the segments of all uploads that are in memory. */
  readonly uploadTurns: Turns
  readonly quotaBytes: number
  /** Bytes that are promised to others. */
  readonly promisedBytes: () => number
  readonly visits: Visits
  readonly additions: Additions
  /** What can still be stored beside what is stored, promised and on its way. */
  readonly leftBytes: () => number
  readonly downloads: Downloads
}

/** One request, once it is known to be allowed. */
export interface Call {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** What stands in the path for each place of the route's pattern, decoded. */
  readonly places: readonly string[]
  readonly query: URLSearchParams
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal
  readonly parts: RestParts
}

export type Handler = (call: Call) => Promise<void> | void
