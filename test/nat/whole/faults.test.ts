import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { byId, openLink, untilPercent, untilState } from '../../support/person.ts'
import { startProgram } from '../../support/program.ts'
import type { NatKind } from '../kinds.ts'
import { relayAddress6 } from '../lab.ts'
import { Town } from '../visit.ts'

/** Half a megabyte a second: 20 MB take long enough for something to happen meanwhile. */
const slowly = 4_000_000
const aLongTimeMs = 170_000

let town: Town

beforeAll(async () => {
  town = await Town.found({ QUIRE_TURN: 'off' })
})

afterEach(() => {
  town.lab.setRelayReached(true)
  for (const side of ['a', 'b'] as const) town.lab.setPlugged(side, true)
})

afterAll(() => town[Symbol.asyncDispose]())

/** Bob has some of what Alice shares, and more is coming. */
async function begun(one: NatKind, other: NatKind): Promise<number> {
  const { lab, bob } = town
  lab.setRate('a', slowly)
  await openLink(bob.page, await town.share(one, other))
  return untilPercent(bob.page, 15)
}

async function goesOn(): Promise<void> {
  town.lab.setRate('a')
  await untilState(town.bob.page, 'complete', aLongTimeMs)
  expect(await town.isSaved()).toBe(true)
}

// Time: how long the fault lasts is what the test is about.
const lasting = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1000))

describe('a fetch goes on', () => {
  it('directly while the relay cannot be reached for 30 s', async () => {
    const before = await begun('port-restricted', 'port-restricted')
    town.lab.setRelayReached(false)
    await untilPercent(town.bob.page, before + 20)
    await lasting(30)
    town.lab.setRelayReached(true)
    await goesOn()
    expect(await town.way()).toBe('direct')
  })

  it('by the relay, after that could not be reached for 30 s', async () => {
    await begun('symmetric', 'symmetric')
    town.lab.setRelayReached(false)
    await lasting(30)
    town.lab.setRelayReached(true)
    await goesOn()
    expect(await town.way()).toBe('relayed')
  })

  it.each([
    ['fetches', 'b'],
    ['shares', 'a']
  ] as const)('after the network of the one who %s was gone for 60 s', async (_who, side) => {
    await begun('port-restricted', 'port-restricted')
    town.lab.setPlugged(side, false)
    await lasting(60)
    town.lab.setPlugged(side, true)
    await goesOn()
  })

  it.each(['a', 'b'] as const)('when host %s gets another address and another router', async (side) => {
    await begun('port-restricted', 'none')
    town.lab.setKind(side, side === 'a' ? 'firewall' : 'port-restricted')
    await goesOn()
  })

  it('over a way that takes packets of 1,280 bytes', async () => {
    town.lab.setMtu('b', 1280)
    await begun('firewall', 'port-restricted')
    await goesOn()
    town.lab.setMtu('b', 1500)
  })
})

describe('what cannot go on says why', () => {
  it('where a sign-in page answers to everything, and goes on once it does not', async () => {
    const { bob, lab, quire } = town
    const link = await town.share('port-restricted', 'port-restricted')
    await bob.page.goto(`${quire.url}/#/`)
    await byId(bob.page, 'offline-ready').waitFor({ state: 'attached' })
    await bob.page.goto('about:blank')
    await using portal = startProgram('test/nat/portal.ts', ['8080'], {}, lab.spaces.within('router-b'))
    await portal.line()
    lab.setPortal('b', 8080)
    await bob.page.goto(link)
    await bob.page.getByText('No relay is answering').waitFor()
    lab.setKind('b', 'port-restricted')
    await goesOn()
    expect(await town.way()).toBe('direct')
  })
})

describe('over 200 ms there and back, with 3 % of packets lost', () => {
  it('a fetch goes on, as fast as such a way lets it', async () => {
    await using far = await Town.found({ QUIRE_TURN: 'off' }, { delayMs: 100, loss: 0.03 })
    far.lab.setKind('a', 'port-restricted')
    far.lab.setKind('b', 'firewall')
    await openLink(far.bob.page, await far.shareNow())
    await untilPercent(far.bob.page, 5, aLongTimeMs)
    expect(await far.way()).toBe('direct')
    far.lab.setPath({ delayMs: 0, loss: 0 })
    await untilState(far.bob.page, 'complete', aLongTimeMs)
    expect(await far.isSaved()).toBe(true)
  })
})

describe('with IPv6 only', () => {
  it('20 MB come directly', async () => {
    await using six = await Town.found({ QUIRE_TURN: 'off', QUIRE_HOST: '::', QUIRE_PUBLIC_HOST: relayAddress6 })
    six.lab.setIpv6Only()
    await openLink(six.bob.page, await six.shareNow())
    await untilState(six.bob.page, 'complete', 60_000)
    expect(await six.way()).toBe('direct')
    expect(await six.isSaved()).toBe(true)
  })
})
