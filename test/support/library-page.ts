import { cp, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type RunningRelay, startRelay } from '../../relay/relay.ts'
import { removeFolder } from './files.ts'

const pageRoot = fileURLToPath(new URL('library-page', import.meta.url))
const library = fileURLToPath(new URL('../../src/index.ts', import.meta.url))

export interface LibraryPage extends AsyncDisposable {
  readonly relay: RunningRelay
  readonly url: string
}

/**
 * Builds a page of an application that uses the library from the sources of now, into `dist` of a new folder that it
 * gives. `program` is the text of its main.ts, which imports from 'quire'; by default it puts the whole library on the
 * window.
 */
export async function buildLibraryPage(program?: string): Promise<{ readonly root: string; readonly outDir: string }> {
  const root = await mkdtemp(join(tmpdir(), 'quire-app-'))
  const outDir = join(root, 'dist')
  await cp(pageRoot, root, { recursive: true })
  if (program !== undefined) await writeFile(join(root, 'main.ts'), program)
  const { build } = await import('vite')
  await build({
    root,
    configFile: false,
    logLevel: 'error',
    resolve: { alias: { quire: library } },
    worker: { format: 'es' },
    build: { outDir, emptyOutDir: true, target: 'es2024', assetsInlineLimit: 0, modulePreload: { polyfill: false } }
  })
  return { root, outDir }
}

/** A relay that serves such a page. */
export async function serveLibraryPage(program?: string): Promise<LibraryPage> {
  const { root, outDir } = await buildLibraryPage(program)
  const relay = await startRelay({ port: 0, host: '127.0.0.1', dataDir: join(root, 'relay'), json: false }, outDir)
  return {
    relay,
    url: `http://127.0.0.1:${relay.port}/`,
    async [Symbol.asyncDispose]() {
      await relay.stop()
      await removeFolder(root)
    }
  }
}
