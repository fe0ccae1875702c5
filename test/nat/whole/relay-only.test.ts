import { describe, expect, it } from 'vitest'
import { untilState, openLink } from '../../support/person.ts'
import { Town } from '../visit.ts'

/** What a page's connections tell the other side of where they can be reached; collected in the page. */
declare global {
  var candidates: string[]
}

/** Keeps what every connection of Bob's page gathers, as `about:webrtc` would show it. */
async function collectCandidates(town: Town): Promise<void> {
  await town.bob.context.addInitScript(() => {
    globalThis.candidates = []
    globalThis.RTCPeerConnection = class extends RTCPeerConnection {
      constructor(configuration?: RTCConfiguration) {
        super(configuration)
        this.addEventListener('icecandidate', ({ candidate }) => candidates.push(candidate?.candidate ?? ''))
      }
    }
  })
}

/** Bob turns it on where it is in the page. */
async function hide(town: Town): Promise<void> {
  const { page } = town.bob
  await page.goto(`${town.quire.url}/#/`)
  await page.keyboard.press('?')
  await page.getByTestId('relay-only').click()
  await page.getByTestId('relay-only').waitFor({ state: 'detached' }) // the page loads again
  await page.keyboard.press('?')
  await page.locator('[data-testid="relay-only"][aria-checked="true"]').waitFor()
}

describe.each([
  ['on', 'turn'],
  ['off', 'relayed']
])('by relays alone, with TURN %s', (turn, way) => {
  it('[NW29] no packet goes from one host to the other, and no address of the one who hides is told', async () => {
    await using town = await Town.found({ QUIRE_TURN: turn })
    await collectCandidates(town)
    const fetched = async (): Promise<string[]> => {
      const link = await town.share('none', 'none')
      town.lab.watch()
      await openLink(town.bob.page, link)
      await untilState(town.bob.page, 'complete', 90_000)
      expect(await town.isSaved()).toBe(true)
      return (await town.bob.page.evaluate(() => candidates)).filter((each) => each !== '')
    }

    // The wire is watched well: with nothing hidden it shows all that is looked for.
    expect((await fetched()).some((each) => / typ (host|srflx) /.test(each))).toBe(true)
    const open = town.lab.seen()
    expect(open.between).toBeGreaterThan(10_000)
    expect(open.stun).toBeGreaterThan(0)

    await hide(town)
    const told = await fetched()
    expect(await town.way()).toBe(way)
    expect(town.lab.seen()).toEqual({ between: 0, stun: 0 })
    expect(told.filter((each) => !/ typ relay raddr 0\.0\.0\.0 /.test(each))).toEqual([])
    expect(told.length > 0).toBe(turn === 'on')
  })
})
