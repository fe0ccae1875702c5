import { link as linkFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { JSHandle, Page } from 'playwright'
import { byId, linkOf } from '../../support/person.ts'
import { interleaved, ratio, spread, valuesOf } from '../measure.ts'
import type { BenchOptions } from '../options.ts'
import { pass } from '../pages/hash-pass.ts'
import { asPeoples, bigFile, openPair, serveSite } from '../places.ts'
import type { Section } from '../results.ts'
import { followLink, forgetSite, watchForNames } from '../visits.ts'

/** What stands between a large file that is dropped and its link, in the delivered page. */
export async function dropping({ rounds, megabytes = 1_100 }: BenchOptions): Promise<Section> {
  await using site = await serveSite()
  await using file = await bigFile(megabytes * 1e6)
  await using pair = await openPair(asPeoples)
  const [sender, receiver] = [pair.sender.page, pair.receiver.page]
  await receiver.addInitScript(watchForNames, '')
  /** Until whoever follows the link sees the name. */
  const shownMs: number[] = []
  let name = ''
  let link = ''
  let chosen: Chosen
  const prepare = async (): Promise<void> => {
    for (const page of [sender, receiver]) await visitAnew(page, site.url)
    // Its network is up once it shares something itself.
    await byId(receiver, 'file-input').setInputFiles({ name: 'own.txt', mimeType: '', buffer: Buffer.from('own') })
    await linkOf(receiver)
    chosen = await choose(sender, join(dirname(file.path), name))
    await sender.bringToFront()
    await dragOver(sender)
  }
  const { drop, bare } = await interleaved(rounds, {
    drop: {
      async prepare() {
        name = `dropped-${shownMs.length}.bin`
        await linkFile(file.path, join(dirname(file.path), name))
        await prepare()
      },
      async run() {
        const dropped = await sender.evaluate(dropFile, chosen)
        link = dropped.link
        return dropped.seconds
      },
      async after() {
        await receiver.bringToFront()
        shownMs.push(await receiver.evaluate(followLink, [link, name] as const))
      }
    },
    bare: { prepare, run: () => passOver(sender, chosen) }
  })
  return {
    title: 'Dropping',
    explains:
      `A file of ${megabytes} MB, in the page cache, is dropped on a page just opened, with nothing in its library: seconds until the page shows its link, ` +
      'which is when everything is sealed, hashed and durable; against one pass over the same File in the same page, which reads it 4 MiB at a time ' +
      'and hashes blocks of 64 KiB by WebCrypto. From the link on a receiver can begin: another page, whose network is up, follows it ' +
      'then, and shows the name, which is in the first block.',
    head: ['against', 'dropped → link, s', 'it, s', 'ratio', 'CPU ratio', 'link → shown by another, ms', 'goal'],
    rows: [
      [
        'one SHA-256 pass',
        spread(valuesOf(drop)),
        spread(valuesOf(bare)),
        ratio(drop, bare, 'value'),
        ratio(drop, bare, 'cpuSeconds'),
        spread(shownMs, 0),
        'stated'
      ]
    ]
  }
}

async function visitAnew(page: Page, url: string): Promise<void> {
  await forgetSite(page, url)
  await page.goto(`${url}/#/`)
  await byId(page, 'file-input').waitFor({ state: 'attached' })
}

/** As files come over the page, a moment before they are dropped. */
async function dragOver(page: Page): Promise<void> {
  await page.evaluate(() => document.body.dispatchEvent(new DragEvent('dragenter', { bubbles: true })))
}

/** An input of our own: those of the page share at once what they are given. */
type Chosen = JSHandle<HTMLInputElement>

async function choose(page: Page, path: string): Promise<Chosen> {
  const input = await page.evaluateHandle(() => Object.assign(document.createElement('input'), { type: 'file' }))
  await input.setInputFiles(path)
  return input
}

/** Runs in the page: drops the chosen file, and waits for its link. */
async function dropFile(chosen: HTMLInputElement): Promise<{ seconds: number; link: string }> {
  const dataTransfer = new DataTransfer()
  dataTransfer.items.add(chosen.files![0]!)
  const shown = (id: string) => document.querySelector(`[data-testid=${id}]`)?.textContent
  const startMs = performance.now()
  const linked = new Promise<string>((resolve) => {
    const look = () => {
      const link = shown('share-link')
      if (link) resolve(link)
    }
    new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true })
  })
  document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }))
  const link = await linked
  const seconds = (performance.now() - startMs) / 1000
  if (shown('item-state') !== 'sharing') throw new Error('there is a link before everything is stored')
  return { seconds, link }
}

/** Seconds that a bare pass over the chosen file takes. */
async function passOver(page: Page, chosen: Chosen): Promise<number> {
  const there = await page.evaluateHandle<typeof pass>(`(${String(pass)})`)
  return page.evaluate(
    async ([input, passThere]) => {
      const startMs = performance.now()
      await passThere(input.files![0]!)
      return (performance.now() - startMs) / 1000
    },
    [chosen, there] as const
  )
}
