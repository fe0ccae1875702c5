import { expect, it } from 'vitest'
import { slowBytesPerSecond, slowLookMs } from '../../src/core/limits.ts'
import { SlowLook } from '../../src/core/swarm/slow.ts'

it('[SW10] after a fetch was quick for long, the first look at a slow one comes as soon as ever', () => {
  const look = new SlowLook()
  const [quick, slow] = [slowBytesPerSecond, slowBytesPerSecond / 2]
  const found = [0, quick, quick, quick, quick, slow].map((bytesPerSecond, turn) => {
    look.received([new Uint8Array((bytesPerSecond * slowLookMs) / 1_000)])
    return look.isSlow(turn * slowLookMs)
  })
  expect(found).toEqual([false, false, false, false, false, true])
})
