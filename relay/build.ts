import { glob, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { PageNotBuilt } from './errors.ts'

const sources = ['src/**/*', 'public/**/*', 'index.html', 'vite.config.ts', 'package.json']

/** Builds the page into `dist` when it is missing or older than what it is made of. */
export async function ensurePage(root: string): Promise<void> {
  const builtMs = await changedMs(join(root, 'dist', 'index.html'))
  if (builtMs > 0 && builtMs >= (await newestMs(root))) return
  try {
    const { build } = await import('vite')
    await build({ root, logLevel: 'error' })
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
