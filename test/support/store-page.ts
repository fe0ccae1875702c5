import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { removeFolder } from './files.ts'

const pageRoot = fileURLToPath(new URL('store-page', import.meta.url))

/** A page with nothing but a store, built from the sources of now and served until disposed. */
export async function serveStorePage(): Promise<AsyncDisposable & { readonly url: string }> {
  const outDir = await mkdtemp(join(tmpdir(), 'quire-store-page-'))
  const { build, preview } = await import('vite')
  const shared = { root: pageRoot, configFile: false, logLevel: 'error' } as const
  const output = { outDir, emptyOutDir: true, target: 'es2024' }
  await build({ ...shared, worker: { format: 'es' }, build: output })
  const server = await preview({ ...shared, build: output, preview: { port: 0, host: '127.0.0.1' } })
  const { port } = server.httpServer.address() as { port: number }
  return {
    url: `http://127.0.0.1:${port}/`,
    async [Symbol.asyncDispose]() {
      await server.close()
      await removeFolder(outDir)
    }
  }
}
