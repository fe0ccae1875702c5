import { describe, expect, it } from 'vitest'
import type { SetId } from '../../src/core/ids.ts'
import { parseStreamPath, streamPath, type StreamAddress } from '../../src/core/stream/address.ts'
import { contentDisposition } from '../../src/core/stream/disposition.ts'
import { streamHead, type StreamRequest } from '../../src/core/stream/head.ts'
import { readFromPage, readFromWorker, readOpening, readToWorker } from '../../src/core/stream/messages.ts'
import { fc } from '../support/properties.ts'

const subject = { name: 'a.mp4', mimeType: 'video/mp4', sizeBytes: 1000, tag: 'x-0', seekable: true }
const plain: StreamRequest = { range: null, ifRange: null, download: false }

function head(request: Partial<StreamRequest>, over: Partial<typeof subject> = {}) {
  const { headers, ...rest } = streamHead({ ...plain, ...request }, { ...subject, ...over })
  return { ...rest, headers: new Headers(headers.map(([name, value]): [string, string] => [name, value])) }
}

describe('an address', () => {
  const address: StreamAddress = { itemId: 'ab12' as SetId, part: 3, download: true, saveId: 'one-2' }

  it('[SR1] is read as it was made', () => {
    for (const each of [
      address,
      { ...address, part: 'zip' as const },
      { itemId: address.itemId, part: 0, download: false }
    ]) {
      const [path = '', query = ''] = streamPath(each, 'fol der/ü?#&.txt').split('?')
      expect(parseStreamPath(path, query)).toEqual(each)
    }
  })

  it('[SR1] keeps its name in one segment', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (name) => {
        const url = new URL(streamPath({ ...address, part: 0 }, name), 'https://quire.example/app/')
        expect(parseStreamPath(url.pathname.slice('/app/'.length), url.search.slice(1))?.itemId).toBe('ab12')
      })
    )
    const dots = new URL(streamPath(address, '..'), 'https://quire.example/').pathname
    expect(dots).toBe('/stream/ab12/3/_')
  })

  it.each([
    '',
    'stream/ab12/3',
    'stream//3/x',
    'stream/ab12/03/x',
    'stream/ab12/-1/x',
    'stream/ab12/9999999999/x',
    'stream/ab12/3/x/y',
    'stream/a b/3/x',
    `stream/${'a'.repeat(65)}/3/x`,
    'streams/ab12/3/x'
  ])('[SR1] is none: %s', (path) => expect(parseStreamPath(path, '')).toBeUndefined())

  it('[SR1] ignores what it does not know in the query', () => {
    const bare = { itemId: 'ab12', part: 3, download: false }
    expect(parseStreamPath('stream/ab12/3/x', 'download=2&save=a%20b&k')).toEqual(bare)
  })
})

