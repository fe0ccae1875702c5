import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { streamFirstAnswerMs, streamPingMs, streamPingsMax } from '../../src/core/limits.ts'
import type { StreamOpening } from '../../src/core/stream/messages.ts'
import { parseRequest } from '../../src/sw/handler.ts'
import { type Pages, streamHandler } from '../../src/sw/stream.ts'
import { type Offer, StreamHost } from '../../src/ui/stream-host.ts'
import type { StreamSource } from '../../src/ui/streaming/sources.ts'
import type { SetId } from '../../src/core/ids.ts'
import { seededBytes } from '../support/seeded.ts'

const home = 'https://quire.example/app/'
const content = seededBytes(5, 300_000)
const goneMs = streamPingMs * (streamPingsMax + 1)

/** Bytes in pieces; `wait` holds back each piece, `cutAt` ends too early. */
function sourceOf(bytes: Uint8Array, options: { cutAt?: number; wait?: () => Promise<unknown>; fails?: boolean } = {}) {
  const state = { reads: 0, cancelled: 0 }
  const source: StreamSource = {
    name: 'file.bin',
    mimeType: 'image/png',
    sizeBytes: bytes.length,
    seekable: true,
    read(start, end) {
      let at = start
      const until = Math.min(end, options.cutAt ?? end)
      return new ReadableStream<Uint8Array>(
        {
          async pull(controller) {
            if (options.fails) throw new Error('a lost disk')
            if (at >= until) return controller.close()
            await options.wait?.()
            state.reads++
            controller.enqueue(bytes.slice(at, (at = Math.min(until, at + 65_536))))
          },
          cancel: () => void state.cancelled++
        },
        { highWaterMark: 0 }
      )
    }
  }
  return { source, state }
}

type Find = (opening: StreamOpening) => Promise<StreamSource | undefined>

/** An open page whose messages arrive; undefined instead of `find` is a page that never says anything. */
function openPage(id: string, find: Find | undefined) {
  const asked: StreamOpening[] = []
  const keptAlive = { times: 0 }
  const host = new StreamHost(find ?? (() => new Promise(() => {})))
  return {
    id,
    asked,
    keptAlive,
    host,
    postMessage(opening: StreamOpening, [port]: [MessagePort]) {
      asked.push(opening)
      if (find) host.answer(opening, port, () => void keptAlive.times++)
    }
  }
}

function worker(...open: ReturnType<typeof openPage>[]) {
  const pages = {
    byId: (id: string) => Promise.resolve(open.find((page) => page.id === id)),
    all: () => Promise.resolve(open)
  } as unknown as Pages
  const handler = streamHandler(pages)
  return (path: string, init: RequestInit & { from?: string } = {}): Promise<Response> => {
    const parsed = parseRequest(new Request(home + path, init), home, init.from ?? '')
    if (!handler.canHandle(parsed)) return Promise.reject(new Error('not a stream'))
    return handler.handle(parsed)
  }
}

const bytesOf = async (response: Response): Promise<Uint8Array> => new Uint8Array(await response.arrayBuffer())
const always =
  (source: StreamSource): Find =>
  () =>
    Promise.resolve(source)
const never: Find = () => Promise.resolve(undefined)

