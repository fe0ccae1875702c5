import type { LaneId } from '../core/ids.ts'

let last = 0

/** Lanes of different networks in one process meet at a relay's tracker and its keeper: none has the id of another. */
export const newLaneId = (): LaneId => ++last as LaneId
