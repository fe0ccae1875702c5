import { describe, expect, it } from 'vitest'
import { cleanMimeType } from '../../src/core/envelope/mime.ts'
import { cleanPath, distinctPaths } from '../../src/core/envelope/path.ts'
import { nameBytesMax, pathBytesMax, pathNamesMax } from '../../src/core/limits.ts'
import { utf8Length } from '../../src/core/proto/utf8.ts'
import { expectWithin } from '../support/goal.ts'
import { fc } from '../support/properties.ts'

/** Texts near the rules: separators, dots, reserved names, marks that combine, halves of characters. */
const nasty = fc
  .array(
    fc.constantFrom(
      'a',
      'B',
      '.',
      '..',
      '/',
      '\\',
      ' ',
      'con',
      'NUL',
      '.txt',
      ':',
      '*',
      '\u0000',
      '\n',
      'e\u0301',
      '\ud83d',
      '\ude00',
      '😀',
      '\u202e',
      '名'.repeat(100),
      'C:'
    ),
    { maxLength: 12 }
  )
  .map((parts) => parts.join(''))

describe('paths', () => {
  it.each([
    ['a/b.txt', 'a/b.txt'],
    ['../../etc/passwd', 'etc/passwd'],
    ['/etc/passwd', 'etc/passwd'],
    ['C:\\Users\\me\\file.txt', 'Users/me/file.txt'],
    ['\\\\server\\share\\x', 'server/share/x'],
    ['a//./b/', 'a/b'],
    ['..', 'unnamed'],
    ['', 'unnamed'],
    ['/', 'unnamed'],
    ['. . .', 'unnamed'],
    ['name.', 'name'],
    ['name .txt', 'name .txt'],
    ['  name  ', 'name'],
    ['a<b>c:d"e|f?g*h', 'a_b_c_d_e_f_g_h'],
    ['a\u0000b\u001fc\u007fd', 'a_b_c_d'],
    ['evil\u202etxt.exe', 'evil_txt.exe'],
    ['con', '_con'],
    ['Con.tar.gz', '_Con.tar.gz'],
    ['lpt1 .txt', '_lpt1 .txt'],
    ['COM¹', '_COM¹'],
    ['console.log', 'console.log'],
    ['aux/nul/x', '_aux/_nul/x'],
    ['.hidden', '.hidden'],
    ['e\u0301.txt', '\u00e9.txt'],
    ['\ud800.txt', '\ufffd.txt'],
    ['👨‍👩‍👧.png', '👨‍👩‍👧.png']
  ])('[EN6] %j becomes %j', (given, clean) => {
    expect(cleanPath(given)).toBe(clean)
  })

  it('[EN6] long names keep their extension, and whole characters', () => {
    const name = cleanPath(`${'名'.repeat(200)}.jpeg`)
    expect(utf8Length(name)).toBeLessThanOrEqual(nameBytesMax)
    expect(name).toMatch(/^名+\.jpeg$/)
    expect(cleanPath('x'.repeat(300))).toBe('x'.repeat(255))
  })

  it('[EN6] paths too long or too deep keep their name', () => {
    expect(cleanPath(`${`${'d'.repeat(200)}/`.repeat(6)}name.txt`)).toBe('name.txt')
    expect(cleanPath(`${'d/'.repeat(pathNamesMax - 1)}x`)).toBe(`${'d/'.repeat(pathNamesMax - 1)}x`)
    expect(cleanPath(`${'d/'.repeat(pathNamesMax)}x`)).toBe('x')
  })

  it('[EN6] for any text: safe, bounded, and unchanged by cleaning again', () => {
    fc.assert(
      fc.property(fc.oneof(nasty, fc.string({ unit: 'binary' })), (text) => {
        const path = cleanPath(text)
        expect(cleanPath(path)).toBe(path)
        expect(path.normalize('NFC')).toBe(path)
        expect(utf8Length(path)).toBeLessThanOrEqual(pathBytesMax)
        for (const name of path.split('/')) {
          expect(name).not.toMatch(/^$|^\.+$|[. ]$|^ |[\\<>:"|?*]/)
          expect(utf8Length(name)).toBeLessThanOrEqual(nameBytesMax)
        }
      }),
      { numRuns: 500 }
    )
  })
})

describe('distinct paths', () => {
  it('[EN7] duplicates are numbered before their extension', () => {
    expect(distinctPaths(['a.txt', 'a.txt', 'a.txt'])).toEqual(['a.txt', 'a (2).txt', 'a (3).txt'])
    expect(distinctPaths(['x/a.tar.gz', 'x/a.tar.gz'])).toEqual(['x/a.tar.gz', 'x/a.tar (2).gz'])
    expect(distinctPaths(['.env', '.env', 'a.b/c', 'a.b/c'])).toEqual(['.env', '.env (2)', 'a.b/c', 'a.b/c (2)'])
  })

  it('[EN7] so are names that differ by case only, and names taken by a number given before', () => {
    expect(distinctPaths(['A.TXT', 'a.txt'])).toEqual(['A.TXT', 'a (2).txt'])
    expect(distinctPaths(['a (2)', 'a', 'a'])).toEqual(['a (2)', 'a', 'a (3)'])
  })

  it('[EN7] a file gives way to a folder of the same name', () => {
    expect(distinctPaths(['a', 'a/b', 'A/B/c'])).toEqual(['a (2)', 'a/b (2)', 'A/B/c'])
  })

  it('[EN7] longest names are cut to make room for a number', () => {
    const long = `${'x'.repeat(251)}.txt`
    const [first, second] = distinctPaths([long, long])
    expect(first).toBe(long)
    expect(second).toBe(`${'x'.repeat(247)} (2).txt`)
  })

  it('[EN7] ten thousand equal names take no time', () => {
    const startMs = performance.now()
    const paths = distinctPaths(Array.from({ length: 10_000 }, () => 'IMG.jpg'))
    expect(paths.at(-1)).toBe('IMG (10000).jpg')
    expectWithin(1_000, 'ten thousand equal names', performance.now() - startMs)
  })

  it('[EN7] for any paths: no two the same, none a folder of another, all still clean', () => {
    fc.assert(
      fc.property(fc.array(nasty.map(cleanPath), { maxLength: 30 }), (paths) => {
        const distinct = distinctPaths(paths)
        const folded = distinct.map((path) => path.toLowerCase())
        expect(new Set(folded).size).toBe(paths.length)
        for (const path of folded) expect(folded.some((other) => other.startsWith(`${path}/`))).toBe(false)
        expect(distinct.map(cleanPath)).toEqual(distinct)
      }),
      { numRuns: 300 }
    )
  })
})

describe('mime types', () => {
  it.each([
    ['text/plain', 'text/plain'],
    [' image/svg+xml ', 'image/svg+xml'],
    ['text/html; charset=utf-8', 'text/html; charset=utf-8'],
    ['video/mp4; codecs="avc1.42E01E, mp4a.40.2"', 'video/mp4; codecs="avc1.42E01E, mp4a.40.2"'],
    ['text', ''],
    ['a/b\r\nset-cookie: x', ''],
    ['a/b/c', ''],
    [`a/${'b'.repeat(200)}`, '']
  ])('[EN6] %j becomes %j', (given, clean) => {
    expect(cleanMimeType(given)).toBe(clean)
  })

  it('[EN6] hostile parameters take no time', () => {
    const startMs = performance.now()
    expect(cleanMimeType(`a/b${'; a=a'.repeat(20)}!;`)).toBe('')
    expectWithin(100, 'hostile parameters', performance.now() - startMs)
  })
})
