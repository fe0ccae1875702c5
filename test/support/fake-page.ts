import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright'
import type { Browser, BrowserContextOptions, Page } from 'playwright'
import { build, preview } from 'vite'
import { chromiumArgs, shellPath } from './chromium.ts'

/** The interface over an engine that only looks like one, in a real browser. */
export interface FakePage {
  readonly browser: Browser
  /**
   * Opens a scene of test/ui/scenes.ts at a fragment, as if for the first time; `query` is `scene=full`, say.
   * The same options give the same page again.
   */
  open(query: string, hash: string, options?: BrowserContextOptions): Promise<Page>
  close(): Promise<void>
}

export async function openFakePage(): Promise<FakePage> {
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const outDir = mkdtempSync(join(tmpdir(), 'quire-fake-page-'))
  const input = join(root, 'test/ui/fake.html')
  // Built as for a folder of a server, in which it is.
  await build({ root, base: './', logLevel: 'error', build: { outDir, emptyOutDir: true, rollupOptions: { input } } })
  const server = await preview({ root, logLevel: 'error', build: { outDir }, preview: { port: 0, host: '127.0.0.1' } })
  const base = server.resolvedUrls?.local[0] ?? ''
  const pages = new Map<string, Page>()
  let visits = 0
  const browser = await chromium.launch({ executablePath: shellPath(), args: chromiumArgs })
  return {
    browser,
    async open(query, hash, options = {}) {
      const key = JSON.stringify(options)
      const page = pages.get(key) ?? (await browser.newPage({ reducedMotion: 'reduce', ...options }))
      pages.set(key, page)
      // An address that differs in its fragment alone would load nothing.
      await page.goto(`${base}test/ui/fake.html?${query}&visit=${visits++}${hash}`)
      await page.evaluate(() => localStorage.clear())
      return page
    },
    async close() {
      await browser.close()
      await server.close()
      rmSync(outDir, { recursive: true, force: true })
    }
  }
}