describe('an answer', () => {
  it('[SR4] is the whole, a part, or none of it', () => {
    const whole = head({})
    expect([whole.status, whole.start, whole.end, whole.headers.get('content-length')]).toEqual([200, 0, 1000, '1000'])
    const part = head({ range: 'bytes=10-19' })
    expect([part.status, part.start, part.end, part.headers.get('content-length')]).toEqual([206, 10, 20, '10'])
    expect(part.headers.get('content-range')).toBe('bytes 10-19/1000')
    const none = head({ range: 'bytes=1000-' })
    expect([none.status, none.start, none.end, none.headers.get('content-length')]).toEqual([416, 0, 0, '0'])
    expect(none.headers.get('content-range')).toBe('bytes */1000')
  })

  it('[SR4] of an archive has no ranges', () => {
    const { status, headers } = head({ range: 'bytes=10-19' }, { seekable: false })
    expect(status).toBe(200)
    expect(headers.get('accept-ranges')).toBe('none')
    expect(head({}).headers.get('accept-ranges')).toBe('bytes')
  })

  it('[SR5] has the range only where the bytes are still the same', () => {
    expect(head({ range: 'bytes=0-1', ifRange: '"x-0"' }).status).toBe(206)
    expect(head({ range: 'bytes=0-1', ifRange: '"y-0"' }).status).toBe(200)
    expect(head({ range: 'bytes=0-1', ifRange: 'Sat, 29 Oct 2025 19:43:31 GMT' }).status).toBe(200)
    expect(head({}).headers.get('etag')).toBe('"x-0"')
  })

  it.each([
    ['image/png', 'image/png', 'inline'],
    ['IMAGE/SVG+XML', 'image/svg+xml', 'inline'],
    ['video/mp4; codecs="avc1"', 'video/mp4; codecs="avc1"', 'inline'],
    ['text/plain; charset=latin1', 'text/plain; charset=utf-8', 'inline'],
    ['text/html', 'application/octet-stream', 'attachment'],
    ['text/javascript', 'application/octet-stream', 'attachment'],
    ['application/pdf', 'application/octet-stream', 'attachment'],
    ['image/png, text/html', 'application/octet-stream', 'attachment'],
    ['', 'application/octet-stream', 'attachment']
  ])('[SR6] of %s is %s, %s', (mimeType, type, disposition) => {
    const { headers } = head({}, { mimeType })
    expect(headers.get('content-type')).toBe(type)
    expect(headers.get('content-disposition')).toMatch(new RegExp(`^${disposition};`))
    expect(head({ download: true }, { mimeType }).headers.get('content-disposition')).toMatch(/^attachment;/)
  })

  it('[SR6] runs nothing, whatever was asked', () => {
    for (const request of [{}, { range: 'bytes=0-1' }, { range: 'bytes=1000-' }, { download: true }]) {
      const { headers } = head(request)
      expect(headers.get('content-security-policy')).toMatch(/^sandbox; default-src 'none';/)
      expect(headers.get('content-security-policy')).not.toMatch(/script|allow-/)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
    }
  })
})

describe('a name', () => {
  it.each([
    ['a.txt', `attachment; filename="a.txt"; filename*=UTF-8''a.txt`],
    ['dir/ü "1%".txt', `attachment; filename="_ _1__.txt"; filename*=UTF-8''%C3%BC%20%221%25%22.txt`],
    ["it's (*).txt", `attachment; filename="it's (*).txt"; filename*=UTF-8''it%27s%20%28%2A%29.txt`],
    [
      '📄\r\nSet-Cookie: x',
      `attachment; filename="___Set-Cookie: x"; filename*=UTF-8''%F0%9F%93%84%0D%0ASet-Cookie%3A%20x`
    ]
  ])('[SR7] %j stands whole and in plain ASCII', (name, header) =>
    expect(contentDisposition('attachment', name)).toBe(header)
  )

  it('[SR7] of any kind makes a valid header', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (name) => {
        expect(contentDisposition('inline', name)).toMatch(/^inline; filename="[ -~]*"; filename\*=UTF-8''[\w.!~%-]*$/)
      })
    )
  })
})

describe('messages', () => {
  it('[SR9] are read back, and nothing else is', () => {
    const opening = { type: 'quire-stream', itemId: 'ab', part: 'zip', saveId: 's' }
    expect(readOpening(opening)).toEqual(opening)
    expect(readOpening({ ...opening, part: -1 })).toBeUndefined()
    expect(readFromWorker({ type: 'start', start: 1, end: 5 })).toEqual({ type: 'start', start: 1, end: 5 })
    expect(readFromWorker({ type: 'start', start: 5, end: 1 })).toBeUndefined()
    expect(readFromPage({ type: 'chunk', bytes: 'text' })).toBeUndefined()
    const about = { type: 'subject', name: 'a', mimeType: 'a/b\r\nX: y', sizeBytes: 1, seekable: true }
    expect(readFromPage(about)).toEqual({ ...about, mimeType: '' })
    expect(readToWorker({ type: 'skip-waiting' })).toEqual({ type: 'skip-waiting' })
    fc.assert(
      fc.property(fc.anything(), (data) => {
        for (const read of [readOpening, readFromWorker, readFromPage, readToWorker]) expect(read(data)).toBeUndefined()
      })
    )
  })
})
