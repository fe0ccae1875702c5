import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { openStore } from '../../src/store/open.ts'
import { factsIn } from '../control/facts.ts'
import { dataDirOf } from '../control/open.ts'
import { reachControl } from '../control/reach.ts'
import type { ItemFacts } from '../control/types.ts'
import { BadCommand } from '../errors.ts'
import { bucketOf, storeFolderIn } from './data-folder.ts'
import { tableOf } from './table.ts'

/** Lists what a data folder holds: its own items, and copies that are held for others, which have no names here. */
export async function lsCommand(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: tableOf.ls.options })
  if (positionals.length > 0) throw new BadCommand('quire ls takes --data DIR, and nothing else.')
  const { stdout } = process
  for await (const facts of held(dataDirOf(values.data, 'ls'))) {
    const isTaken = stdout.write(`${values.json ? JSON.stringify(facts) : lineOf(facts)}\n`)
    if (!isTaken) await once(stdout, 'drain').catch(() => undefined) // nobody reads on
    if (!stdout.writable) return
  }
}

/** Without an engine where no program runs: nothing is announced to anybody for a list. */
async function* held(dataDir: string): AsyncGenerator<ItemFacts> {
  const control = await reachControl(dataDir)
  if (control) {
    yield* control.list()
    return
  }
  const { blocks, catalog } = await openStore(await storeFolderIn(dataDir), await bucketOf())
  try {
    yield* factsIn(catalog)
  } finally {
    await blocks.close()
    await catalog.close()
  }
}

function lineOf({ title, kind, complete, contentBytes, cid, heldForOthersUntilMs, sizeBytes }: ItemFacts): string {
  const megabytes = `${((sizeBytes ?? contentBytes) / 1e6).toFixed(1)} MB`
  const until = heldForOthersUntilMs && new Date(heldForOthersUntilMs).toISOString().slice(0, 10)
  const state = until ? `held for others until ${until}` : complete ? kind : `${kind}, not whole`
  return [cid ?? 'no address yet', megabytes.padStart(12), state, title].join('  ')
}
