import { describe, expect, it, vi } from 'vitest'
import { planEnvelope } from '../../src/core/envelope/envelope.ts'
import { blockBytes, segmentBlocks } from '../../src/core/limits.ts'
import { addContent } from '../../src/engine/adding.ts'
import { plainContent, sealedContent } from '../../src/engine/content.ts'
import { ContentCipher } from '../../src/engine/crypto.ts'
import { newSetId } from '../../src/engine/set-id.ts'
import type { FileSource } from '../../src/engine/types.ts'
import { MemoryBlockStore } from '../../src/store/memory.ts'
import { seededBytes } from '../support/seeded.ts'

const sizeBytes = 2 * segmentBlocks * blockBytes

/** A file whose reads are remembered; `readsFresh`: each is a copy, otherwise all are parts of one buffer. */
function remembered(readsFresh: boolean) {
  const content = seededBytes(7, sizeBytes)
  const reads: Uint8Array[] = []
  const source: FileSource = {
    path: 'file.bin',
    sizeBytes,
    mimeType: '',
    modifiedAtMs: 0,
    readsFresh,
    read(start, end) {
      const bytes = readsFresh ? content.slice(start, end) : content.subarray(start, end)
      reads.push(bytes)
      return Promise.resolve(bytes)
    }
  }
  return { source, reads, content }
}

async function add(source: FileSource, isSealed: boolean) {
  const content = isSealed ? sealedContent(planEnvelope([source]), [source]) : plainContent(source)
  const store = new MemoryBlockStore()
  const set = newSetId()
  const cipher = isSealed ? new ContentCipher(new Uint8Array(32)) : undefined
  await addContent(content, { store, set, cipher, signal: new AbortController().signal, onProgress: () => undefined })
  return { store, set }
}

describe('adding: a source that says what can be read', () => {
  it('is asked before each read, in order, and told when that is stored', async () => {
    const { source, reads } = remembered(true)
    const asked: number[] = []
    let inMemory = 0
    const whenReadable = async (end: number) => {
      // Whoever has one turn to give waits here until it is given back.
      await vi.waitUntil(() => inMemory === 0, { interval: 1 })
      expect(asked.push(end)).toBe(reads.length + 1)
      inMemory++
      return () => void inMemory--
    }
    const { store, set } = await add({ ...source, whenReadable }, false)
    expect(asked).toEqual([sizeBytes / 2, sizeBytes])
    expect(inMemory).toBe(0)
    expect((await store.held(set))?.count).toBe(2 * segmentBlocks)
  })

  it('gives back what it was given where a read fails', async () => {
    const { source } = remembered(true)
    let inMemory = 0
    const whenReadable = () => Promise.resolve((inMemory++, () => void inMemory--))
    const adding = add({ ...source, read: () => Promise.reject(new Error('gone')), whenReadable }, false)
    await expect(adding).rejects.toThrow('gone')
    await vi.waitUntil(() => inMemory === 0)
  })
})

describe('adding: memory of what was read', () => {
  it.each([true, false])('is given back at once where nobody else has it, sealed: %s', async (isSealed) => {
    const { source, reads, content } = remembered(true)
    const { store, set } = await add(source, isSealed)
    expect(reads.length).toBeGreaterThan(1)
    // What lies across the header is read into a buffer with it.
    expect(reads.filter((bytes) => bytes.length > 0).length).toBeLessThanOrEqual(isSealed ? 1 : 0)
    const [block] = await store.readBlocks(set, { start: segmentBlocks, count: 1 })
    if (!isSealed) expect(block).toEqual(content.subarray(segmentBlocks * blockBytes, (segmentBlocks + 1) * blockBytes))
  })

  it.each([true, false])('is left alone where an application keeps it, sealed: %s', async (isSealed) => {
    const { source, reads, content } = remembered(false)
    await add(source, isSealed)
    expect(reads.every((bytes) => bytes.length > 0)).toBe(true)
    expect(content).toHaveLength(sizeBytes)
  })
})
