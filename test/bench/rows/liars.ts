import { launchBrowser } from '../../support/browsers.ts'
import { serveLibraryPage } from '../../support/library-page.ts'
import { lying, openSharer, type Sharer, silent } from '../../support/sharer.ts'
import { addChosen, choose, fetchLink, forgetAll, openLibrary } from '../library.ts'
import { interleaved, ratio, spread, valuesOf, type Way } from '../measure.ts'
import type { BenchOptions } from '../options.ts'
import { bigFile } from '../places.ts'
import type { Section } from '../results.ts'

/** What two liars and one that is silent cost somebody who fetches from two honest tabs. */
export async function liars({ rounds, megabytes = 100 }: BenchOptions): Promise<Section> {
  await using library = await serveLibraryPage()
  await using file = await bigFile(megabytes * 1e6)
  const browsers = await Promise.all([
    launchBrowser({ whole: true }),
    launchBrowser({ whole: true }),
    launchBrowser({ whole: true })
  ])
  const pages = browsers.map(({ page }) => page)
  const [first, second, receiver] = pages as [(typeof pages)[0], (typeof pages)[0], (typeof pages)[0]]
  try {
    for (const page of pages) await openLibrary(page, library.url)
    await choose(first, file.path)
    let link = ''
    let bad: Sharer[] = []
    const honest: Way = {
      async prepare() {
        link = (await addChosen(first)).link
        await fetchLink(second, link, false)
        await receiver.bringToFront()
      },
      async run() {
        const startMs = performance.now()
        await fetchLink(receiver, link, false)
        return (performance.now() - startMs) / 1000
      },
      after: async () => void (await Promise.all(pages.map(forgetAll)))
    }
    const spoilt: Way = {
      ...honest,
      async prepare() {
        await honest.prepare?.()
        const kinds = [lying, lying, silent]
        bad = await Promise.all(kinds.map((readBlocks) => openSharer({ relay: library.url, readBlocks })))
        await Promise.all(bad.map((sharer) => sharer.fetch(link)))
      },
      async after() {
        await Promise.all(bad.map((sharer) => sharer[Symbol.asyncDispose]()))
        await honest.after?.()
      }
    }
    const { spoilt: a, honest: b } = await interleaved(rounds, { spoilt, honest })
    return {
      title: 'Liars',
      explains:
        `${megabytes} MB from two honest tabs, and with two programs beside them that send blocks with one wrong bit and one ` +
        'that never answers. Seconds from the opened link, with dialling and the greeting, until everything is verified and stored.',
      head: ['a swarm of six, against', 'with them, s', 'without, s', 'ratio', 'CPU ratio', 'goal'],
      rows: [
        [
          'the honest three alone',
          spread(valuesOf(a)),
          spread(valuesOf(b)),
          ratio(a, b, 'value'),
          ratio(a, b, 'cpuSeconds'),
          '≤ 1.5'
        ]
      ]
    }
  } finally {
    await Promise.all(browsers.map((browser) => browser.close()))
  }
}
