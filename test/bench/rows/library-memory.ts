import type { Page } from 'playwright'
import { launchBrowser } from '../../support/browsers.ts'
import { byId, linkOf, openLink, shareEach, untilPercent, untilState } from '../../support/person.ts'
import { heapMeter, type HeapMeter, sampling } from '../heap.ts'
import { median, settled, tell } from '../measure.ts'
import type { BenchOptions } from '../options.ts'
import { bigFile, serveSite } from '../places.ts'
import type { Section } from '../results.ts'

/** Data sets in the library of whom this is about. */
const sets = 1_000
/** Added at a time. */
const together = 20
const sampleMs = 500
const limitMs = 600_000

/** What a tab holds whose library has many data sets: at rest, and while it fetches one more. */
export async function libraryMemory({ megabytes = 200 }: BenchOptions): Promise<Section> {
  await using site = await serveSite()
  await using file = await bigFile(megabytes * 1e6)
  await using sharer = await launchBrowser({ whole: true })
  await sharer.page.goto(`${site.url}/#/`)
  await byId(sharer.page, 'file-input').setInputFiles(file.path)
  const link = await linkOf(sharer.page)
  const empty = await measured(site.url, link, 0)
  const many = await measured(site.url, link, sets)
  const row = (what: string, without: number, withMany: number): string[] => [
    what,
    mib(without),
    mib(withMany),
    mib(withMany - without),
    '≤ 64'
  ]
  return {
    title: 'Memory: a large library',
    explains:
      `JavaScript heap and buffers of the delivered page and its worker with no data set in the library and with ${sets.toLocaleString('en')} small ` +
      `shares, all announced, opened anew; at rest after a collection, and sampled twice a second while ${megabytes} MB are fetched, where garbage ` +
      'that waits to be collected counts. One run.',
    head: ['MiB', 'empty', `${sets.toLocaleString('en')} data sets`, 'more', 'goal, more'],
    rows: [
      row('at rest', empty.idle, many.idle),
      row('fetching: median', median(empty.fetching), median(many.fetching)),
      row('fetching: most', Math.max(...empty.fetching), Math.max(...many.fetching)),
      row('at rest again', empty.after, many.after)
    ]
  }
}

interface Heaps {
  readonly idle: number
  readonly fetching: readonly number[]
  readonly after: number
}

/** A browser whose library has so many data sets is opened anew, left alone, and fetches one more. */
async function measured(url: string, link: string, count: number): Promise<Heaps> {
  await using browser = await launchBrowser({ whole: true })
  const { page } = browser
  const meter = await heapMeter(page)
  await page.goto(`${url}/#/`)
  await byId(page, 'file-input').waitFor({ state: 'attached' })
  for (let from = 0; from < count; from += together) await addSome(page, from)
  await page.goto('about:blank')
  await page.goto(`${url}/#/`)
  await byId(page, 'file-input').waitFor({ state: 'attached' })
  if (count > 0) await page.locator('[data-row]').first().waitFor()
  const idle = await atRest(meter)
  tell(`${count} data sets: ${mib(idle)} MiB at rest`)
  await openLink(page, link)
  await untilPercent(page, 1)
  const fetching: number[] = []
  const stop = sampling(async () => void fetching.push(await meter.read()), sampleMs)
  await untilState(page, 'complete', limitMs)
  await stop()
  return { idle, fetching, after: await atRest(meter) }
}

/** Shares a few small files, each by itself; the newest is on top as soon as it is in the library. */
async function addSome(page: Page, from: number): Promise<void> {
  const names = Array.from({ length: together }, (_, i) => `note ${from + i}.txt`)
  await shareEach(page, names)
  await page.locator(`[data-row][aria-label="${names.at(-1)}"]`).waitFor({ state: 'attached' })
}

/** Everything was announced, and what nobody holds is gone. */
async function atRest(meter: HeapMeter): Promise<number> {
  for (let i = 0; i < 5; i++) await settled()
  return meter.read({ clean: true })
}

const mib = (bytes: number) => (bytes / 1024 / 1024).toFixed(1)
