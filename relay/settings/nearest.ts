/** The known name that is most like `given`, where one is like it at all: up to a third of it may differ. */
export function nearest(given: string, known: readonly string[]): string | undefined {
  const worst = Math.max(1, Math.floor(given.length / 3))
  const rated = known.map((name) => ({ name, changes: changesBetween(given.toLowerCase(), name.toLowerCase()) }))
  const [best] = rated.sort((a, b) => a.changes - b.changes)
  return best && best.changes <= worst ? best.name : undefined
}

/** Letters to change, add, leave out or swap with their neighbour so that one word becomes the other. */
export function changesBetween(one: string, other: string): number {
  const rows: number[][] = [Array.from({ length: other.length + 1 }, (_, i) => i)]
  for (let i = 1; i <= one.length; i++) {
    const row = [i]
    for (let j = 1; j <= other.length; j++) {
      const same = one[i - 1] === other[j - 1] ? 0 : 1
      const least = Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, rows[i - 1]![j - 1]! + same)
      const swapped = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]
      row.push(swapped ? Math.min(least, rows[i - 2]![j - 2]! + 1) : least)
    }
    rows.push(row)
  }
  return rows[one.length]![other.length]!
}
