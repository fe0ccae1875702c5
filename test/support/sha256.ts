import { createHash } from 'node:crypto'

/** Many times as fast as the one in the core, and independent of it. */
export const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(bytes).digest())
