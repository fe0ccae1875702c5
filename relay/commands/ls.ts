import { parseArgs } from 'node:util'
import { formatLink } from '../../src/core/link/link.ts'
import { openFileSystem } from '../../src/store/filesystem.ts'
import type { ItemRecord } from '../../src/store/types.ts'
import { BadCommand } from '../errors.ts'
import { storeFolderIn } from './data-folder.ts'

/** Lists what a data folder holds: its own items, and copies that are held for others, which have no names here. */
export async function lsCommand(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { data: { type: 'string' }, json: { type: 'boolean' } }
  })
  if (positionals.length > 0 || !values.data) throw new BadCommand('quire ls takes --data DIR, and nothing else.')
  const { blocks, catalog } = await openFileSystem(await storeFolderIn(values.data))
  try {
    const records = (await catalog.items()).sort((a, b) => b.createdAtMs - a.createdAtMs)
    for (const record of records) console.log(values.json ? JSON.stringify(factsOf(record)) : lineOf(record))
  } finally {
    await blocks.close()
    await catalog.close()
  }
}

function factsOf(record: ItemRecord): object {
  const { manifestCid, kept } = record
  return {
    title: record.title,
    kind: record.kind,
    complete: record.complete,
    contentBytes: record.contentBytes,
    createdAtMs: record.createdAtMs,
    ...(manifestCid && { cid: manifestCid }),
    ...(manifestCid && !kept && { link: formatLink('', { ...record, manifestCid }) }),
    ...(kept && { heldForOthersUntilMs: kept.untilMs, sizeBytes: kept.sizeBytes })
  }
}

function lineOf({ title, kind, complete, contentBytes, manifestCid, kept }: ItemRecord): string {
  const megabytes = `${((kept?.sizeBytes ?? contentBytes) / 1e6).toFixed(1)} MB`
  const until = kept && new Date(kept.untilMs).toISOString().slice(0, 10)
  const state = kept ? `held for others until ${until}` : complete ? kind : `${kind}, not whole`
  return [manifestCid ?? 'no address yet', megabytes.padStart(12), state, title].join('  ')
}
