import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { reachControl } from '../../../relay/control/reach.ts'
import type { SwarmId } from '../../../src/core/ids.ts'
import { announceTtlMs } from '../../../src/core/limits.ts'
import { temporaryFolder } from '../../support/files.ts'
import { figure, untilFigure } from '../../support/figures.ts'
import { openKeepingTab } from '../../support/keeping-tab.ts'
import { startProgram } from '../../support/program.ts'
import { RelayPrograms } from '../../support/relay-programs.ts'
import { seededBytes } from '../../support/seeded.ts'
import { openSharer, type Sharer, slowly } from '../../support/sharer.ts'
import { type TrackerTab, trackerTab } from '../../support/tracker-tab.ts'
import { within } from '../../support/waiting.ts'

const relayCount = 5
const peerCount = 20
const contentBytes = 1_500_000
const paceBytesPerSecond = 1_000_000

let programs: RelayPrograms
let peers: Sharer[]
let onServed: () => void = () => undefined
const tabs: TrackerTab[] = []

beforeAll(async () => {
  programs = await RelayPrograms.start(relayCount)
  peers = await Promise.all(
    Array.from({ length: peerCount }, (_, n) => {
      const pace = slowly(paceBytesPerSecond)
      return openSharer({
        relay: programs.relays[n % relayCount]!.url,
        readBlocks: (honestly) => {
          const read = pace(honestly)
          return (set, range) => {
            onServed()
            return read(set, range)
          }
        }
      })
    })
  )
})

afterEach(async () => {
  await Promise.all(tabs.splice(0).map(({ network }) => network.stop()))
})

afterAll(async () => {
  await Promise.all(peers.map((peer) => peer[Symbol.asyncDispose]()))
  await programs[Symbol.asyncDispose]()
})

async function tabAt(relay: number): Promise<TrackerTab> {
  const tab = await trackerTab(programs.relays[relay]!.url)
  tabs.push(tab)
  tab.say({ type: 'record', record: tab.record })
  return tab
}

/** Resolves when a tab at this relay is told of somebody: how soon depends on the machine, and the simulation says it. */
async function untilTold(relay: number, swarmId: SwarmId): Promise<void> {
  const tab = await tabAt(relay)
  tab.say({ type: 'announce', swarmId, role: 'tab', holder: false, watch: true, ttlMs: announceTtlMs })
  while ((await within(10_000, 'somebody is found', tab.next('peers'))).peers.length === 0) continue
}

const pairs = Array.from({ length: relayCount }, (_, a) => a).flatMap((a) =>
  Array.from({ length: relayCount - a - 1 }, (_, more) => [a, a + more + 1] as const)
)

/** Both that are named to the others, and none of them; `QUIRE_EVERY_PAIR=1` takes all ten. */
const some = pairs.filter(([a, b]) => ['0,1', '2,4'].includes(`${a},${b}`))
const chosen = process.env.QUIRE_EVERY_PAIR === '1' ? pairs : some

/** Relays that the keeper of this folder is at, once they are so many. */
async function relaysOfKeeper(dataDir: string, least: number): Promise<readonly string[]> {
  const control = await reachControl(dataDir)
  for (;;) {
    const { running } = await control!.status()
    const there = running!.relays.filter(({ state }) => state === 'reserved').map(({ url }) => url)
    if (there.length >= least) return there
    // Time: a program's state is asked, it does not tell.
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

const portOf = (url: string): number => Number(new URL(url).port)

describe('five relays, of which two are killed while twenty peers share', () => {
  it.each(chosen)(
    '[RN7] %i and %i: all get everything, and a tab finds a holder at another relay',
    async (...killed) => {
      const left = Array.from({ length: relayCount }, (_, n) => n).filter((n) => !killed.includes(n))
      const seed = killed[0] * relayCount + killed[1]
      const swarmId = seed.toString(16).padStart(64, 'd') as SwarmId
      const holder = await tabAt(left[0]!)
      holder.say({ type: 'announce', swarmId, role: 'tab', holder: true, watch: false, ttlMs: announceTtlMs })
      const [sharer, ...others] = [...peers.slice(seed % peerCount), ...peers.slice(0, seed % peerCount)]
      const link = await sharer!.shareBytes(`${seed}.bin`, seededBytes(100 + seed, contentBytes))
      const serving = new Promise<void>((resolve) => (onServed = resolve))
      const fetched = Promise.all(others.map((peer) => peer.fetch(link)))
      await within(30_000, 'the first blocks are given', serving)
      await programs.kill(killed)
      await untilTold(left[2]!, swarmId)
      await within(60_000, 'everybody has everything', fetched)
      await programs.restart(killed)
      await programs.know(relayCount - 1)
      for (const n of killed) await untilFigure(programs.relays[n]!.url, 'quire_tabs', peerCount / relayCount)
    },
    180_000
  )

  // The last one: those two stay away.
  it('[RN15] [NW36] a keeper told of two relays is at three, goes on at others when two of those are killed, and keeps a share', async () => {
    await using place = await temporaryFolder('keeper')
    const named = programs.relays.slice(0, 2).map(({ url }) => url)
    const args = ['--rest-port', '0', '--data', place.path, '--bootstrap', named.join(), '--json']
    await using keeper = startProgram('relay/cli.ts', ['keeper', ...args])
    const { peerId } = JSON.parse(await within(30_000, 'the keeper starts', keeper.line())) as { peerId: string }
    const before = await within(60_000, 'it is at three relays', relaysOfKeeper(place.path, 3))
    const known = await Promise.all(programs.relays.map(({ url }) => figure(url, 'quire_relays_known')))
    expect(known).toEqual(programs.relays.map(() => relayCount - 1)) // none takes it for a relay
    const killed = before.slice(0, 2).map((url) => programs.relays.findIndex(({ port }) => port === portOf(url)))
    await programs.kill(killed)
    const left = programs.relays.filter((_, n) => !killed.includes(n))
    const after = await within(60_000, 'it is at the three that are left', relaysOfKeeper(place.path, 3))
    expect(after.map(portOf).toSorted()).toEqual(left.map(({ port }) => port).toSorted())
    await using tab = await openKeepingTab(left.find(({ port }) => !before.map(portOf).includes(port))!.url)
    expect((await tab.safe(seededBytes(90, 300_000))).keepers).toEqual([peerId])
  }, 180_000)
})
