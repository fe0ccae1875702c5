import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin, type ResolvedConfig } from 'vite'

/** A file of the page: a revision where the name does not change with the content. */
interface ShellFile {
  readonly url: string
  readonly revision: string | null
}

/** Left out of the shell: the worker itself, what tells versions apart, and pictures that only an installation needs. */
const leftOut = /(^sw\.js$|^version\.json$|\.map$|\.png$|^icon)/

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
      writeFileSync(join(outDir, 'version.json'), `${JSON.stringify(versionOf(quireVersion(), outDir))}\n`)
    }
  }
}

/** Everything in `outDir` that the page needs to open without a network. */
export function shellFiles(outDir: string): ShellFile[] {
  return filesIn(outDir)
    .filter((name) => !leftOut.test(name))
    .map((url) => ({ url, revision: url.startsWith('assets/') ? null : sha256(join(outDir, url)).slice(0, 16) }))
}

/** The page that was built: its hash is that of a list of all its files, in the form and order of `sha256sum`. */
export function versionOf(version: string, outDir: string): { readonly version: string; readonly page: string } {
  const names = filesIn(outDir).filter((name) => name !== 'version.json')
  const list = names.map((name) => `${sha256(join(outDir, name))}  ./${name}\n`).join('')
  return { version, page: createHash('sha256').update(list).digest('hex') }
}

/** Whatever page is built, the worker in it is of this package. */
function quireVersion(): string {
  const file = fileURLToPath(new URL('../../package.json', import.meta.url))
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}

/** Paths of all files in a folder, sorted by their bytes. */
function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll(sep, '/')
    )
    .sort()
}

const sha256 = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex')

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