describe('a stream', () => {
  it('[SR8] [SR9] brings what was asked for, whole or in part', async () => {
    const get = worker(openPage('a', always(sourceOf(content).source)))
    expect(await bytesOf(await get('stream/x/0/f', { from: 'a' }))).toEqual(content)
    const part = await get('stream/x/0/f', { from: 'a', headers: { range: 'bytes=65530-200000' } })
    expect(part.status).toBe(206)
    expect(await bytesOf(part)).toEqual(content.slice(65_530, 200_001))
  })

  it('[SR4] answers HEAD and a range beyond the end without reading', async () => {
    const { source, state } = sourceOf(content)
    const get = worker(openPage('a', always(source)))
    const head = await get('stream/x/0/f', { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length'), head.body]).toEqual([200, '300000', null])
    expect((await get('stream/x/0/f', { headers: { range: 'bytes=300000-' } })).status).toBe(416)
    expect(state.reads).toBe(0)
  })

  it('[SR9] reads no faster than it is taken, and stops when it is let go', async () => {
    const { source, state } = sourceOf(seededBytes(1, 4_000_000))
    const reader = (await worker(openPage('a', always(source)))('stream/x/0/f')).body!.getReader()
    for (let taken = 0; taken < 5; taken++) await reader.read()
    expect(state.reads).toBeLessThanOrEqual(7)
    await reader.cancel()
    await vi.waitFor(() => expect(state.cancelled).toBe(1))
  })

  it.each([
    ['ends too early', { cutAt: 100_000 }],
    ['fails', { fails: true }]
  ])('[SR10] breaks off with an error when reading %s', async (_, options) => {
    const response = await worker(openPage('a', always(sourceOf(content, options).source)))('stream/x/0/f')
    expect(response.headers.get('content-length')).toBe('300000')
    await expect(bytesOf(response)).rejects.toThrow('could not be read to its end')
  })

  it('[SR10] breaks off with an error when a page gives more than was asked for', async () => {
    const { source } = sourceOf(content)
    const larger: StreamSource = { ...source, sizeBytes: 1000, read: () => source.read(0, content.length) }
    await expect(bytesOf(await worker(openPage('a', always(larger)))('stream/x/0/f'))).rejects.toThrow()
  })

  it('[SR1] leaves other addresses and methods to the network', async () => {
    const get = worker(openPage('a', always(sourceOf(content).source)))
    await expect(get('assets/index.js')).rejects.toThrow('not a stream')
    await expect(get('stream/x/0/f', { method: 'POST' })).rejects.toThrow('not a stream')
  })
})

describe('who answers', () => {
  it('[SR2] is the page that asked, though others have it too', async () => {
    const [a, b] = [openPage('a', always(sourceOf(content).source)), openPage('b', always(sourceOf(content).source))]
    await bytesOf(await worker(a, b)('stream/x/0/f', { from: 'b' }))
    expect([a.asked.length, b.asked.length]).toEqual([0, 1])
  })

  it('[SR2] is another page when the one that asked has it not', async () => {
    const { source } = sourceOf(content)
    const get = worker(openPage('a', never), openPage('b', never), openPage('c', always(source)))
    expect(await bytesOf(await get('stream/x/0/f', { from: 'a' }))).toEqual(content)
  })

  it('[SR2] lets those go who answer in vain', async () => {
    const slow = sourceOf(content)
    const late = Promise.withResolvers<StreamSource>()
    const fast = openPage('a', always(sourceOf(content).source))
    const response = await worker(
      fast,
      openPage('b', () => late.promise)
    )('stream/x/0/f')
    late.resolve(slow.source)
    await bytesOf(response)
    expect(slow.state.reads).toBe(0)
  })

  it('[SR3] is nobody: then there is no such file', async () => {
    await expect(worker(openPage('a', never))('stream/x/0/f')).rejects.toMatchObject({ code: 'stream-unknown' })
    await expect(worker()('stream/x/0/f')).rejects.toMatchObject({ code: 'no-page-answered' })
  })
})

describe('a save', () => {
  const offered = (host: StreamHost, source: StreamSource): Offer => host.offer('x' as SetId, 0, source)

  it('[SR3] is answered by the page that waits for it alone, and told when every byte is out', async () => {
    const [a, b] = [openPage('a', always(sourceOf(content).source)), openPage('b', never)]
    const other = seededBytes(9, 100_000)
    const { path, outcome } = offered(b.host, sourceOf(other).source)
    expect(await bytesOf(await worker(a, b)(path, { from: 'a' }))).toEqual(other)
    expect(await outcome).toBe('handed')
    await expect(worker(a, b)(path)).rejects.toMatchObject({ code: 'stream-unknown' })
  })

  it('[SR10] that fails tells the page too', async () => {
    const page = openPage('a', never)
    const { path, outcome } = offered(page.host, sourceOf(content, { cutAt: 70_000 }).source)
    const failed = expect(outcome).rejects.toMatchObject({ code: 'stream-failed' })
    await expect(bytesOf(await worker(page)(path))).rejects.toThrow()
    await failed
  })

  it('[SR9] that is cancelled counts as declined', async () => {
    const page = openPage('a', never)
    const { path, outcome } = offered(page.host, sourceOf(content).source)
    await (await worker(page)(path)).body!.cancel()
    expect(await outcome).toBe('declined')
  })

  it('may be of nothing', async () => {
    const page = openPage('a', never)
    const { path, outcome } = offered(page.host, sourceOf(new Uint8Array(0)).source)
    expect((await bytesOf(await worker(page)(path))).length).toBe(0)
    expect(await outcome).toBe('handed')
  })
})

describe('silence', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'clearTimeout', 'clearInterval'] }))
  afterEach(() => void vi.useRealTimers())

  /** Lets time pass in steps, and messages between the ports arrive after each. */
  async function pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 1000) {
      vi.advanceTimersByTime(1000)
      for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
    }
  }

  it('[SR2] of the page that asked does not keep others from answering', async () => {
    const other = openPage('b', always(sourceOf(content).source))
    const response = worker(openPage('a', undefined), other)('stream/x/0/f', { from: 'a' })
    let answered = false
    void response.then(() => (answered = true))
    // The asking begins in a later turn, so the wait is passed until it has counted.
    for (let turn = 0; turn < 10 && !answered; turn++) await pass(streamFirstAnswerMs)
    expect((await response).status).toBe(200)
  })

  it('[SR3] of every page ends in an error', async () => {
    const response = worker(openPage('a', undefined))('stream/x/0/f', { from: 'a' })
    const failed = expect(response).rejects.toMatchObject({ code: 'no-page-answered' })
    await pass(goneMs + 1000)
    await failed
  })

  it('[SR11] of a page that works is none: it is pinged, and keeps the worker alive', async () => {
    const gate = Promise.withResolvers<void>()
    const page = openPage('a', always(sourceOf(content, { wait: () => gate.promise }).source))
    const response = await worker(page)('stream/x/0/f', { from: 'a' })
    const body = bytesOf(response)
    await pass(10 * goneMs)
    expect(page.keptAlive.times).toBeGreaterThanOrEqual((10 * goneMs) / streamPingMs - 2)
    gate.resolve()
    expect(await body).toEqual(content)
  })

  it('[SR11] of a page that was closed in the middle breaks the stream off', async () => {
    const ports: MessagePort[] = []
    const page = openPage('a', always(sourceOf(content, { wait: () => new Promise(() => {}) }).source))
    const closing = {
      ...page,
      postMessage(opening: StreamOpening, transfer: [MessagePort]) {
        ports.push(transfer[0])
        page.postMessage(opening, transfer)
      }
    }
    const response = await worker(closing)('stream/x/0/f', { from: 'a' })
    const failed = expect(bytesOf(response)).rejects.toThrow('is gone')
    ports[0]!.close()
    await pass(goneMs + 1000)
    await failed
  })

  it('[SR11] of the worker ends the page’s reading, and its save', async () => {
    const { port1, port2 } = new MessageChannel()
    const { host } = openPage('a', never)
    const { source, state } = sourceOf(content)
    const offer = host.offer('x' as SetId, 0, source)
    const saveId = new URL(offer.path, home).searchParams.get('save')!
    host.answer({ type: 'quire-stream', itemId: 'x' as SetId, part: 0, saveId }, port2, () => {})
    port1.postMessage({ type: 'start', start: 0, end: content.length })
    const failed = expect(offer.outcome).rejects.toMatchObject({ code: 'stream-failed' })
    await pass(2 * goneMs)
    await failed
    expect(state.cancelled).toBe(1)
    port1.close()
  })
})
