import { beforeEach, expect, it } from 'vitest'
import { Alarm } from '../../src/engine/alarm.ts'

let nowMs: number
let timers: { atMs: number; run: () => void }[]
let set: number
let rang: number[]

const clock = {
  nowMs: () => nowMs,
  after(delayMs: number, run: () => void) {
    const timer = { atMs: nowMs + delayMs, run }
    timers.push(timer)
    set++
    return () => void (timers = timers.filter((each) => each !== timer))
  }
}
const ring = (): void => void rang.push(nowMs)

function passTo(untilMs: number): void {
  for (;;) {
    const [next] = timers.toSorted((a, b) => a.atMs - b.atMs)
    if (!next || next.atMs > untilMs) break
    timers = timers.filter((each) => each !== next)
    nowMs = next.atMs
    next.run()
  }
  nowMs = untilMs
}

beforeEach(() => {
  nowMs = 0
  timers = []
  set = 0
  rang = []
})

it('rings once, when it is due', () => {
  const alarm = new Alarm(clock)
  alarm.setAtMs(50, ring)
  alarm.setAtMs(20, ring)
  passTo(100)
  expect(rang).toEqual([20])
})

it('moves on with each message without a timer for each', () => {
  const alarm = new Alarm(clock)
  for (let at = 0; at < 1000; at++) {
    passTo(at)
    alarm.setAtMs(at + 200, ring)
  }
  passTo(2000)
  expect(rang).toEqual([1199])
  expect(set).toBeLessThan(10)
})

it('rings no more once it is put off for good', () => {
  const alarm = new Alarm(clock)
  alarm.setAtMs(50, ring)
  alarm.setAtMs(Infinity, ring)
  passTo(100)
  alarm.setAtMs(150, ring)
  alarm.cancel()
  passTo(200)
  expect(rang).toEqual([])
  expect(timers).toEqual([])
})

it('waits longer than a timer of the platform can', () => {
  const dueMs = 5 * 2 ** 31
  new Alarm(clock).setAtMs(dueMs, ring)
  expect(timers[0]!.atMs).toBeLessThan(2 ** 31)
  passTo(dueMs)
  expect(rang).toEqual([dueMs])
})

it('[SW11] looks at the clock now and then, and rings when it jumped past what is due', () => {
  let aheadMs = 0
  const jumping = { ...clock, nowMs: () => nowMs + aheadMs }
  new Alarm(jumping, 2_000).setAtMs(15_000, ring)
  passTo(4_500)
  aheadMs = 60_000
  passTo(5_999)
  expect(rang).toEqual([])
  passTo(6_000)
  expect(rang).toEqual([6_000])
})
