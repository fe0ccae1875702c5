import { execFile } from 'node:child_process'
import { glob, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { PageNotBuilt } from './errors.ts'

const sources = ['src/**/*', 'public/**/*', 'index.html', 'vite.config.ts', 'package.json']

/** Builds the page into `dist` when it is missing or older than what it is made of. */
export async function ensurePage(root: string): Promise<void> {
  const builtMs = await changedMs(join(root, 'dist', 'index.html'))
  if (builtMs > 0 && builtMs >= (await newestMs(root))) return
  try {
    const vite = join(dirname(createRequire(import.meta.url).resolve('vite/package.json')), 'bin/vite.js')
    // In a process of its own: what a build takes, some 300 MiB, is given back when it is done.
    await promisify(execFile)(process.execPath, [vite, 'build', '--logLevel', 'error'], { cwd: root })
  } catch (cause) {
    throw new PageNotBuilt(cause instanceof Error ? cause.message : String(cause), { cause })
  }
}

async function newestMs(root: string): Promise<number> {
  let newest = 0
  for await (const path of glob([...sources], { cwd: root })) {
    newest = Math.max(newest, await changedMs(join(root, path)))
  }
  return newest
}

async function changedMs(path: string): Promise<number> {
  const facts = await stat(path).catch(() => undefined)
  return facts?.isFile() ? facts.mtimeMs : 0
}
