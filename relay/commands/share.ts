import { parseArgs } from 'node:util'
import { BadCommand, Stopped } from '../errors.ts'
import { sourcesOf } from '../files.ts'
import { openProgram } from '../program.ts'
import { followProgress } from '../progress.ts'
import { uploadLimitOf } from '../upload-limit.ts'
import { relaysOf, tableOf } from './table.ts'

/** Adds files, prints the link on one line, and serves until it is stopped. */
export async function shareCommand(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: tableOf.share.options
  })
  if (positionals.length === 0) throw new BadCommand('quire share takes at least one file or folder.')
  const uploadLimit = uploadLimitOf(values['upload-limit'])
  const sources = await sourcesOf(positionals)
  const relays = relaysOf(values.relay)
  const program = await openProgram({ relays, dataDir: values.data, uploadLimit })
  try {
    const item = program.quire.add(sources, { plain: values.plain })
    const done = followProgress(item, values.json ?? false)
    const stopped = program.untilStopped().then(() => {
      throw new Stopped('Stopped before all of it was read, so that it has no link.')
    })
    const link = await Promise.race([item.whenLinked(), stopped]).finally(done)
    console.log(values.json ? JSON.stringify({ link, state: item.peek().state }) : link)
    await program.untilStopped()
  } finally {
    await program.close()
  }
}
