import type { Page } from 'playwright'
import type * as Library from '../../../src/index.ts'
import { serveLibraryPage } from '../../support/library-page.ts'
import { addChosen, choose, forgetAll, openLibrary } from '../library.ts'
import { median, settled, spread, tell } from '../measure.ts'
import type { BenchOptions } from '../options.ts'
import { bigFile, openPair } from '../places.ts'
import type { Section } from '../results.ts'

declare const window: { readonly quire: Library.Quire }

/** Parts of the way through the file that are jumped to, one after the other; each is far from what is there. */
const places = [0.5, 0.8, 0.6, 0.9, 0.7]

/** How long a reader waits for bytes of a place far ahead, while all of the file is being fetched. */
export async function seek({ rounds, megabytes = 1000 }: BenchOptions): Promise<Section> {
  await using library = await serveLibraryPage()
  await using file = await bigFile(megabytes * 1e6)
  await using pair = await openPair()
  const { sender, receiver } = { sender: pair.sender.page, receiver: pair.receiver.page }
  await openLibrary(sender, library.url)
  await openLibrary(receiver, library.url)
  await choose(sender, file.path)
  const { link } = await addChosen(sender)
  const found: number[][] = []
  for (let round = 0; round < rounds; round++) {
    await settled()
    found.push(await waitsOf(receiver, link))
    tell(
      `round ${round + 1} of ${rounds}: ${found
        .at(-1)!
        .map((ms) => ms.toFixed(0))
        .join(' ')} ms`
    )
    await forgetAll(receiver)
  }
  const worst = found.map((waits) => Math.max(...waits))
  return {
    title: 'Seeking',
    explains:
      `A file of ${megabytes} MB that is being fetched with all that the machine gives. Once it has begun, a reader asks for a byte ` +
      `${places.map((part) => `${part * 100} %`).join(', ')} of the way through, one after the other, and none of them is there yet. ` +
      'Milliseconds until each byte is verified, decrypted and with the reader.',
    head: ['of each round', 'ms', 'goal'],
    rows: [
      ['the median', spread(found.map(median), 0), '≤ 300 ms'],
      ['the longest', spread(worst, 0), 'stated']
    ]
  }
}

/** Runs one fetch until every place was read. */
function waitsOf(page: Page, link: string): Promise<number[]> {
  return page.evaluate(
    async ([text, parts]) => {
      const item = await window.quire.open(text)
      const readByte = async (at: number): Promise<void> => {
        const reader = item.read(0, at, at + 1).getReader()
        await reader.read()
        await reader.cancel()
      }
      const [{ sizeBytes }] = (await item.files()) as [Library.FileView]
      await readByte(Math.floor(sizeBytes * 0.02)) // the fetch is well under way
      const waits: number[] = []
      for (const part of parts) {
        const startMs = performance.now()
        await readByte(Math.floor(sizeBytes * part))
        waits.push(performance.now() - startMs)
      }
      return waits
    },
    [link, places] as const
  )
}
