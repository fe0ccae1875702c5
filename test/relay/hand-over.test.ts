import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { handOver } from '../../relay/control/hand-over.ts'
import type { PeerId } from '../../src/core/ids.ts'
import type { KeepState } from '../../src/core/keep/asker-types.ts'
import type { RefuseCode } from '../../src/core/keep/types.ts'
import { keeperFindMs } from '../../src/core/limits.ts'
import { peerName } from '../../src/core/names.ts'
import type { ItemView } from '../../src/engine/types.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** An item whose keepers stand as the test says: for each its state, and what it has. */
class Handed {
  readonly keep = async (): Promise<void> => undefined
  #view = {} as ItemView
  #look: (view: ItemView) => void = () => undefined

  peek(): ItemView {
    return this.#view
  }

  subscribe(look: (view: ItemView) => void): () => void {
    this.#look = look
    return () => (this.#look = () => undefined)
  }

  stands(state: KeepState, ...at: readonly (readonly [KeepState, number, RefuseCode?])[]): void {
    const keepers = at.map(([each, heldBytes, code], n) => ({
      ...{ keeper: `keeper ${n}` as PeerId, state: each, heldBytes, untilMs: 0, code }
    }))
    this.#view = { keep: { state, heldBytes: 0, untilMs: 0, wanted: true, keepers } } as unknown as ItemView
    this.#look(this.#view)
  }
}

async function handing(item: Handed, copies: number): Promise<{ ended?: unknown }> {
  const outcome: { ended?: unknown } = {}
  const ends = (ended: unknown) => void (outcome.ended = ended)
  handOver(item, copies).then(() => ends('held'), ends)
  await vi.advanceTimersByTimeAsync(0)
  return outcome
}

describe('[CT7] copies that are waited for', () => {
  it('are held once so many keepers are safe', async () => {
    const item = new Handed()
    const outcome = await handing(item, 2)
    item.stands('safe', ['safe', 100], ['handing', 50])
    await vi.advanceTimersByTimeAsync(0)
    expect(outcome).toEqual({})
    item.stands('safe', ['safe', 100], ['safe', 100])
    await vi.advanceTimersByTimeAsync(0)
    expect(outcome).toEqual({ ended: 'held' })
  })

  it('are waited for while something comes to a keeper, and not for ever where only one takes it', async () => {
    const item = new Handed()
    const outcome = await handing(item, 2)
    for (const bytes of [10, 20, 30]) {
      await vi.advanceTimersByTimeAsync(keeperFindMs - 1)
      item.stands('handing', ['handing', bytes], ['refused', 0])
    }
    item.stands('safe', ['safe', 100], ['refused', 0])
    await vi.advanceTimersByTimeAsync(keeperFindMs - 1)
    item.stands('safe', ['safe', 100], ['away', 0])
    expect(outcome).toEqual({})
    await vi.advanceTimersByTimeAsync(1)
    expect(outcome.ended).toMatchObject({
      code: 'copies-missing',
      message: expect.stringContaining('1 of 2 keepers hold a copy')
    })
  })

  it.each([
    [undefined, 'no-keeper'],
    ['away', 'copies-missing'],
    ['asking', 'copies-missing']
  ] as const)('where it stands at %s for long: %s', async (state, code) => {
    const item = new Handed()
    const outcome = await handing(item, 1)
    if (state) item.stands(state, [state, 0])
    await vi.advanceTimersByTimeAsync(keeperFindMs)
    expect(outcome.ended).toMatchObject({ code })
  })

  it('are refused as soon as the last keeper refuses', async () => {
    const item = new Handed()
    const outcome = await handing(item, 1)
    item.stands('refused', ['refused', 0])
    await vi.advanceTimersByTimeAsync(0)
    expect(outcome.ended).toMatchObject({ code: 'copy-refused' })
  })

  it.each([
    ['invitation-revoked', 'keeper 1 has taken back its invitation. Ask whoever gave it to you for another.'],
    ['invitation-ended', 'keeper 1 takes no invitations any more.'],
    ['invitation-unknown', 'keeper 1 does not know the invitation.']
  ] as const)('[KE31] say what became of an invitation: %s', async (code, words) => {
    const item = new Handed()
    const outcome = await handing(item, 1)
    item.stands('refused', ['refused', 0, 'full'], ['refused', 0, code])
    await vi.advanceTimersByTimeAsync(0)
    const name = peerName('keeper 1' as PeerId)
    expect(outcome.ended).toMatchObject({
      code: 'copy-refused',
      params: { reason: code },
      message: expect.stringContaining(words.replace('keeper 1', name)) as string
    })
  })
})
