import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
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
const isWhole = process.env['QUIRE_NAT'] === 'all'

const visits = new Map<string, Visit>()
let town: Town

beforeAll(async () => {
  town = await Town.found()
})

afterAll(async () => {
  await town[Symbol.asyncDispose]()
  if (isWhole) await writeFile(join(import.meta.dirname, 'RESULTS.md'), resultsOf(visits))
})

it.each(isWhole ? every : telling)(
  '20 MB come from behind %s to behind %s, by the best way there is',
  async (...pair) => {
    const [one, other] = pair
    const visit = await town.visit(one, other)
    visits.set(pair.join(), visit)
    expect(visit.way).toBe(bestWay(one, other, false))
    expect(await town.isSaved()).toBe(true)
  }
)
