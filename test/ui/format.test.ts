import { describe, expect, it } from 'vitest'
import { formatFor, percentOf, space } from '../../src/ui/format.ts'
import { t } from '../../src/ui/messages.ts'

const f = t.format
const plain = (text: string) => text.replaceAll(space, ' ')

describe('numbers and units', () => {
  it('shows sizes with at most three figures and a space space', () => {
    expect([0, 1, 999, 1000, 131_072, 3_407_872, 201_326_592, 8e9, 4e12].map((n) => plain(f.bytes(n)))).toEqual([
      '0 B',
      '1 B',
      '999 B',
      '1 kB',
      '131 kB',
      '3.4 MB',
      '201 MB',
      '8 GB',
      '4 TB'
    ])
    expect(f.bytes(1000)).toBe('1\u00a0kB')
  })

  it('does not round a size into four figures', () => {
    expect(plain(f.bytes(999_499))).toBe('999 kB')
    expect(plain(f.bytes(999_600))).toBe('1 MB')
    expect(plain(f.bytes(99_960))).toBe('100 kB')
  })

  it('puts a part in the unit of the whole', () => {
    expect(plain(f.bytesOf(124_800_000, 201_326_592))).toBe('125 of 201 MB')
    expect(plain(f.bytesOf(2.1e9, 8e9))).toBe('2.1 of 8 GB')
    expect(plain(f.bytesOf(30e6, 21.5e9))).toBe('30 MB of 21.5 GB')
    expect(plain(f.bytesOf(0, 20_000))).toBe('0 of 20 kB')
  })

  it('rounds percents down, so that 100 means all of it', () => {
    expect(percentOf(999_999, 1_000_000)).toBe(99)
    expect(percentOf(1, 1)).toBe(100)
    expect(percentOf(0, 0)).toBe(0)
    expect(plain(f.percent(1905, 3072))).toBe('62 %')
  })

  it('tells times in the unit that people would use, never zero', () => {
    expect(
      [0, 400, 18_000, 89_000, 180_000, 7_500_000, 7_200_000, 400_000_000].map((ms) => plain(f.duration(ms)))
    ).toEqual(['1 s', '1 s', '18 s', '89 s', '3 min', '2 h 5 min', '2 h', '5 days'])
  })

  it('has no word that is not given to it', () => {
    const words = { of: (part: string, all: string) => `${part} von ${all}`, days: (n: number) => `${n} Tage` }
    const german = formatFor('de', { ...words, h: 'Std.', min: 'Min.', s: 'Sek.' })
    expect(plain(german.bytesOf(2.1e9, 8e9))).toBe('2,1 von 8 GB')
    expect(plain(german.bytesOf(30e6, 21.5e9))).toBe('30 MB von 21,5 GB')
    expect([18_000, 180_000, 7_500_000, 7_200_000, 400_000_000].map((ms) => plain(german.duration(ms)))).toEqual([
      '18 Sek.',
      '3 Min.',
      '2 Std. 5 Min.',
      '2 Std.',
      '5 Tage'
    ])
  })
})
