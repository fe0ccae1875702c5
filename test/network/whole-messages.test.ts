import type { Stream } from '@libp2p/interface'
import { expect, it } from 'vitest'
import { wholeMessageBytesMax } from '../../src/core/limits.ts'
import { sendWhole } from '../../src/network/libp2p/whole-messages.ts'

/** As libp2p's streams over data channels do it: each part is sent as a message of its own. */
class PartedStream {
  readonly sent: number[][] = []

  _sendMessage(parts: Iterable<Uint8Array>): void {
    for (const part of parts) this.sent.push([...part])
  }
}

const partsOf = (...parts: number[][]) =>
  Object.assign(
    parts.map((part) => Uint8Array.from(part)),
    { byteLength: parts.flat().length, subarray: () => Uint8Array.from(parts.flat()) }
  )

it('[NW40] sends a message and its length together, byte for byte as before', () => {
  const stream = new PartedStream()
  sendWhole(stream as unknown as Stream)
  stream._sendMessage(partsOf([3], [7, 8, 9]))
  stream._sendMessage(partsOf([1], [5]))
  expect(stream.sent).toEqual([
    [3, 7, 8, 9],
    [1, 5]
  ])
})

it('[NW40] copies no long message for it', () => {
  const stream = new PartedStream()
  sendWhole(stream as unknown as Stream)
  const long = Array<number>(wholeMessageBytesMax).fill(1)
  stream._sendMessage(partsOf([2], long))
  expect(stream.sent).toEqual([[2], long])
})

it('[NW40] leaves a stream alone that sends in another way', () => {
  const stream = {}
  sendWhole(stream as unknown as Stream)
  expect(stream).toEqual({})
})
