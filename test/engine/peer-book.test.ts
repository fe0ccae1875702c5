import { expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import { PeerBook } from '../../src/engine/peer-book.ts'

it('tells when what it shows will have changed, until nothing is left to show', () => {
  let nowMs = 10_000
  const book = new PeerBook({ nowMs: () => nowMs, after: () => () => undefined })
  expect(book.fadesAtMs).toBe(Infinity)
  book.received('peer' as PeerId, 0, 65_536)
  expect(book.isFresh).toBe(true)
  for (let looks = 0; book.fadesAtMs < Infinity; looks++) {
    expect(looks).toBeLessThan(20)
    expect(book.fadesAtMs).toBeGreaterThan(nowMs)
    nowMs = book.fadesAtMs
  }
  expect([book.isFresh, book.receivedBytesPerSecond]).toEqual([false, 0])
})
