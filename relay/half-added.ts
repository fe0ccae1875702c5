import type { Quire } from '../src/engine/types.ts'

/**
 * Removes what is not read to its end: nobody can go on with it, and without an address nobody can name it. A program
 * does that before it ends, and when it begins, for the one before may have been killed. [CT6]
 */
export async function dropHalfAdded(quire: Pick<Quire, 'items'>): Promise<void> {
  const half = quire.items().filter((item) => item.peek().link === undefined)
  await Promise.all(half.map((item) => item.remove()))
}
