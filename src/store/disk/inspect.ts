import { rmSync, statSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Bitmap } from '../../core/block/bitmap.ts'
import type { SetId } from '../../core/ids.ts'
import { segmentBlocks } from '../../core/limits.ts'
import type { StoreProblem } from '../inspecting.ts'
import type { Database } from './database.ts'
import { slabName, type Slabs } from './slabs.ts'
import type { Place, Space } from './space.ts'

interface InspectOptions {
  readonly database: Database
  readonly slabs: Slabs
  readonly space: Space
  readonly repair: boolean
}

interface Claimed extends Place {
  /** Of a segment; null for gaps and places that are about to become gaps. */
  readonly serial: number | null
  readonly segment: number | null
}

/** Checks what lies below the data sets: the database itself, whose every byte is, counts, and the files. [FS4] */
export async function inspectFolder(options: InspectOptions): Promise<StoreProblem[]> {
  const damage = damagedPages(options.database)
  // Rows of a damaged database prove nothing, and writing to it makes it worse.
  if (damage.length > 0) return damage
  const problems = options.database.transaction(() => [
    ...lostSegments(options),
    ...sharedPlaces(options),
    ...orphanPlaces(options),
    ...wrongCounts(options)
  ])
  return [...problems, ...(await strangeFiles(options))]
}

/** What SQLite finds wrong with its file. */
export function damagedPages(database: Database): StoreProblem[] {
  const rows = database.prepare('PRAGMA integrity_check(100)').all()
  return rows
    .map((row) => String(row.integrity_check))
    .filter((text) => text !== 'ok')
    .map((text) => ({ kind: 'database-damaged', detail: text, isRepaired: false }))
}

/** Rows of no data set. */
function lostSegments({ database, space, repair }: InspectOptions): StoreProblem[] {
  const nobodys = `serial NOT IN (SELECT serial FROM sets UNION ALL SELECT serial FROM removed)`
  const rows = database.prepare(`SELECT serial, segment, slab, start, size FROM segments WHERE ${nobodys}`).all()
  if (repair) {
    for (const row of rows) space.give(row as unknown as Place)
    database.prepare(`DELETE FROM segments WHERE ${nobodys}`).run()
    database.prepare(`DELETE FROM hash_groups WHERE ${nobodys}`).run()
  }
  return rows.map((row) => ({
    kind: 'orphan-bytes',
    sizeBytes: row.size as number,
    detail: `slab ${String(row.slab)} at ${String(row.start)}: a segment of no data set`,
    isRepaired: repair
  }))
}

/** Of two who claim the same bytes only one can be right: the second gives way, and the first is verified like any other. */
function sharedPlaces({ database, repair }: InspectOptions): StoreProblem[] {
  const problems: StoreProblem[] = []
  const doubtful: Claimed[] = []
  let before: Place = { slab: 0, start: 0, size: 0 }
  for (const claimed of claims(database)) {
    const isShared = claimed.slab === before.slab && claimed.start < before.start + before.size
    if (isShared) doubtful.push(claimed)
    else before = claimed
  }
  for (const { slab, start, size, serial, segment } of doubtful) {
    if (repair && serial !== null) {
      database.prepare('DELETE FROM segments WHERE serial = ? AND segment = ?').run(serial, segment)
    } else if (repair) {
      for (const table of ['free', 'leaving']) {
        database.prepare(`DELETE FROM ${table} WHERE slab = ? AND start = ?`).run(slab, start)
      }
    }
    const set = serial === null ? undefined : setOf(database, serial)
    problems.push({ kind: 'place-shared', set, sizeBytes: size, detail: at(slab, start), isRepaired: repair })
  }
  return problems
}

