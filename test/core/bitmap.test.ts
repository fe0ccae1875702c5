import { describe, expect, it } from 'vitest'
import { Bitmap } from '../../src/core/block/bitmap.ts'

describe('Bitmap', () => {
  it('counts what is set and gives it back as runs', () => {
    const bitmap = new Bitmap(13)
    bitmap.setRange({ start: 2, count: 3 })
    bitmap.set(12)
    expect(bitmap.count).toBe(4)
    expect([...bitmap.ranges()]).toEqual([
      { start: 2, count: 3 },
      { start: 12, count: 1 }
    ])
    expect(bitmap.clear(3)).toBe(true)
    expect(bitmap.hasRange({ start: 2, count: 3 })).toBe(false)
  })

  it('clears bits past its size, so that a foreign bitmap cannot claim blocks beyond the end', () => {
    expect(new Bitmap(3, Uint8Array.of(0xff)).count).toBe(3)
    expect(Bitmap.full(9).isFull).toBe(true)
  })
})

it('counts what is held of a run, wherever it begins and ends', () => {
  const bitmap = new Bitmap(70)
  for (const index of [0, 7, 8, 15, 16, 40, 69]) bitmap.set(index)
  const counted = (start: number, count: number): number => bitmap.countIn({ start, count })
  expect([counted(0, 70), counted(7, 2), counted(8, 8), counted(9, 6), counted(1, 40), counted(64, 6)]).toEqual([
    7, 2, 2, 0, 5, 1
  ])
})
