import type { Page } from 'playwright'
import { byId, linkOf, untilPercent, untilState } from '../../support/person.ts'
import { median, settled, tell } from '../measure.ts'
import type { BenchOptions } from '../options.ts'
import { bigFile, openPair, serveSite } from '../places.ts'
import type { Section } from '../results.ts'

interface WatchedWindow {
  /** Milliseconds of each task that held the page's thread for over 50 ms. */
  longTasks: number[]
}
declare const window: WatchedWindow

const limitMs = 280_000

/** Whether the page's own thread stays free while the engine works. */
export async function longTasks({ rounds, megabytes }: BenchOptions): Promise<Section> {
  const totalBytes = (megabytes ?? 500) * 1e6
  await using site = await serveSite()
  await using file = await bigFile(totalBytes)
  const found = { start: [] as number[][], adding: [] as number[][], fetching: [] as number[][] }
  for (let round = 0; round < rounds; round++) {
    await using pair = await openPair()
    const { sender, receiver } = { sender: pair.sender.page, receiver: pair.receiver.page }
    for (const page of [sender, receiver]) await page.addInitScript(watchTasks)
    await sender.goto(`${site.url}/#/`)
    await byId(sender, 'file-input').waitFor({ state: 'attached' })
    await settled()
    await take(sender)
    await byId(sender, 'file-input').setInputFiles(file.path)
    await byId(sender, 'share-link').waitFor({ state: 'attached', timeout: limitMs })
    found.adding.push(await take(sender))
    await receiver.goto(await linkOf(sender))
    await untilPercent(receiver, 1)
    found.start.push(await take(receiver))
    await untilState(receiver, 'complete', limitMs)
    found.fetching.push(await take(receiver))
    tell(`round ${round + 1} of ${rounds}: ${JSON.stringify(Object.values(found).map((rounds) => rounds.at(-1)))}`)
  }
  return {
    title: 'Long tasks',
    explains:
      `Tasks of over 50 ms on the thread of the delivered page, by the Long Tasks API, while it adds and fetches ${totalBytes / 1e6} MB. ` +
      'They count time, so a busy machine makes more of them. Opening a link evaluates libp2p, once.',
    head: ['while', 'tasks', 'longest, ms', 'goal'],
    rows: [
      row('adding', found.adding, 'none'),
      row('fetching, from the first hundredth on', found.fetching, 'none'),
      row('opening page and link', found.start, 'stated')
    ]
  }
}

function row(what: string, rounds: readonly (readonly number[])[], goal: string): string[] {
  const counts = rounds.map((tasks) => tasks.length)
  const longest = rounds.map((tasks) => Math.max(0, ...tasks).toFixed(0))
  return [what, `${median(counts)} (${counts.join(' ')})`, longest.join(' '), goal]
}

/** Runs in the page before all else. */
function watchTasks(): void {
  window.longTasks = []
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) window.longTasks.push(duration)
  }).observe({ type: 'longtask', buffered: true })
}

/** What came since the last look. */
const take = (page: Page): Promise<number[]> => page.evaluate(() => window.longTasks.splice(0))
