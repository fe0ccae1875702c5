import type { LeavesView } from '../engine/types.ts'

/** A stroke of one colour: a class of the language of leaves, and a path. */
export interface Ink {
  readonly ink: string
  readonly d: string
}

/** How leaves stand in a row: every eighth is followed by a wider gap. Sizes in units of the picture. */
export interface Spacing {
  readonly pitch: number
  readonly stroke: number
  readonly gap: number
  readonly height: number
}

export const placeOf = (at: number, { pitch, stroke, gap }: Spacing): number =>
  stroke / 2 + at * pitch + Math.floor(at / 8) * gap

/** Width of a row of so many leaves. */
export const widthOf = (count: number, spacing: Spacing): number =>
  round(placeOf(count - 1, spacing) + spacing.stroke / 2)

/**
 * Leaves as strokes, one path for each colour: empty parts first, then what is verified, from the foot up.
 * `levels` 0 to 255; `inkOf` names the colour of a leaf that has anything.
 */
export function inked(levels: readonly number[], inkOf: (at: number) => string, spacing: Spacing): Ink[] {
  const { height } = spacing
  const paths = new Map<string, string>([['e', '']])
  const draw = (ink: string, x: number, top: number) =>
    paths.set(ink, `${paths.get(ink) ?? ''}M${x} ${height}V${round(top)}`)
  for (const [at, level] of levels.entries()) {
    const x = round(placeOf(at, spacing))
    if (level < 255) draw('e', x, 0)
    // A leaf with anything at all shows it.
    if (level > 0) draw(inkOf(at), x, level === 255 ? 0 : Math.min(height - height / 8, height * (1 - level / 255)))
  }
  return [...paths].filter(([, d]) => d !== '').map(([ink, d]) => ({ ink, d }))
}

/** A file in a row of `count` leaves, each the mean of those it stands for. */
export function resampled({ levels, owners }: LeavesView, count: number): { levels: number[]; owners: number[] } {
  const out = { levels: new Array<number>(count).fill(0), owners: new Array<number>(count).fill(0) }
  if (levels.length === 0) return out
  for (let at = 0; at < count; at++) {
    const start = Math.floor((at * levels.length) / count)
    const end = Math.max(start + 1, Math.floor(((at + 1) * levels.length) / count))
    let sum = 0
    for (let from = start; from < end; from++) {
      sum += levels[from]!
      if (levels[from]! > 0) out.owners[at] = owners[from]!
    }
    out.levels[at] = Math.floor(sum / (end - start))
  }
  return out
}

const round = (n: number): number => Math.round(n * 100) / 100
