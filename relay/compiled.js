import { join } from 'node:path'

/**
 * Keeps what Node compiled of these modules and of libp2p's, so that the next start compiles none of it. Beside the
 * packages and not in the folder for temporary files, where another user could write it; where that folder cannot be
 * written, every start compiles.
 */
export function keepCompiled() {
  const folder = join(import.meta.dirname, '../node_modules/.cache/compiled')
  process.getBuiltinModule('node:module').enableCompileCache(folder)
}
