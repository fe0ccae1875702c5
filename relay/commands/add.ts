import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { dataDirOf, openControl } from '../control/open.ts'
import { BadCommand } from '../errors.ts'
import { progressLine } from '../progress.ts'
import { checkInvitation, countOf, relaysOf, tableOf } from './table.ts'

/** Adds files to a library and prints their link. Nothing is served, unless a keeper runs there. */
export async function addCommand(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: tableOf.add.options })
  if (positionals.length === 0) throw new BadCommand('quire add takes at least one file or folder.')
  checkInvitation(values.invitation)
  const json = values.json ?? false
  const copies = countOf('--copies', values.copies)
  const control = await openControl(dataDirOf(values.data, 'add'), relaysOf(values.relay))
  const line = progressLine(json)
  try {
    const paths = positionals.map((path) => resolve(path))
    const facts = await control.add({ paths, plain: values.plain, copies, invitation: values.invitation }, line.show)
    line.end()
    console.log(json ? JSON.stringify(facts) : facts.link)
  } finally {
    line.end()
    await control.close()
  }
}
