import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type RunningRelay, startRelay } from '../../relay/relay.ts'
import { removeFolder } from './files.ts'

const pageRoot = fileURLToPath(new URL('library-page', import.meta.url))

export interface LibraryPage extends AsyncDisposable {
  readonly relay: RunningRelay
  readonly url: string
}

/** A relay that serves a page with nothing in it but the library, built from the sources of now. */
export async function serveLibraryPage(): Promise<LibraryPage> {
  const outDir = await mkdtemp(join(tmpdir(), 'quire-library-'))
  const { build } = await import('vite')
  await build({
    root: pageRoot,
    configFile: false,
    logLevel: 'error',
    worker: { format: 'es' },
    build: { outDir, emptyOutDir: true, target: 'es2024', assetsInlineLimit: 0, modulePreload: { polyfill: false } }
  })
  const dataDir = await mkdtemp(join(tmpdir(), 'quire-relay-'))
  const relay = await startRelay({ port: 0, host: '127.0.0.1', dataDir, json: false }, outDir)
  return {
    relay,
    url: `http://127.0.0.1:${relay.port}/`,
    async [Symbol.asyncDispose]() {
      await relay.stop()
      await removeFolder(outDir)
      await removeFolder(dataDir)
    }
  }
}
