import type { Page } from 'playwright'
import { launchBrowser, type TestBrowser } from '../support/browsers.ts'
import type * as Library from '../../src/index.ts'

/** What the pages of the benchmark put on their window. */
interface BenchWindow {
  library: typeof Library
  quire: Library.Quire
  bare: {
    offer(): Promise<string>
    answer(offer: string): Promise<string>
    accept(answer: string): Promise<void>
    send(totalBytes: number): Promise<void>
    receive(totalBytes: number, way: 'raw' | 'pipeline'): Promise<number>
  }
  ready: boolean
  seed(sizeBytes: number, tracker: string): Promise<string>
  fetchMagnet(magnet: string): Promise<{ totalMs: number; firstMs: number }>
  forget(): Promise<void>
  makeBytes(sizeBytes: number): Uint32Array<ArrayBuffer>
}
declare const window: BenchWindow

export interface Pair extends AsyncDisposable {
  readonly sender: TestBrowser
  readonly receiver: TestBrowser
}

/** Two browser processes, both at the same page. */
export async function openPair(url: string, ready: keyof BenchWindow): Promise<Pair> {
  const sender = await launchBrowser()
  const receiver = await launchBrowser()
  for (const { page } of [sender, receiver]) {
    await page.goto(url)
    await page.waitForFunction((name) => name in window, ready)
  }
  return {
    sender,
    receiver,
    async [Symbol.asyncDispose]() {
      await sender.close()
      await receiver.close()
    }
  }
}

export const openQuire = (page: Page): Promise<void> =>
  page.evaluate(async () => {
    window.quire = await window.library.openPageQuire()
  })

/** Adds fresh bytes; returns the link and how long until it was known. */
export function addFresh(page: Page, sizeBytes: number): Promise<{ link: string; ms: number }> {
  return page.evaluate(async (size) => {
    const words = new Uint32Array(size / 4)
    let state = (performance.now() * 1000) | 1
    for (let i = 0; i < words.length; i++) {
      state ^= state << 13
      state ^= state >>> 17
      state ^= state << 5
      words[i] = state
    }
    const blob = new Blob([words])
    const startMs = performance.now()
    const link = await window.quire.add([window.library.blobSource('bench.bin', blob)]).whenLinked()
    return { link, ms: performance.now() - startMs }
  }, sizeBytes)
}

/** Milliseconds of one pass of SHA-256 over so many bytes, block by block, in this page. */
export function hashOnce(page: Page, sizeBytes: number): Promise<number> {
  return page.evaluate(async (size) => {
    const segment = new Uint8Array(4 * 1024 * 1024)
    const startMs = performance.now()
    for (let done = 0; done < size; done += segment.length) {
      const hashes: Promise<ArrayBuffer>[] = []
      for (let at = 0; at < segment.length; at += 65_536) {
        hashes.push(crypto.subtle.digest('SHA-256', segment.subarray(at, at + 65_536)))
      }
      await Promise.all(hashes)
    }
    return performance.now() - startMs
  }, sizeBytes)
}

/** Fetches a link and removes what came; how long in all, until the first verified block, and between the two. */
export function fetchLink(page: Page, link: string): Promise<{ totalMs: number; firstMs: number }> {
  return page.evaluate(async (text) => {
    const startMs = performance.now()
    const item = await window.quire.open(text)
    const reader = item.read(0, 0, 1).getReader()
    await reader.read()
    const firstMs = performance.now() - startMs
    await item.whenReady()
    const totalMs = performance.now() - startMs
    await item.remove()
    return { totalMs, firstMs }
  }, link)
}

export const forgetAll = (page: Page): Promise<void> =>
  page.evaluate(async () => {
    for (const item of window.quire.items()) await item.remove()
  })

export async function connectBare({ sender, receiver }: Pair): Promise<void> {
  const offer = await sender.page.evaluate(() => window.bare.offer())
  const answer = await receiver.page.evaluate((text) => window.bare.answer(text), offer)
  await sender.page.evaluate((text) => window.bare.accept(text), answer)
}

/** Milliseconds. */
export async function sendBare(
  { sender, receiver }: Pair,
  totalBytes: number,
  way: 'raw' | 'pipeline'
): Promise<number> {
  const received = receiver.page.evaluate(([bytes, how]) => window.bare.receive(bytes, how), [totalBytes, way] as const)
  await sender.page.evaluate((bytes) => window.bare.send(bytes), totalBytes)
  return received
}

/** Seeds fresh bytes; returns the magnet link. */
export const seedTorrent = ({ sender }: Pair, totalBytes: number, tracker: string): Promise<string> =>
  sender.page.evaluate(([bytes, url]) => window.seed(bytes, url), [totalBytes, tracker] as const)

export const fetchTorrent = ({ receiver }: Pair, magnet: string): Promise<{ totalMs: number; firstMs: number }> =>
  receiver.page.evaluate((uri) => window.fetchMagnet(uri), magnet)

export async function forgetTorrents({ sender, receiver }: Pair): Promise<void> {
  for (const { page } of [sender, receiver]) await page.evaluate(() => window.forget())
}
