import { parseArgs } from 'node:util'
import { dataDirOf } from '../control/open.ts'
import { reachControl } from '../control/reach.ts'
import type { InvitationFacts } from '../control/types.ts'
import { BadCommand, NotRunning } from '../errors.ts'
import { tableOf } from './table.ts'

/** Prints the invitation of a name, lists all names, or revokes one, at the keeper that runs over a folder. */
export async function inviteCommand(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: tableOf.invite.options
  })
  const [name] = positionals
  const { revoke, json } = values
  if (positionals.length > (revoke === undefined ? 1 : 0))
    throw new BadCommand('quire invite takes one name, or --revoke and one name.')
  const dataDir = dataDirOf(values.data, 'invite')
  const control = await reachControl(dataDir)
  if (!control) throw new NotRunning(dataDir)
  const print = (facts: InvitationFacts, text: string) => console.log(json ? JSON.stringify(facts) : text)
  if (revoke !== undefined) {
    const facts = await control.revoke(revoke)
    print(facts, `${facts.name} is revoked. What was promised by it is kept until its term ends.`)
  } else if (name !== undefined) {
    const facts = await control.invite(name)
    print(facts, facts.link!)
  } else {
    for (const facts of await control.invitations())
      print(facts, `${new Date(facts.madeAtMs).toISOString().slice(0, 10)}  ${facts.name}`)
  }
}
