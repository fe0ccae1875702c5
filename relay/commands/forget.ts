import { parseArgs } from 'node:util'
import { dataDirOf, openHeld } from '../control/open.ts'
import { BadCommand } from '../errors.ts'
import { tableOf } from './table.ts'

/** Removes what a link or an address names from a library; or an invitation. */
export async function forgetCommand(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: tableOf.forget.options
  })
  const [name] = positionals
  if (!name || positionals.length !== 1) throw new BadCommand('quire forget takes exactly one link or address.')
  const control = await openHeld(dataDirOf(values.data, 'forget'))
  try {
    const facts = await control.forget(name)
    const said = 'host' in facts ? `The invitation of ${facts.host} is forgotten` : `${facts.title} is removed`
    console.log(values.json ? JSON.stringify(facts) : said)
  } finally {
    await control.close()
  }
}
