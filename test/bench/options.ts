import { parseArgs } from 'node:util'

export interface BenchOptions {
  readonly rounds: number
  /** How much, where a part does not know better. */
  readonly megabytes: number | undefined
}

/** @throws TypeError for words that mean nothing. */
export function optionsOf(known: readonly string[]): BenchOptions & { readonly rows: readonly string[] } {
  const { values } = parseArgs({
    options: { rounds: { type: 'string', default: '5' }, megabytes: { type: 'string' }, rows: { type: 'string' } }
  })
  const rows = values.rows?.split(',') ?? known
  const strange = rows.find((name) => !known.includes(name))
  if (strange !== undefined) throw new TypeError(`There is no row "${strange}": choose from ${known.join(', ')}.`)
  return {
    rows,
    rounds: positive('rounds', values.rounds),
    megabytes: values.megabytes === undefined ? undefined : positive('megabytes', values.megabytes)
  }
}

function positive(name: string, text: string): number {
  const value = Number(text)
  if (!(value > 0)) throw new TypeError(`--${name} takes a number above 0, not "${text}".`)
  return value
}
