import { readFile } from 'node:fs/promises'
import type { Download, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchBrowser, type TestBrowser } from '../support/browsers.ts'
import { serveStreamPage, type ServedStreamPage } from '../support/stream-page.ts'
import type { StreamPage } from '../support/stream-page/main.ts'
import { patternFile } from '../support/stream-page/made-files.ts'

declare const streams: StreamPage

const MiB = 1024 * 1024
const file = patternFile('', 2 * MiB + 321)

let served: ServedStreamPage
let browser: TestBrowser
let page: Page

beforeAll(async () => {
  served = await serveStreamPage()
  browser = await launchBrowser()
  page = browser.page
})

afterAll(async () => {
  await browser?.close()
  await served?.[Symbol.asyncDispose]()
})

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly base64: string
}

async function ask(
  path: string,
  headers: Record<string, string> = {},
  method = 'GET'
): Promise<Answer & { bytes: Buffer }> {
  const answer = await page.evaluate(
    async ([path, headers, method]) => {
      const response = await fetch(path, { headers, method })
      const bytes = new Uint8Array(await response.arrayBuffer())
      let text = ''
      for (let at = 0; at < bytes.length; at += 4096) text += String.fromCharCode(...bytes.subarray(at, at + 4096))
      return { status: response.status, headers: Object.fromEntries(response.headers), base64: btoa(text) }
    },
    [path, headers, method] as const
  )
  return { ...answer, bytes: Buffer.from(answer.base64, 'base64') }
}

async function save(id: string, indexes: number[]): Promise<{ download: Download; outcome: Promise<string> }> {
  const started = page.waitForEvent('download')
  const outcome = page.evaluate(([id, indexes]) => streams.save(id, indexes), [id, indexes] as const)
  outcome.catch(() => undefined)
  return { download: await started, outcome }
}

describe('the worker', () => {
  it.each([
    ['its script', (path: string) => path === '/sw.js'],
    ['a part of the shell', (path: string) => path === '/favicon.svg']
  ])('is installed without a reload, though %s could not be fetched at first', async (_what, isRefused) => {
    served.refuse(isRefused)
    const fresh = await launchBrowser()
    await fresh.page.goto(served.url)
    const before = served.asked.length
    await expect.poll(() => served.asked.slice(before).filter(isRefused).length, { timeout: 30_000 }).toBeGreaterThan(0)
    served.refuse(() => false)
    await fresh.page.evaluate(() => streams.offlineReady.promise)
    await fresh.close()
  })

  it('is installed on the first visit', async () => {
    await page.goto(served.url)
    await page.evaluate(() => streams.offlineReady.promise)
  })
})

describe('a stream', () => {
  it('[SR4] [SR7] [SR8] has the whole file with its exact length and name', async () => {
    const { status, headers, bytes } = await ask('/stream/files/0/x')
    expect(status).toBe(200)
    expect(headers['content-length']).toBe(String(file.sizeBytes))
    expect(headers['content-disposition']).toContain("filename*=UTF-8''Gr%C3%B6%C3%9Fe%20%E2%80%9C%CE%B1%E2%80%9D.bin")
    expect(bytes.equals(file.make(0, file.sizeBytes))).toBe(true)
  })

  it('[SR4] has the part that a range asks for', async () => {
    const { status, headers, bytes } = await ask('/stream/files/0/x', { range: 'bytes=1048570-1048580' })
    expect(status).toBe(206)
    expect(headers['content-range']).toBe(`bytes 1048570-1048580/${file.sizeBytes}`)
    expect(bytes.equals(file.make(1_048_570, 1_048_581))).toBe(true)
    expect((await ask('/stream/files/0/x', { range: 'bytes=99999999-' })).status).toBe(416)
  })

  it('[SR3] is 404 where no page has it', async () => {
    expect((await ask('/stream/other/0/x')).status).toBe(404)
    expect((await ask('/stream/files/99/x')).status).toBe(404)
  })

  it('[SR9] lets a player seek, and reads only what it plays', async () => {
    const read = await page.evaluate(async () => {
      const item = streams.items[0]!
      const before = item.readBytes
      const player = document.createElement('audio')
      player.src = '/stream/files/1/sound.wav'
      document.body.append(player)
      await new Promise((resolve, reject) => Object.assign(player, { onloadedmetadata: resolve, onerror: reject }))
      player.currentTime = 500
      await new Promise((resolve) => (player.onseeked = resolve))
      const seconds = [player.duration, player.currentTime]
      player.remove()
      return { seconds, bytes: item.readBytes - before }
    })
    expect(read.seconds).toEqual([600, 500])
    expect(read.bytes).toBeLessThan(44_100 * 2 * 300)
  })

  it('[SR6] runs no script of what others shared, even where a tab opens it', async () => {
    const other = await browser.context.newPage()
    for (const path of ['stream/files/2/drawing.svg', 'stream/files/4/note.txt']) {
      const response = await other.goto(served.url + path)
      expect(response?.headers()['content-security-policy']).toContain('sandbox')
      expect(await other.title()).not.toBe('it ran')
    }
    const [download] = await Promise.all([
      other.waitForEvent('download'),
      other.goto(`${served.url}stream/files/3/page.html`).catch(() => undefined)
    ])
    expect(download.suggestedFilename()).toBe('page.html')
    await other.close()
    expect(served.asked).not.toContain('/ran')
  })
})

