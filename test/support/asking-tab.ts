import { expect } from 'vitest'
import { manifestCidOf } from '../../src/core/block/cid.ts'
import type { PeerId, SwarmId } from '../../src/core/ids.ts'
import { KeepAsker } from '../../src/core/keep/asker.ts'
import type { KeepAskerEffect, KeepAskerInput, KeeperContact, Wish } from '../../src/core/keep/asker-types.ts'
import type { CopyState, RefuseCode } from '../../src/core/keep/types.ts'
import { keepTermMsMax } from '../../src/core/limits.ts'
import { seededBytes } from './seeded.ts'

export const swarmId = 'cd'.repeat(32) as SwarmId
export const [one, two] = ['keeper-one', 'keeper-two'] as [PeerId, PeerId]
const terms = { dataSetBytesMax: 1e9, termMsMax: keepTermMsMax, invited: false }
export const contact = (peerId: PeerId, over = {}): KeeperContact => ({ peerId, terms: { ...terms, ...over } })
export const wish: Wish = {
  manifestCid: manifestCidOf(seededBytes(1, 32)),
  swarmId,
  swarmKey: seededBytes(2, 32),
  sizeBytes: 1_000,
  ownerKey: seededBytes(3, 32),
  copies: 1,
  promises: []
}

/** An asker, and what it did: `connect keeper-one`, `offer keeper-one`, … */
export class Tab {
  nowMs = 1_800_000_000_000
  readonly asker = new KeepAsker()

  take(input: KeepAskerInput): string[] {
    return this.asker.handle(this.nowMs, input).flatMap(wordsOf)
  }

  wake(): string[] {
    this.nowMs = Math.max(this.nowMs, this.asker.wakeAtMs())
    return this.take({ type: 'wake' })
  }

  begin(keepers: readonly KeeperContact[] = [contact(one)], over: Partial<Wish> = {}): string[] {
    return [...this.take({ type: 'wish', wish: { ...wish, ...over } }), ...this.take({ type: 'keepers', keepers })]
  }

  status(keeper: PeerId, state: CopyState, heldBytes = state === 'held' ? 1_000 : 0): string[] {
    return this.take({ type: 'frame', keeper, frame: { type: 'status', swarmId, state, heldBytes, untilMs: 0 } })
  }

  accept(keeper: PeerId, untilMs = this.nowMs + keepTermMsMax): void {
    const receipt = seededBytes(5, 100)
    expect(this.take({ type: 'frame', keeper, frame: { type: 'accepted', swarmId, receipt } })).toContain(
      `check ${keeper}`
    )
    this.take({ type: 'checked', keeper, swarmId, untilMs })
  }

  /** The keeper takes it, and has all of it. */
  hold(keeper: PeerId): void {
    this.take({ type: 'connected', keeper })
    this.accept(keeper)
    this.status(keeper, 'held')
  }

  /** No copies are wished for any more. */
  release(promised: readonly PeerId[] = []): string[] {
    return this.take({ type: 'release', swarmId, ownerKey: wish.ownerKey, promised })
  }

  /** Every try fails for so long. */
  miss(keeper: PeerId, forMs: number): string[] {
    const did: string[] = []
    for (const endMs = this.nowMs + forMs; this.nowMs < endMs;) {
      const words = this.wake()
      did.push(...words)
      if (words.includes(`connect ${keeper}`)) did.push(...this.take({ type: 'lost', keeper }))
    }
    return did
  }

  refuse(keeper: PeerId, code: RefuseCode): string[] {
    return this.take({ type: 'frame', keeper, frame: { type: 'refused', swarmId, code } })
  }

  get state() {
    return this.asker.standingOf(swarmId)?.state
  }
}

function wordsOf(effect: KeepAskerEffect): string[] {
  if (effect.type === 'changed') return []
  return [`${effect.type === 'send' ? effect.frame.type : effect.type} ${effect.keeper}`]
}
