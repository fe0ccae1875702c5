import { mkdir } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { BadCommand, Stopped } from '../errors.ts'
import { exportItem } from '../export.ts'
import { openProgram } from '../program.ts'
import { followProgress } from '../progress.ts'
import { checkLink, tableOf } from './table.ts'

/** Fetches a link, verifies every block, and writes the files. */
export async function getCommand(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: tableOf.get.options
  })
  const [link] = positionals
  if (!link || positionals.length !== 1) throw new BadCommand('quire get takes exactly one link.')
  checkLink(link)
  const folder = values.out ?? '.'
  await mkdir(folder, { recursive: true })
  const relays = values.relay ?? (process.env.QUIRE_RELAY ? [process.env.QUIRE_RELAY] : [])
  const program = await openProgram({ relays, dataDir: values.data })
  const stopped = new AbortController()
  const why = 'Stopped before everything was here. What came is not lost when --data names a folder.'
  void program.untilStopped().then(() => stopped.abort(new Stopped(why)))
  const { signal } = stopped
  try {
    const item = await program.quire.open(link)
    const done = followProgress(item, values.json ?? false)
    await item.whenReady({ signal })
    const written = await exportItem(item, folder, signal)
    done()
    if (values.json) console.log(JSON.stringify({ files: written, state: 'complete' }))
    else for (const path of written) console.log(path)
  } finally {
    await program.close()
  }
  process.exit(0)
}
