import type { Connection } from '@libp2p/interface'

/** Ends a connection at once. libp2p's own `abort` throws where the other side was sooner, which is all the same here. [NW33] */
export function cut(connection: Connection, reason: unknown): void {
  try {
    connection.abort(reason as Error)
  } catch {
    // It is closed.
  }
}
