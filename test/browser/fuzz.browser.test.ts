import { describe, expect, it } from 'vitest'
import { openIndexedDb } from '../../src/store/indexeddb.ts'
import corpus from '../fuzz/corpus.json' with { type: 'json' }
import { casesFrom, fuzz } from '../fuzz/run.ts'

let places = 0

const freshStores = async () => {
  const { blocks, catalog } = await openIndexedDb(`fuzz ${places++}`)
  return { store: blocks, catalog }
}

describe('strangers that speak the wire and do wrong to a tab', { timeout: 200_000 }, () => {
  it('[EX2] [EX3] [EX13] do no harm, and are dropped by name', async () => {
    const reasons = await fuzz([...corpus, ...casesFrom(5, 2_000)], freshStores)
    const expected = ['bad-block', 'bad-frame', 'bad-hash-group', 'bad-proof', 'beyond-end', 'overasked', 'stalled']
    expect([...reasons.keys()]).toEqual(expect.arrayContaining(expected))
  })
})
