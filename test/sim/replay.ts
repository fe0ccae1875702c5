/** The line that runs one world of faults again. */
export const replayLine = (seed: number): string => `node test/sim/run.ts --faults ${seed}`