/** Bytes before the end of a slab that belong to nothing. */
function orphanPlaces({ database, slabs, space, repair }: InspectOptions): StoreProblem[] {
  const ends = database.prepare('SELECT slab, used_end AS usedEnd FROM slabs ORDER BY slab').all()
  const reached = new Map<number, number>()
  const orphans: Place[] = []
  for (const { slab, start, size } of claims(database)) {
    const from = reached.get(slab) ?? 0
    if (start > from) orphans.push({ slab, start: from, size: start - from })
    reached.set(slab, Math.max(from, start + size))
  }
  const problems: StoreProblem[] = []
  for (const row of ends) {
    const [slab, usedEnd] = [row.slab as number, row.usedEnd as number]
    const from = reached.get(slab) ?? 0
    if (from < usedEnd) orphans.push({ slab, start: from, size: usedEnd - from })
    if (from <= usedEnd) continue
    if (repair) database.prepare('UPDATE slabs SET used_end = ? WHERE slab = ?').run(from, slab)
    problems.push({ kind: 'count-wrong', detail: `end of slab ${slab}`, isRepaired: repair })
  }
  for (const place of repair ? orphans : []) {
    const end = space.give(place)
    if (end !== undefined) slabs.cut(place.slab, end)
  }
  const told = orphans.map(({ slab, start, size }): StoreProblem => ({
    kind: 'orphan-bytes',
    sizeBytes: size,
    detail: at(slab, start),
    isRepaired: repair
  }))
  return [...problems, ...told]
}

function* claims(database: Database): Generator<Claimed> {
  const rows = database.prepare(`
    SELECT slab, start, size, serial, segment FROM segments
    UNION ALL SELECT slab, start, size, NULL, NULL FROM leaving
    UNION ALL SELECT slab, start, size, NULL, NULL FROM free
    ORDER BY slab, start`)
  for (const row of rows.iterate()) yield row as unknown as Claimed
}

/** What is counted as the rows come and go, against the rows. */
function wrongCounts({ database, repair }: InspectOptions): StoreProblem[] {
  const problems: StoreProblem[] = []
  const sets = database.prepare('SELECT serial, id, held_count AS heldCount, hash_bytes AS hashBytes FROM sets').all()
  const segments = database.prepare('SELECT held FROM segments WHERE serial = ?')
  const hashes = database.prepare(
    'SELECT COALESCE(SUM(LENGTH(leaves) + LENGTH(path)), 0) AS bytes FROM hash_groups WHERE serial = ?'
  )
  const correct = database.prepare('UPDATE sets SET held_count = ?, hash_bytes = ? WHERE serial = ?')
  for (const { serial, id, heldCount, hashBytes } of sets) {
    let held = 0
    for (const row of segments.iterate(serial!)) held += new Bitmap(segmentBlocks, row.held as Uint8Array).count
    const { bytes } = hashes.get(serial!) as { bytes: number }
    if (held === heldCount && bytes === hashBytes) continue
    if (repair) correct.run(held, bytes, serial!)
    problems.push({ kind: 'count-wrong', set: id as SetId, detail: 'blocks or hashes', isRepaired: repair })
  }
  const sum = 'SELECT COALESCE(SUM(held_count * block_bytes + hash_bytes), 0) FROM sets'
  const isOff = database.prepare(`SELECT 1 FROM totals WHERE used_bytes <> (${sum})`).get() !== undefined
  if (isOff && repair) database.prepare(`UPDATE totals SET used_bytes = (${sum})`).run()
  if (isOff) problems.push({ kind: 'count-wrong', detail: 'bytes in all', isRepaired: repair })
  return problems
}

/** Files that no slab has, and what lies behind the end of one. */
async function strangeFiles({ database, slabs, repair }: InspectOptions): Promise<StoreProblem[]> {
  const problems: StoreProblem[] = []
  const endOf = database.prepare('SELECT used_end AS usedEnd FROM slabs WHERE slab = ?')
  for (const name of await readdir(slabs.folder)) {
    const path = join(slabs.folder, name)
    const slab = name.endsWith('.slab') ? Number.parseInt(name, 10) : Number.NaN
    const isOurs = name === slabName(slab)
    // Size and end in one turn: what is written meanwhile lies before an end that is newer.
    const { size } = statSync(path)
    const row = isOurs ? endOf.get(slab) : undefined
    const end = (row?.usedEnd as number | undefined) ?? 0
    if (row && size <= end) continue
    if (repair && row) slabs.cut(slab, end)
    else if (repair && isOurs) rmSync(path)
    const kind = isOurs ? 'orphan-bytes' : 'file-unknown'
    problems.push({ kind, sizeBytes: size - end, detail: name, isRepaired: repair && isOurs })
  }
  return problems
}

const setOf = (database: Database, serial: number): SetId | undefined =>
  database.prepare('SELECT id FROM sets WHERE serial = ?').get(serial)?.id as SetId | undefined

const at = (slab: number, start: number): string => `slab ${slab} at ${start}`
