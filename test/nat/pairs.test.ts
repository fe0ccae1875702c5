import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bestWay, type NatKind, natKinds } from './kinds.ts'
import { resultsOf } from './results.ts'
import { Town, type Visit } from './visit.ts'

type Pair = readonly [NatKind, NatKind]

/** Each way, and what is hardest about it. */
const telling: readonly Pair[] = [
  ['firewall', 'port-restricted'],
  ['port-restricted', 'port-restricted'],
  ['full-cone', 'symmetric'],
  ['symmetric', 'symmetric'],
  ['none', 'udp-blocked'],
  ['port-restricted', 'tcp-443-only']
]
const every: readonly Pair[] = natKinds.flatMap((one, i) => natKinds.slice(i).map((other): Pair => [one, other]))
const isWhole = process.env['NAT_LAB'] === 'all'

const settings = {
  'coturn': { turn: true, pairs: isWhole ? every : telling },
  'no coturn': { turn: false, pairs: isWhole ? every.filter((pair) => bestWay(...pair, true) === 'turn') : [] }
}
const visits: Record<keyof typeof settings, Map<string, Visit>> = { 'coturn': new Map(), 'no coturn': new Map() }

afterAll(async () => {
  if (!isWhole) return
  const path = join(import.meta.dirname, 'RESULTS.md')
  const before = await readFile(path, 'utf8').catch(() => '')
  await writeFile(path, resultsOf(visits, before))
})

describe.each(Object.entries(settings).filter(([, { pairs }]) => pairs.length > 0))(
  'with %s',
  (name, { turn, pairs }) => {
    let town: Town

    beforeAll(async () => {
      town = await Town.found({ QUIRE_TURN: turn ? 'on' : 'off' })
    })

    afterAll(() => town[Symbol.asyncDispose]())

    it.each(pairs)('[NW28] 20 MB come from behind %s to behind %s, by the best way there is', async (...pair) => {
      const visit = await town.visit(...pair)
      visits[name as keyof typeof settings].set(pair.join(), visit)
      expect(visit.way).toBe(bestWay(...pair, turn))
      expect(await town.isSaved()).toBe(true)
    })
  }
)
