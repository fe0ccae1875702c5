import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin, type ResolvedConfig } from 'vite'

/** A file of the page: a revision where the name does not change with the content. */
interface ShellFile {
  readonly url: string
  readonly revision: string | null
}

/** Left out of the shell: the worker itself, and pictures that only an installation needs. */
const leftOut = /(^sw\.js$|\.map$|\.png$|^icon)/

/** Builds `sw.js` after the page, with a list of the files that the page is built of. */
export function serviceWorker(): Plugin {
  let config: ResolvedConfig
  return {
    name: 'quire-service-worker',
    apply: 'build',
    configResolved(resolved) {
      config = resolved
    },
    async closeBundle(error?: Error) {
      if (error || config.build.ssr) return
      const outDir = resolve(config.root, config.build.outDir)
      await buildWorker(config, outDir, shellFiles(outDir))
    }
  }
}

/** Everything in `outDir` that the page needs to open without a network. */
export function shellFiles(outDir: string): ShellFile[] {
  const names = readdirSync(outDir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(outDir.length + 1)
        .replaceAll(sep, '/')
    )
  return names
    .filter((name) => !leftOut.test(name))
    .sort()
    .map((url) => ({ url, revision: url.startsWith('assets/') ? null : digestOf(join(outDir, url)) }))
}

const digestOf = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 16)

async function buildWorker(config: ResolvedConfig, outDir: string, files: readonly ShellFile[]): Promise<void> {
  await build({
    configFile: false,
    root: config.root,
    logLevel: config.logLevel ?? 'info',
    publicDir: false,
    define: { '__QUIRE_SHELL__': JSON.stringify(files), 'process.env.NODE_ENV': '"production"' },
    build: {
      outDir,
      emptyOutDir: false,
      target: config.build.target,
      reportCompressedSize: false,
      rolldownOptions: {
        input: fileURLToPath(new URL('sw.ts', import.meta.url)),
        // A classic script: not every browser takes a module here.
        output: { format: 'iife', entryFileNames: 'sw.js' }
      }
    }
  })
}
