import { serveLibraryPage } from '../../support/library-page.ts'
import { launchWindowed, type WindowedBrowser } from '../windowed.ts'
import { openScreen } from '../../support/screen.ts'
import { cpuOf, interleaved, ratio, spread, valuesOf, type Way } from '../measure.ts'
import type { BenchOptions } from '../options.ts'
import { bigFile } from '../places.ts'
import type { Section } from '../results.ts'

/** What is left of the pace when nobody looks at the tabs: both are behind others, in browsers with windows. */
export async function hidden({ rounds, megabytes = 100 }: BenchOptions): Promise<Section> {
  await using library = await serveLibraryPage()
  await using file = await bigFile(megabytes * 1e6)
  await using screen = await openScreen()
  await using sender = await launchWindowed(screen.display)
  await using receiver = await launchWindowed(screen.display)
  await openEngine(sender, library.url)
  await openEngine(receiver, library.url)
  await sender.chooseFiles('file', [file.path])
  const link = await sender.evaluate<string>(
    "quire.add([library.fileSource(document.querySelector('input').files[0])]).whenLinked()"
  )
  const way = (isInFront: boolean): Way => ({
    async prepare() {
      await sender.show(isInFront)
      await receiver.show(isInFront)
    },
    run: async () => (megabytes * 1000) / (await fetchAll(receiver, link)),
    after: () => receiver.evaluate('Promise.all(quire.items().map((item) => item.remove()))')
  })
  const { shown, behind } = await interleaved(rounds, { shown: way(true), behind: way(false) })
  return {
    title: 'Hidden tabs',
    explains:
      `${megabytes} MB from tab to tab, in two browsers with windows on a virtual screen and with all the throttling that browsers have for tabs ` +
      'that nobody looks at. In one way both tabs are in front, in the other both are behind an empty one.',
    head: ['against', 'behind, MB/s', 'in front, MB/s', 'ratio', 'behind, CPU-s', 'in front, CPU-s', 'goal'],
    rows: [
      [
        'tabs in front',
        spread(valuesOf(behind)),
        spread(valuesOf(shown)),
        ratio(behind, shown, 'value'),
        spread(cpuOf(behind)),
        spread(cpuOf(shown)),
        'rate ≥ 0.8'
      ]
    ]
  }
}

async function openEngine(browser: WindowedBrowser, url: string): Promise<void> {
  await browser.open(url)
  await browser.evaluate(`(async () => {
    const input = Object.assign(document.createElement('input'), { type: 'file' })
    input.dataset.testid = 'file'
    document.body.append(input)
    globalThis.quire = await library.openPageQuire()
  })()`)
}

/** Milliseconds from the opened link until everything is stored. */
const fetchAll = (browser: WindowedBrowser, link: string): Promise<number> =>
  browser.evaluate(`(async () => {
    const startMs = performance.now()
    await (await quire.open(${JSON.stringify(link)})).whenReady()
    return performance.now() - startMs
  })()`)
