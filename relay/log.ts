/** A line of the log: what happened, and figures about it. Never an address, an id, or anything of a link. */
export type Log = (event: string, figures: Readonly<Record<string, number | boolean>>) => void

export const silence: Log = () => undefined

/** JSON lines on standard error. */
export const jsonLog: Log = (event, figures) =>
  console.error(JSON.stringify({ at: new Date().toISOString(), event, ...figures }))
