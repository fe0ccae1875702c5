import { parseArgs } from 'node:util'
import { dataDirOf, openHeld } from '../control/open.ts'
import type { Status } from '../control/types.ts'
import { BadCommand } from '../errors.ts'
import { tableOf } from './table.ts'

/** How a library stands, and the keeper that runs over it. */
export async function statusCommand(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: tableOf.status.options
  })
  if (positionals.length > 0) throw new BadCommand('quire status takes --data DIR, and nothing else.')
  const control = await openHeld(dataDirOf(values.data, 'status'))
  try {
    const status = await control.status()
    console.log(values.json ? JSON.stringify(status) : textOf(status))
  } finally {
    await control.close()
  }
}

function textOf({ items, heldForOthers, usedBytes, running }: Status): string {
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`
  const held = `${items} of its own, ${heldForOthers} held for others, ${megabytes(usedBytes)}`
  if (!running) return `${held}\nno keeper runs`
  const { limitBytes, peerId, addresses, relays, peers } = running
  return [
    `${held} of ${megabytes(limitBytes)}`,
    `keeper ${peerId}, ${peers} peers`,
    ...addresses.map((address) => `at ${address}`),
    ...relays.map(({ url, state }) => `relay ${url}: ${state}`)
  ].join('\n')
}
