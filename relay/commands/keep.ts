import { parseArgs } from 'node:util'
import { dataDirOf, openControl } from '../control/open.ts'
import { BadCommand } from '../errors.ts'
import { progressLine } from '../progress.ts'
import { checkInvitation, checkLink, countOf, relaysOf, tableOf } from './table.ts'

/** Fetches a link into a library, where it stays; with `--copies` that many keepers hold it too. */
export async function keepCommand(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: tableOf.keep.options })
  const [link] = positionals
  if (!link || positionals.length !== 1) throw new BadCommand('quire keep takes exactly one link.')
  checkLink(link)
  checkInvitation(values.invitation)
  const json = values.json ?? false
  const copies = countOf('--copies', values.copies)
  const control = await openControl(dataDirOf(values.data, 'keep'), relaysOf(values.relay))
  const line = progressLine(json)
  try {
    const facts = await control.keep({ link, copies, invitation: values.invitation }, line.show)
    line.end()
    console.log(json ? JSON.stringify(facts) : `${facts.title} is held here, whole`)
  } finally {
    line.end()
    await control.close()
  }
}