describe('a save', () => {
  it('[SR3] [SR9] is the file, byte for byte, under its own name', async () => {
    const { download, outcome } = await save('files', [0])
    expect(download.suggestedFilename()).toMatch(/^Größe .α.\.bin$/)
    const bytes = await readFile(await download.path())
    expect(bytes.equals(file.make(0, file.sizeBytes))).toBe(true)
    expect(await outcome).toBe('handed')
  })

  it('may be empty', async () => {
    const { download, outcome } = await save('files', [7])
    expect((await readFile(await download.path())).length).toBe(0)
    expect(await outcome).toBe('handed')
  })

  it('[ZI5] of several files is one archive with all of them', async () => {
    const { download, outcome } = await save('many', [])
    expect(download.suggestedFilename()).toMatch(/^A set_ of .files.\.zip$/)
    const bytes = await readFile(await download.path())
    expect(await outcome).toBe('handed')
    expect(bytes.readUInt16LE(bytes.length - 12)).toBe(300)
    expect(bytes.includes(Buffer.from(patternFile('', 299 * 997).make(0, 299 * 997)))).toBe(true)
  })

  it('[SR10] that is cut short is a failure, never a shorter file', async () => {
    const { download, outcome } = await save('files', [5])
    expect(await download.failure()).not.toBeNull()
    expect(await outcome).toBe('failed Error')
  })

  it('[SR9] that the person cancels ends the reading', async () => {
    const before = await page.evaluate(() => streams.items[0]!.cancelled)
    const { download, outcome } = await save('files', [6])
    await download.cancel()
    expect(await outcome).toBe('declined')
    expect(await page.evaluate(() => streams.items[0]!.cancelled)).toBe(before + 1)
  })
})

describe('the page', () => {
  it('can be installed', async () => {
    const session = await browser.context.newCDPSession(page)
    const { installabilityErrors } = await session.send('Page.getInstallabilityErrors')
    expect(installabilityErrors).toEqual([])
    const { errors } = await session.send('Page.getAppManifest')
    expect(errors).toEqual([])
  })

  it('keeps within its policy', async () => {
    expect(await page.evaluate(() => streams.violations)).toEqual([])
  })

  it('offers a new version and changes only the tab that asks for it', async () => {
    const other = await browser.context.newPage()
    await other.goto(served.url)
    await served.renew('second')
    await page.evaluate(async () => (await navigator.serviceWorker.getRegistration())!.update())
    await other.evaluate(() => streams.update.promise.then(() => undefined))
    const reloaded = page.waitForEvent('load')
    await page.evaluate(async () => (await streams.update.promise)())
    await reloaded
    expect(await page.getAttribute('body', 'data-version')).toBe('second')
    expect(await other.getAttribute('body', 'data-version')).toBe('first')
    // What is offered there is in its place already.
    const reloadedToo = other.waitForEvent('load')
    await other.evaluate(async () => (await streams.update.promise)())
    await reloadedToo
    expect(await other.getAttribute('body', 'data-version')).toBe('second')
    await other.close()
  })

  it('comes to be the newest version, if there is one, when a person says that it has to', async () => {
    const load = async () => {
      const loaded = page.waitForEvent('load')
      await page.evaluate(() => void streams.loadNewest())
      await loaded
      return page.getAttribute('body', 'data-version')
    }
    expect(await load()).toBe('second')
    await served.renew('third')
    expect(await load()).toBe('third')
    await served.renew('fourth')
    await page.evaluate(async () => {
      await (await navigator.serviceWorker.getRegistration())!.update()
      await streams.update.promise
    })
    expect(await load()).toBe('fourth')
  })

  it('starts, streams and saves without a network', async () => {
    await served.stop()
    const next = await browser.context.newPage()
    await page.close()
    page = next
    await page.goto(served.url)
    await page.evaluate(() => streams.offlineReady.promise)
    expect((await ask('/stream/files/0/x', { range: 'bytes=0-9' })).bytes.equals(file.make(0, 10))).toBe(true)
    const { download, outcome } = await save('files', [4])
    expect((await readFile(await download.path())).toString()).toContain('ü')
    expect(await outcome).toBe('handed')
  })
})
