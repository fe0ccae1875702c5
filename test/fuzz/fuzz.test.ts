import { describe, expect, it } from 'vitest'
import { MemoryBlockStore, MemoryCatalog } from '../../src/store/memory.ts'
import corpus from './corpus.json' with { type: 'json' }
import { casesFrom, fuzz } from './run.ts'

const freshStores = async () => ({ store: new MemoryBlockStore(), catalog: new MemoryCatalog() })

const count = Number(process.env.QUIRE_CASES ?? 4_000)
/** Fixed, and another each day, so that a failure of another day is still found by its words. */
const seeds = [1, process.env.QUIRE_SEED ? Number(process.env.QUIRE_SEED) : Math.floor(Date.now() / 86_400_000)]

const reasonsSeen = ['bad-block', 'bad-frame', 'bad-hash-group', 'bad-proof', 'beyond-end', 'overasked', 'stalled']

describe('strangers that speak the wire and do wrong', { timeout: 600_000 }, () => {
  it('[EX2] [EX3] [EX13] do no harm in any way that once did, and are dropped by name', async () => {
    await fuzz(corpus, freshStores)
  })

  it.each(seeds)('[EX2] [EX3] [EX10] [EX13] [EX14] do no harm from seed %i on', async (seed) => {
    const heapBefore = process.memoryUsage().heapUsed
    const reasons = await fuzz(casesFrom(seed * 1_000_000, count / seeds.length), freshStores)
    expect([...reasons.keys()].toSorted()).toEqual(expect.arrayContaining(reasonsSeen))
    expect(process.memoryUsage().heapUsed - heapBefore).toBeLessThan(256 * 1024 * 1024)
  })
})
