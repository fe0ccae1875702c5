import type { SetId } from '../core/ids.ts'
import type { Kept } from '../core/keep/types.ts'
import type { Link } from '../core/link/link.ts'
import type { KeptRecord } from '../store/paged.ts'
import type { ItemRecord } from '../store/types.ts'
import type { FileView } from './types.ts'

/** What to call a set of files: the one file, the folder that holds them all, or the first and how many more: `a.jpg + 2`. */
export function titleOf(files: readonly { readonly path: string }[]): string {
  const first = files[0]
  if (!first) return ''
  const parts = first.path.split('/')
  const name = parts.at(-1)!
  if (files.length === 1) return name
  const holdsAll = parts.length > 1 && files.every((file) => file.path.startsWith(`${parts[0]}/`))
  return holdsAll ? parts[0]! : `${name} + ${files.length - 1}`
}

/** The type that all files share; empty when they differ. */
export function commonMimeType(files: readonly { readonly mimeType: string }[]): string {
  const type = files[0]?.mimeType ?? ''
  return files.every((file) => file.mimeType === type) ? type : ''
}

export const contentBytesOf = (files: readonly Pick<FileView, 'sizeBytes'>[]): number =>
  files.reduce((sum, file) => sum + file.sizeBytes, 0)

/** What is known of an item that was added or opened just now. */
export function freshRecord(id: SetId): Omit<ItemRecord, 'origin' | 'kind'> {
  const nowMs = Date.now()
  return {
    id,
    relays: [],
    title: '',
    fileCount: 0,
    mimeType: '',
    contentBytes: 0,
    createdAtMs: nowMs,
    lastUsedAtMs: nowMs,
    pinned: false,
    paused: false,
    complete: false
  }
}

/** An item that a link names and of which nothing more is known. */
export function linkedRecord(id: SetId, { manifestCid, secret, relays }: Link): ItemRecord {
  const kind = secret ? 'sealed' : 'plain'
  return { ...freshRecord(id), origin: 'fetched', kind, manifestCid, secret, relays }
}

/** A copy that is promised to others, of which nothing is here yet. */
export function keptRecord(id: SetId, kept: Kept): KeptRecord {
  const kind = kept.swarmKey ? 'sealed' : 'plain'
  return { ...freshRecord(id), origin: 'fetched', kind, manifestCid: kept.manifestCid, kept }
}
