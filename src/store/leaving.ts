import type { SetId } from '../core/ids.ts'

/** Under this name a catalog remembers that the blocks of an item that was removed are still here. [ST27] */
export const leavingName = (id: SetId): string => `leaving ${id}`

export const leavingId = (name: string): SetId => name.slice(leavingNames.from.length) as SetId

/** All such names, and no others: `to` is the first behind them. */
export const leavingNames = { from: 'leaving ', to: 'leaving!' }
