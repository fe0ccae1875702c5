import { describe, expect, it } from 'vitest'
import { luckOf } from '../support/seeded.ts'
import { Events, Timeline } from './events.ts'

describe('what happens in a simulation', () => {
  it('happens to each in the order of time, at its time, and between two windows to all at one', () => {
    const events = new Events(10)
    const luck = luckOf(3)
    const lines = Array.from({ length: 5 }, () => new Timeline(events))
    const times: number[][] = lines.map(() => [])
    let left = 3_000
    const go = (n: number, dueMs: number): void => {
      expect(events.nowMs).toBe(dueMs)
      times[n]!.push(dueMs)
      if (left-- <= 0) return
      const [soonMs, otherMs] = [dueMs + luck() * 5, dueMs + 10 + luck() * luck() * 50_000]
      lines[n]!.at(soonMs, () => go(n, soonMs))
      const other = Math.floor(luck() * lines.length)
      if (luck() < 0.3) lines[other]!.at(otherMs, () => go(other, otherMs))
      const askedMs = events.nowMs + luck() * 30
      if (luck() < 0.2)
        events.at(askedMs, () => {
          expect(events.nowMs % 10).toBe(0)
          expect(events.nowMs - askedMs).toBeGreaterThanOrEqual(0)
          expect(events.nowMs - askedMs).toBeLessThan(10)
        })
    }
    lines.forEach((line, n) => line.after(n, () => go(n, n)))
    while (events.step()) continue
    for (const all of times) {
      expect(all.length).toBeGreaterThan(100)
      expect(all).toEqual(all.toSorted((a, b) => a - b))
    }
  })

  it('reaches nobody else within a window', () => {
    const events = new Events(10)
    const [one, other] = [new Timeline(events), new Timeline(events)]
    one.after(3, () => other.after(5, () => {}))
    expect(() => events.step()).toThrow('reaches another in less than 10 ms')
  })

  it('time passes up to the end of a window', () => {
    const events = new Events(10)
    const line = new Timeline(events)
    const seen: number[] = []
    for (const atMs of [4, 19, 20, 29]) line.at(atMs, () => seen.push(events.nowMs))
    events.pass(15)
    expect([events.nowMs, ...seen]).toEqual([20, 4, 19])
    line.after(1, () => seen.push(events.nowMs))
    events.pass(10)
    expect([events.nowMs, ...seen]).toEqual([30, 4, 19, 20, 21, 29])
  })
})
