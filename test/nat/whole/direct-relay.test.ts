import { afterAll, beforeAll, expect, it } from 'vitest'
import { byId, openLink, shareFiles, untilState } from '../../support/person.ts'
import { type Program, startProgram } from '../../support/program.ts'
import { bestWay, type NatKind } from '../kinds.ts'
import { otherAddress } from '../lab.ts'
import { Town } from '../visit.ts'

const sitePort = 8443
const origin = `https://${otherAddress}:${sitePort}`

let town: Town
let site: Program

beforeAll(async () => {
  town = await Town.found({ QUIRE_WEBRTC_PORT: 'auto', QUIRE_TURN: 'off' }, undefined, {
    args: ['--ignore-certificate-errors'] // as if somebody had vouched for the site's
  })
  const words = [String(sitePort), ...town.quire.direct]
  site = startProgram('test/nat/https-site.ts', words, {}, town.lab.spaces.within('internet'))
  await site.line()
})

afterAll(async () => {
  await site.kill()
  await town[Symbol.asyncDispose]()
})

const pairs: readonly (readonly [NatKind, NatKind])[] = [
  ['port-restricted', 'port-restricted'],
  ['symmetric', 'full-cone'],
  ['symmetric', 'port-restricted'],
  ['symmetric', 'symmetric'],
  ['firewall', 'address-restricted']
]

it.each(pairs)(
  '[NW37] a page over https that knows its relay by webrtc-direct alone: %s shares with %s',
  async (one, other) => {
    const { alice, bob, lab, film } = town
    await Promise.all([alice, bob].map(({ page }) => page.goto('about:blank')))
    lab.setKind('a', one)
    lab.setKind('b', other)
    const asked: string[] = []
    for (const { context } of [alice, bob]) context.on('request', (request) => asked.push(request.url()))
    const link = await shareFiles(alice.page, origin, [film])
    await openLink(bob.page, link)
    await untilState(bob.page, 'complete', 120_000)
    expect(await byId(bob.page, 'connection-kind').textContent()).toBe(bestWay(one, other, false))
    expect(await town.isSaved()).toBe(true)
    expect(asked.filter((url) => !url.startsWith(origin) && !url.startsWith('blob:'))).toEqual([])
  }
)
