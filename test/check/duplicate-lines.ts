/** Lines that must be the same, one after another, before it counts as a copy: a screen's third. */
const linesMin = 12

export interface SourceText {
  readonly path: string
  readonly text: string
}

interface Place {
  readonly path: string
  /** Counted from 1. */
  readonly line: number
}

export interface Duplicate {
  readonly first: Place
  readonly second: Place
  /** Lines that are the same, blank lines and imports left out. */
  readonly lines: number
}

interface Line extends Place {
  readonly text: string
}

/** Runs of at least 12 lines that stand in two places, whatever their indentation; imports and blank lines aside. */
export function findDuplicates(sources: readonly SourceText[]): Duplicate[] {
  const files = sources.map((source) => linesOf(source))
  const seen = new Map<string, { file: Line[]; index: number }>()
  const found: Duplicate[] = []
  for (const file of files) {
    for (let index = 0; index + linesMin <= file.length;) {
      const key = windowAt(file, index)
      const earlier = seen.get(key)
      if (earlier === undefined) {
        seen.set(key, { file, index })
        index++
        continue
      }
      const lines = sameLines(earlier.file, earlier.index, file, index)
      const [first, second] = [earlier.file[earlier.index], file[index]]
      if (first !== undefined && second !== undefined) found.push({ first, second, lines })
      index += lines
    }
  }
  return found
}

function linesOf({ path, text }: SourceText): Line[] {
  const lines = text.split('\n').map((line, index) => ({ path, line: index + 1, text: line.trim() }))
  return lines.filter((line) => line.text !== '' && !/^(import|export) .* from '/.test(line.text))
}

function windowAt(file: readonly Line[], index: number): string {
  return file
    .slice(index, index + linesMin)
    .map((line) => line.text)
    .join('\n')
}

/** How far two places stay the same; within one file the first ends where the second begins. */
function sameLines(a: readonly Line[], ai: number, b: readonly Line[], bi: number): number {
  const bound = a === b ? bi - ai : Infinity
  let lines = 0
  while (lines < bound && a[ai + lines] !== undefined && a[ai + lines]?.text === b[bi + lines]?.text) lines++
  return Math.max(lines, 1)
}
