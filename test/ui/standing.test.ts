import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import type { ItemView } from '../../src/engine/types.ts'
import { isLastCopy, standingOf } from '../../src/ui/standing.ts'
import { fakeKeep, fakePeer, fakeView } from '../support/fake-quire.ts'

const here = { fresh: false, durable: true }
const of = (over: Partial<ItemView>, circumstances = here) => standingOf(fakeView('x', over), circumstances)

describe('how many copies exist, and what closing does', () => {
  it('warns while only this tab has it', () => {
    expect(of({}, { fresh: true, durable: true })).toMatchObject({
      level: 1,
      atRisk: true,
      copies: 'Only this tab',
      copiesLine: 'No one has fetched it yet',
      closing: 'Link stops working',
      closingLine: 'Until you open Quire again'
    })
  })

  it('does not claim that no one fetched it when it cannot know', () => {
    expect(of({})).toMatchObject({ copies: '1 copy in sight', closing: 'Link may stop working', atRisk: true })
    expect(of({ peers: [fakePeer(1, { sentBytesPerSecond: 10 })] }).copiesLine).toBe('1 peer is fetching it')
  })

  it('counts full copies with this one, and never calls more than that safe', () => {
    expect(of({ otherCopies: 4 })).toMatchObject({
      level: 2,
      atRisk: false,
      copies: '5 copies now',
      copiesLine: 'This tab and 4 others',
      closing: 'Stays while one is open'
    })
    expect(of({ otherCopies: 4 }).closing).not.toContain('Safe')
  })

  it('counts only the others while it is fetched', () => {
    const part = { state: 'fetching', origin: 'fetched', doneBlocks: 10 } as const
    expect(of({ ...part, otherCopies: 2 })).toMatchObject({ level: 2, copies: '2 full copies now', closing: 'Pauses' })
    expect(of({ ...part, otherCopies: 1 }).level).toBe(1)
    expect(of({ ...part, otherCopies: 0 })).toMatchObject({ level: 0, copies: 'No full copy now' })
  })

  it('says what is missing while it waits', () => {
    expect(of({ state: 'waiting', blockCount: 1472, doneBlocks: 1047 })).toMatchObject({
      level: 0,
      copiesLine: '425 blocks held by no one',
      closing: 'Nothing is lost'
    })
    expect(of({ state: 'waiting', blockCount: 0 }).copiesLine).toBe('No one online has it')
  })

  const untilMs = Date.UTC(2027, 0, 2, 12)
  const kept = fakeKeep({ state: 'safe', untilMs })

  it('says that a private window keeps nothing', () => {
    const priv = { fresh: true, durable: false }
    expect(of({}, priv).closing).toBe('Link stops working for good')
    expect(of({ state: 'fetching', doneBlocks: 3 }, priv).closing).toBe('Starts over')
  })

  it('says so too of what is paused there, or failed', () => {
    const priv = { fresh: false, durable: false }
    const startsOver = { closing: 'Starts over', closingLine: 'A private window keeps nothing' }
    expect(of({ state: 'paused', doneBlocks: 3 }, priv)).toMatchObject(startsOver)
    expect(of({ state: 'paused', origin: 'fetched', otherCopies: 1 }, priv)).toMatchObject(startsOver)
    expect(of({ state: 'paused' }, priv).closing).toBe('Link stops working for good')
    expect(of({ state: 'paused', keep: kept }, priv)).toMatchObject({
      closing: 'Safe to close',
      closingLine: 'Kept until January\u00a02'
    })
    expect(of({ state: 'error', doneBlocks: 3 }, priv)).toMatchObject(startsOver)
    expect(of({ state: 'error', link: undefined }, priv).closing).toBe('Changes nothing')
  })

  it('says until when it is safe once a keeper has promised, and counts the keeper once', () => {
    expect(of({ keep: kept, otherCopies: 1 })).toMatchObject({
      level: 3,
      atRisk: false,
      copies: '2 copies now',
      copiesLine: 'This tab and a keeper',
      closing: 'Safe to close',
      closingLine: 'Kept until January\u00a02',
      closingShort: 'Kept until January\u00a02'
    })
    expect(of({ keep: kept }).copies).toBe('2 copies now')
    expect(of({ keep: kept, otherCopies: 3 })).toMatchObject({
      copies: '4 copies now',
      copiesLine: '2 others, this tab and a keeper'
    })
    expect(of({ keep: kept, state: 'paused' }).closingLine).toBe('Kept until January\u00a02')
  })

  it('counts each keeper that has a copy, seen or not', () => {
    const at = ['a', 'b'].map((keeper) => ({ keeper: keeper as PeerId, state: 'safe', heldBytes: 1, untilMs }) as const)
    const both = fakeKeep({ state: 'safe', untilMs, keepers: at })
    expect(of({ keep: both, otherCopies: 1 })).toMatchObject({
      copies: '3 copies now',
      copiesLine: 'This tab and 2 keepers'
    })
    expect(of({ keep: both, otherCopies: 4 }).copiesLine).toBe('2 others, this tab and 2 keepers')
  })

  it('does not say that a link dies with this tab while a keeper that promised is out of reach', () => {
    const unreached = { sinceMs: 0, promisedUntilMs: untilMs }
    expect(of({ keep: fakeKeep({ state: 'away', unreached }) }, { fresh: true, durable: true })).toMatchObject({
      atRisk: true,
      copies: '1 copy in sight',
      copiesLine: 'No keeper can be reached',
      closing: 'Link may stop working'
    })
  })

  it('is not safe while a keeper takes its copy, when it is asked no longer, or before all is here', () => {
    expect(of({ keep: fakeKeep({ state: 'handing' }) })).toMatchObject({
      level: 1,
      atRisk: true,
      copiesLine: 'A keeper is taking its copy'
    })
    expect(of({ keep: { ...kept, wanted: false } }).closing).not.toContain('Safe')
    expect(of({ keep: kept, state: 'fetching', origin: 'fetched', doneBlocks: 10 }).closing).toBe('Pauses')
  })

  it('is the last copy only where no other is in sight or promised', () => {
    expect(isLastCopy(fakeView('x'))).toBe(true)
    expect(isLastCopy(fakeView('x', { otherCopies: 1 }))).toBe(false)
    expect(isLastCopy(fakeView('x', { keep: kept }))).toBe(false)
    expect(isLastCopy(fakeView('x', { keep: fakeKeep({ state: 'handing' }) }))).toBe(true)
  })

  it('promises nothing before there is a link, and nothing for what failed', () => {
    expect(of({ state: 'adding', link: undefined })).toMatchObject({
      level: 0,
      copies: 'No link yet',
      closing: 'Adding stops'
    })
    expect(of({ state: 'error', link: undefined }).copies).toBe('Not shared')
    expect(of({ state: 'paused', otherCopies: 1 })).toMatchObject({ level: 2, closing: 'Stays paused' })
  })
})
