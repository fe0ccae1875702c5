import { parseArgs } from 'node:util'
import { dataDirOf } from '../control/open.ts'
import { reachControl } from '../control/reach.ts'
import type { PeerFacts } from '../control/types.ts'
import { BadCommand, NotRunning } from '../errors.ts'
import { tableOf } from './table.ts'

/** Whom the keeper that runs over a folder is connected to, and for what. */
export async function peersCommand(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: tableOf.peers.options })
  if (positionals.length > 0) throw new BadCommand('quire peers takes --data DIR, and nothing else.')
  const dataDir = dataDirOf(values.data, 'peers')
  const control = await reachControl(dataDir)
  if (!control) throw new NotRunning(dataDir)
  for (const peer of await control.peers()) console.log(values.json ? JSON.stringify(peer) : lineOf(peer))
}

function lineOf({ peerId, role, kind, title, receivedBytesPerSecond, sentBytesPerSecond }: PeerFacts): string {
  const rate = (bytesPerSecond: number) => `${(bytesPerSecond / 1e6).toFixed(1)} MB/s`
  return [peerId, role, kind, `in ${rate(receivedBytesPerSecond)}`, `out ${rate(sentBytesPerSecond)}`, title].join('  ')
}
