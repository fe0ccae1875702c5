import type { FileView } from '../engine/types.ts'
import { t } from './messages.ts'

/** Numbers of the files in the order that people look for them: by folder and name, "2" before "10". */
export function inOrder(files: readonly Pick<FileView, 'path'>[]): number[] {
  const { compare } = new Intl.Collator(t.lang, { numeric: true })
  return files.map((_, index) => index).sort((a, b) => compare(files[a]!.path, files[b]!.path) || a - b)
}
