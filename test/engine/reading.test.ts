import { expect, it } from 'vitest'
import { collectBytes, readBytes } from '../../src/engine/reading.ts'
import { blocksIn } from '../../src/store/runs.ts'
import { seededBytes } from '../support/seeded.ts'

const blockBytes = 1024
const content = seededBytes(3, 40 * blockBytes)

const readerOf = (blocks: (start: number, count: number) => Uint8Array[]) => ({
  blockBytes,
  blocks: async (start: number, count: number) => blocks(start, count),
  close: () => undefined
})

const read = (start: number, count: number) => content.slice(start * blockBytes, (start + count) * blockBytes)

it('hands on what a store read as it is, without a copy of it', async () => {
  const buffers: ArrayBufferLike[] = []
  const reader = readerOf((start, count) => {
    const bytes = read(start, count)
    buffers.push(bytes.buffer)
    return blocksIn(bytes, blockBytes)
  })
  const chunks: ArrayBufferLike[] = []
  for await (const chunk of readBytes(reader, 5, content.length - 5)) chunks.push(chunk.buffer)
  expect(chunks.length).toBeGreaterThan(2)
  expect(chunks.map((buffer) => buffers.indexOf(buffer))).toEqual(chunks.map((_, i) => i))
})

it.each([
  ['on their own', (start: number, count: number) => blocksIn(read(start, count), blockBytes).map((b) => b.slice())],
  [
    'in one buffer, in another order',
    (start: number, count: number) => {
      const turned = blocksIn(new Uint8Array(count * blockBytes), blockBytes).reverse()
      turned.forEach((block, i) => block.set(read(start + i, 1)))
      return turned
    }
  ]
])('joins blocks that lie %s', async (_how, blocks) => {
  const [start, end] = [700, content.length - 3]
  const bytes = await collectBytes(readBytes(readerOf(blocks), start, end), end - start)
  expect(bytes).toEqual(content.subarray(start, end))
})
