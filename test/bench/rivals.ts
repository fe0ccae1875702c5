import type { Page } from 'playwright'

/** What the pages of the benchmark put on their window. */
interface RivalWindow {
  bare: {
    offer(): Promise<string>
    answer(offer: string): Promise<string>
    accept(answer: string): Promise<void>
    send(totalBytes: number): Promise<void>
    receive(totalBytes: number, way: 'raw' | 'pipeline'): Promise<number>
    hash(file: File): Promise<number>
    forget(): Promise<void>
  }
  ready: boolean
  seed(file: File, tracker: string): Promise<string>
  open(magnet: string): { first: Promise<number>; last: Promise<number> }
  opened: { first: Promise<number> }
  start(relay: string): Promise<void>
  addFile(file: File): Promise<HeliaFile>
  connect(address: string): Promise<void>
  fetchFile(cid: string): Promise<number>
  forget(): Promise<void>
}
declare const window: RivalWindow

/** A file in Helia's page, and where that is dialled. */
export interface HeliaFile {
  readonly cid: string
  readonly address: string
}

/** Two pages, one in each browser. */
export interface Pages {
  readonly sender: Page
  readonly receiver: Page
}

export async function openRival(page: Page, url: string): Promise<Page> {
  await page.goto(url)
  await page.waitForFunction(() => 'bare' in window || 'ready' in window)
  return page
}

export async function connectBare({ sender, receiver }: Pages): Promise<void> {
  const offer = await sender.evaluate(() => window.bare.offer())
  const answer = await receiver.evaluate((text) => window.bare.answer(text), offer)
  await sender.evaluate((text) => window.bare.accept(text), answer)
}

/** Milliseconds from the first message until the last byte came, or everything was stored. */
export async function sendBare(
  { sender, receiver }: Pages,
  totalBytes: number,
  way: 'raw' | 'pipeline'
): Promise<number> {
  const received = receiver.evaluate(([bytes, how]) => window.bare.receive(bytes, how), [totalBytes, way] as const)
  await sender.evaluate((bytes) => window.bare.send(bytes), totalBytes)
  return received
}

/** Removes what the pipeline stored. */
export const forgetBare = (page: Page): Promise<void> => page.evaluate(() => window.bare.forget())

/** Milliseconds of one pass of SHA-256 over the chosen file. */
export const hashChosen = (page: Page): Promise<number> =>
  page.evaluate(() => window.bare.hash(document.querySelector('input')!.files![0]!))

/** Seeds the chosen file; returns the magnet link. */
export const seedChosen = (page: Page, tracker: string): Promise<string> =>
  page.evaluate((url) => window.seed(document.querySelector('input')!.files![0]!, url), tracker)

/** Fetches all of it; milliseconds from the first verified piece to the last. */
export const fetchMagnet = (page: Page, magnet: string): Promise<number> =>
  page.evaluate(async (uri) => {
    const { first, last } = window.open(uri)
    return (await last) - (await first)
  }, magnet)

/** Milliseconds from the call to the first verified piece. */
export const firstPiece = (page: Page, magnet: string): Promise<number> =>
  page.evaluate(async (uri) => {
    const startMs = performance.now()
    return (await window.open(uri).first) - startMs
  }, magnet)

/** Opens the rival's page with a magnet link in its address; milliseconds from there to the first verified piece. */
export async function visitMagnet(page: Page, url: string, magnet: string): Promise<number> {
  await page.goto(`${url}#${magnet}`)
  await page.waitForFunction(() => 'ready' in window)
  return page.evaluate(() => window.opened.first)
}

/** Starts a node that reserves at the relay, and waits until it has. */
export const startHelia = (page: Page, relay: string): Promise<void> =>
  page.evaluate((address) => window.start(address), relay)

/** Adds the chosen file. */
export const addToHelia = (page: Page): Promise<HeliaFile> =>
  page.evaluate(() => window.addFile(document.querySelector('input')!.files![0]!))

export const connectHelia = (page: Page, { address }: HeliaFile): Promise<void> =>
  page.evaluate((text) => window.connect(text), address)

/** Fetches all of it; milliseconds from the first verified chunk to the last. */
export const fetchByHelia = (page: Page, { cid }: HeliaFile): Promise<number> =>
  page.evaluate((text) => window.fetchFile(text), cid)

/** Removes what a rival's page holds. */
export const forgetRival = (page: Page): Promise<void> => page.evaluate(() => window.forget())
