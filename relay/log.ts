/** Whom a line is about. Written only where the operator asked for it (`--log-ids`). */
export interface Whom {
  readonly address?: string | undefined
  readonly peerId?: string | undefined
}

/** A line of the log: what happened, and figures about it. `figures` hold no address, no id, and nothing of a link. */
export type Log = (event: string, figures?: Readonly<Record<string, number | boolean | string>>, whom?: Whom) => void

export const silence: Log = () => undefined

/** JSON lines on standard error. */
export function jsonLog(withIds: boolean, write: (line: string) => void = console.error): Log {
  return (event, figures = {}, whom = {}) =>
    write(JSON.stringify({ at: new Date().toISOString(), event, ...figures, ...(withIds ? whom : {}) }))
}
