import { describe, expect, it } from 'vitest'
import { manifestCidOf, treeCidOf } from '../../src/core/block/cid.ts'
import { linkRelaysMax } from '../../src/core/limits.ts'
import {
  formatLink,
  type Link,
  LinkBadCid,
  LinkBadKey,
  LinkCut,
  LinkError,
  LinkNewer,
  NotALink,
  parseLink
} from '../../src/core/link/link.ts'
import { fc } from '../support/properties.ts'

const manifestCid = manifestCidOf(new Uint8Array(32).fill(9))
const secret = Uint8Array.from({ length: 16 }, (_, i) => i * 11)
const origin = 'https://quire.example'
const sealed: Link = { manifestCid, secret, relays: [] }
const text = formatLink(origin, sealed)
const plainText = formatLink(origin, { manifestCid, relays: [] })
const fragment = text.slice(text.indexOf('#'))

describe('links', () => {
  it('[LI1] have the stated form, short enough for a QR code', () => {
    expect(text).toMatch(/^https:\/\/quire\.example\/#\/s\/zDvZRw[1-9A-Za-z]{46}\?k=[\w-]{24}$/)
    expect(formatLink(`${origin}/`, sealed)).toBe(text)
    expect(plainText).toMatch(/^https:\/\/quire\.example\/#\/s\/zDvZRw[1-9A-Za-z]{46}\?c=[\w-]{4}$/)
  })

  it('[LI3] are read whole, by fragment alone, and with what surrounds them in mails', () => {
    const forms = [text, fragment, fragment.slice(1), fragment.slice(2), `  ${text}\n`, `<${text}>`, `\t<${fragment}> `]
    const broken = `${text.slice(0, 60)}\r\n  ${text.slice(60)}`
    for (const form of [...forms, broken]) expect(parseLink(form)).toEqual(sealed)
    expect(parseLink(`http://localhost:8787/app/${fragment}`)).toEqual(sealed)
  })

  it('[LI3] without a key name a plain data set, or one to keep blind', () => {
    const link = parseLink(`${origin}/#/s/${manifestCid}`)
    expect(link.secret).toBeUndefined()
    expect(link).toEqual({ manifestCid, relays: [] })
  })

  it('[LI2] [LI4] of plain data sets notice a cut and a wrong character, unless they carry no check', () => {
    expect(parseLink(plainText)).toEqual({ manifestCid, relays: [] })
    for (let length = plainText.indexOf('?') + 1; length < plainText.length; length++) {
      expect(() => parseLink(plainText.slice(0, length))).toThrow(LinkCut)
    }
    for (let at = plainText.indexOf('zDv'); at < plainText.length; at++) {
      const char = plainText[at] === 'q' ? 'r' : 'q'
      expect(() => parseLink(plainText.slice(0, at) + char + plainText.slice(at + 1))).toThrow(LinkError)
    }
    expect(parseLink(`${text}&c=AAAA`)).toEqual(sealed)
  })

  it('[LI4] cut anywhere after their address began, say so', () => {
    const from = text.indexOf('zDv')
    const plainEnd = text.indexOf('?')
    for (let length = from; length < text.length; length++) {
      if (length === plainEnd) continue // a whole link without a key
      expect(() => parseLink(text.slice(0, length)), text.slice(0, length)).toThrow(LinkCut)
    }
    expect(() => parseLink(`${origin}/#/s`)).toThrow(LinkCut)
  })

  it('[LI2] [LI4] with one wrong character in address or key, are never taken for another link', () => {
    let passed = 0
    const start = text.indexOf('zDv')
    for (let at = start; at < text.length; at++) {
      for (const char of ['1', 'B', 'x', '_', '0', '%']) {
        if (char === text[at]) continue
        try {
          parseLink(text.slice(0, at) + char + text.slice(at + 1))
          passed++
        } catch (error) {
          expect(error instanceof LinkBadCid || error instanceof LinkBadKey || error instanceof LinkCut).toBe(true)
        }
      }
    }
    expect(passed).toBe(0) // a check of 16 bits misses one of 65,536
  })

  it('[LI2] the check binds the key to its address', () => {
    const other = manifestCidOf(new Uint8Array(32).fill(8))
    expect(() => parseLink(text.replace(manifestCid, other))).toThrow(LinkBadKey)
    expect(() => parseLink(`${text}A`)).toThrow(LinkBadKey)
  })

  it('[LI4] each fault has an error of its own, with words and a code', () => {
    const faults: [string, string][] = [
      ['', 'link-not-quire'],
      ['https://quire.example/', 'link-not-quire'],
      ['https://quire.example/#/x/abc', 'link-not-quire'],
      ['magnet:?xt=urn:btih:abc', 'link-not-quire'],
      ['x'.repeat(100_000), 'link-not-quire'],
      [`${origin}/#/s/${treeCidOf(new Uint8Array(32))}`, 'link-bad-cid'],
      [`${origin}/#/s/${manifestCid}1`, 'link-bad-cid'],
      [`${origin}/#/s/QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG`, 'link-bad-cid'],
      [`${origin}/#/s/${manifestCid.slice(0, 30)}?k=abc`, 'link-cut'],
      [`${text.slice(0, -1)}`, 'link-cut'],
      [`${text.slice(0, -24)}${'A'.repeat(24)}`, 'link-bad-key'],
      [text.replace('/s/', '/s2/'), 'link-newer-version'],
      [`${text}&v=2`, 'link-newer-version']
    ]
    for (const [given, code] of faults) {
      try {
        parseLink(given)
        expect.unreachable(given)
      } catch (error) {
        expect(error, given).toMatchObject({ code, fault: 'user', retryable: false })
        expect((error as Error).message).toMatch(/\. .*\.$/) // what happened, and what to do
      }
    }
    expect(new LinkNewer().code).toBe('link-newer-version')
    expect(new NotALink()).toBeInstanceOf(LinkError)
  })

  it('[LI5] carry a few relay hints, and no others are followed', () => {
    const good = [
      'wss://relay.example',
      'http://localhost:8787',
      '/dns4/relay.example/tcp/443/wss',
      'ws://[::1]:9000/x?y=z&a'
    ]
    expect(parseLink(formatLink(origin, { ...sealed, relays: good })).relays).toEqual(good)
    const bad = [
      'javascript:alert(1)',
      'ftp://x',
      'relay.example',
      '/unix/etc',
      'wss://',
      `wss://${'x'.repeat(300)}`,
      'wss://a b'
    ]
    const query = [...bad, ...good, ...good, 'wss://fifth.example']
      .map((relay) => `&r=${encodeURIComponent(relay)}`)
      .join('')
    expect(parseLink(text + query).relays).toEqual(good)
    expect(good).toHaveLength(linkRelaysMax)
    expect(parseLink(`${origin}/#/s/${manifestCid}?r=wss%3A%2F%2Frelay.example`).relays).toEqual([
      'wss://relay.example'
    ])
    for (const cut of ['&', '&r', '&r=', '&r=%E0%A4%A', '&utm_source=mail'])
      expect(parseLink(text + cut)).toEqual(sealed)
  })

  it('[LI1] [LI3] give back what was formatted', () => {
    const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
    fc.assert(
      fc.property(bytes(32), fc.option(bytes(16), { nil: undefined }), (digest, key) => {
        const link = { manifestCid: manifestCidOf(digest), secret: key, relays: ['wss://relay.example:8787'] }
        expect(parseLink(formatLink(origin, link))).toEqual(link)
      })
    )
  })
})
