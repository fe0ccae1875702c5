import { describe, expect, it } from 'vitest'
import { contentRange, parseRange, type RangeAnswer } from '../../src/core/range/http-range.ts'
import { fc } from '../support/properties.ts'

const part = (start: number, end: number): RangeAnswer => ({ type: 'part', start, end })
const whole: RangeAnswer = { type: 'whole' }
const unsatisfiable: RangeAnswer = { type: 'unsatisfiable' }

describe('Range headers', () => {
  it('[HR1] none, or none that is understood, asks for the whole', () => {
    for (const header of [
      undefined,
      null,
      '',
      'bytes',
      'bytes=',
      'bytes=-',
      'bytes=a-b',
      'items=0-1',
      'bytes=1-2-3',
      'bytes=-1-2',
      'bytes=0x1-',
      'bytes=1.5-'
    ]) {
      expect(parseRange(header, 100)).toEqual(whole)
    }
    expect(parseRange(`bytes=${'0'.repeat(10_000)}-`, 100)).toEqual(whole)
  })

  it('[HR2] from a first to a last byte, cut at the end', () => {
    expect(parseRange('bytes=0-0', 100)).toEqual(part(0, 1))
    expect(parseRange('bytes=10-19', 100)).toEqual(part(10, 20))
    expect(parseRange('bytes=90-200', 100)).toEqual(part(90, 100))
    expect(parseRange('Bytes = 10-19 ', 100)).toEqual(part(10, 20))
    expect(parseRange('bytes=0-99999999999999999999', 100)).toEqual(part(0, 100))
    expect(parseRange('bytes=19-10', 100)).toEqual(whole)
  })

  it('[HR3] open: from a byte to the end', () => {
    expect(parseRange('bytes=0-', 100)).toEqual(part(0, 100))
    expect(parseRange('bytes=99-', 100)).toEqual(part(99, 100))
  })

  it('[HR4] suffix: the last bytes', () => {
    expect(parseRange('bytes=-1', 100)).toEqual(part(99, 100))
    expect(parseRange('bytes=-100', 100)).toEqual(part(0, 100))
    expect(parseRange('bytes=-500', 100)).toEqual(part(0, 100))
    expect(parseRange('bytes=-0', 100)).toEqual(unsatisfiable)
  })

  it('[HR5] from beyond the end there is nothing to give', () => {
    for (const header of ['bytes=100-', 'bytes=100-200', 'bytes=99999999999999999999-']) {
      expect(parseRange(header, 100)).toEqual(unsatisfiable)
    }
    for (const header of ['bytes=0-', 'bytes=-1', 'bytes=0-0']) expect(parseRange(header, 0)).toEqual(unsatisfiable)
  })

  it('[HR6] several ranges are answered with the whole', () => {
    expect(parseRange('bytes=0-1,5-6', 100)).toEqual(whole)
  })

  it('[HR7] the answer says what it holds', () => {
    expect(contentRange(part(10, 20), 100)).toBe('bytes 10-19/100')
    expect(contentRange(unsatisfiable, 100)).toBe('bytes */100')
  })

  it('[HR2] a part always lies within the body and is never empty', () => {
    const number = fc.oneof(fc.nat(200), fc.bigInt({ min: 0n, max: 10n ** 20n })).map(String)
    const header = fc.oneof(
      fc.string(),
      fc.tuple(fc.option(number), fc.option(number)).map(([a, b]) => `bytes=${a ?? ''}-${b ?? ''}`)
    )
    fc.assert(
      fc.property(header, fc.nat(150), (given, sizeBytes) => {
        const answer = parseRange(given, sizeBytes)
        if (answer.type !== 'part') return
        expect(answer.start).toBeGreaterThanOrEqual(0)
        expect(answer.start).toBeLessThan(answer.end)
        expect(answer.end).toBeLessThanOrEqual(sizeBytes)
      })
    )
  })
})
