import { expect, it } from 'vitest'
import { clockJumpMs } from '../../src/core/limits.ts'
import { sleeplessClock } from '../../src/engine/watch.ts'

function clocks() {
  const at = { monotonicMs: 1_000, wallMs: 1_700_000_000_000 }
  const nowMs = sleeplessClock(
    () => at.monotonicMs,
    () => at.wallMs
  )
  return { at, nowMs }
}

it('[SW11] a sleep counts as time where the platform stops its clock for it', () => {
  const { at, nowMs } = clocks()
  at.wallMs += 60_000
  expect(nowMs()).toBe(61_000)
  at.monotonicMs += 10
  at.wallMs += 10
  expect(nowMs()).toBe(61_010)
})

it('[SW11] where the platform counts a sleep itself it is counted once', () => {
  const { at, nowMs } = clocks()
  at.monotonicMs += 60_000
  at.wallMs += 60_000
  expect(nowMs()).toBe(61_000)
})

it('time that is set back, or corrected a little at a time, changes nothing', () => {
  const { at, nowMs } = clocks()
  at.wallMs -= 3_600_000
  expect(nowMs()).toBe(1_000)
  for (let i = 0; i < 10; i++) {
    at.wallMs += clockJumpMs - 1
    expect(nowMs()).toBe(1_000)
  }
})
