import type { PickedFile } from './picking.ts'

/** A text as a file, named after its first words. */
export function noteOf(text: string, otherwise: string): PickedFile {
  const firstLine = text.trim().split('\n', 1)[0]!.slice(0, nameMax)
  const name = `${firstLine.replaceAll(/[^\p{L}\p{N}_-]+/gu, ' ').trim() || otherwise}.txt`
  return { path: name, file: new File([text], name, { type: 'text/plain' }) }
}

/** Letters of a note's name. */
const nameMax = 40
