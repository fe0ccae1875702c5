import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BrowserContext } from 'playwright'
import { removeFolder } from './files.ts'

const pageRoot = fileURLToPath(new URL('store-page', import.meta.url))

export interface StorePage extends AsyncDisposable {
  readonly url: string
  /** Puts it into a browser's pages at another origin too, below the address that this returns: it sees the store there. */
  putInto(context: BrowserContext, origin: string): Promise<string>
}

/** A page with nothing but a store, built from the sources of now and served until disposed. */
export async function serveStorePage(): Promise<StorePage> {
  const outDir = await mkdtemp(join(tmpdir(), 'quire-store-page-'))
  const { build, preview } = await import('vite')
  const shared = { root: pageRoot, configFile: false, logLevel: 'error', base: './' } as const
  const output = { outDir, emptyOutDir: true, target: 'es2024' }
  await build({ ...shared, worker: { format: 'es' }, build: output })
  const server = await preview({ ...shared, build: output, preview: { port: 0, host: '127.0.0.1' } })
  const { port } = server.httpServer.address() as { port: number }
  const url = `http://127.0.0.1:${port}/`
  return {
    url,
    async putInto(context, origin) {
      const home = `${origin}/store-page/`
      await context.route(`${home}**`, async (route) => {
        const answer = await fetch(url + route.request().url().slice(home.length))
        const contentType = answer.headers.get('content-type') ?? ''
        await route.fulfill({ contentType, body: Buffer.from(await answer.arrayBuffer()) })
      })
      return home
    },
    async [Symbol.asyncDispose]() {
      await server.close()
      await removeFolder(outDir)
    }
  }
}
