import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build, type Plugin } from 'vite'

const root = join(import.meta.dirname, '../..')
const dist = join(root, 'dist')
const built = new Map<number, Promise<string>>()

/** Sessions of the page have so many lanes from the first look on, wherever they lead. */
const fixedLanes = (count: number): Plugin => ({
  name: 'fixed-lanes',
  transform(code, id) {
    if (!id.endsWith('src/core/limits.ts')) return
    const always = { farRoundTripMs: '0', wideRoundTripMs: '0', widthGain: '0', lateShare: 'Infinity' }
    const values = { sessionWidths: `[${count}]`, ...always }
    return Object.entries(values).reduce((text, [name, value]) => {
      const changed = text.replace(new RegExp(`(const ${name} = )[^\\n;]+`), `$1${value}`)
      if (changed === text) throw new Error(`No limit is called ${name}`)
      return changed
    }, code)
  }
})

/** From now on the checkout's relay serves a page with so many lanes a session, or with as many as it finds right. */
export async function servePageWith(lanes: number | undefined): Promise<void> {
  const folder = built.get(lanes ?? 0) ?? buildWith(lanes)
  built.set(lanes ?? 0, folder)
  await rm(dist, { recursive: true, force: true })
  await cp(await folder, dist, { recursive: true })
}

async function buildWith(lanes: number | undefined): Promise<string> {
  const outDir = await mkdtemp(join(tmpdir(), 'quire-lanes-'))
  const plugins = lanes === undefined ? [] : [fixedLanes(lanes)]
  const worker = { format: 'es' as const, plugins: () => plugins }
  await build({ root, logLevel: 'error', plugins, worker, build: { outDir, emptyOutDir: true } })
  return outDir
}
