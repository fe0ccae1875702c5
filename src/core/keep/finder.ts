import type { PeerId } from '../ids.ts'
import {
  keeperLookPausesMs,
  keepersFoundMax,
  peersPerAnswerMax,
  termsAgainMs,
  termsAskedAtOnceMax,
  termsAskedPerLookMax,
  termsRememberedMax
} from '../limits.ts'
import type { TrackedPeer } from '../tracker/types.ts'
import type { KeepTerms } from './types.ts'

/** A keeper that no relay answers for, and what it signed. */
export interface FoundKeeper {
  readonly peerId: PeerId
  readonly record: Uint8Array
  readonly terms: KeepTerms
}

export type KeeperFinderInput =
  /** Whether copies are wished for that no known keeper takes; `known` need not be found. */
  | { type: 'lack'; isLacking: boolean; known: ReadonlySet<PeerId> }
  /** A tracker says who announces itself as a keeper. */
  | { type: 'peers'; peers: readonly TrackedPeer[] }
  /** One that was asked for its terms signed these, or did not answer. */
  | { type: 'terms'; keeper: PeerId; terms: KeepTerms | undefined }
  /** These turned out to be of no use. */
  | { type: 'drop'; keepers: readonly PeerId[] }
  | { type: 'wake' }

export type KeeperFinderEffect =
  /** Ask the trackers who announces itself as a keeper. */
  | { type: 'look' }
  /** Ask for its terms, and say nothing else; then `terms`. */
  | { type: 'ask'; keeper: PeerId; record: Uint8Array }
  /** `found` is another than before. */
  | { type: 'changed' }

/** Finds keepers that no relay names, while too few are known. SPEC.md has the rules KE20 to KE22. */
export class KeeperFinder {
  readonly #found = new Map<PeerId, FoundKeeper>()
  /** Announced, and not asked yet. */
  readonly #candidates = new Map<PeerId, Uint8Array>()
  readonly #asking = new Map<PeerId, Uint8Array>()
  readonly #askedAtMs = new Map<PeerId, number>()
  #known: ReadonlySet<PeerId> = new Set()
  #isLacking = false
  #lookAtMs = 0
  #looks = 0
  #asksLeft = 0
  #nowMs = 0
  #effects: KeeperFinderEffect[] = []

  get found(): readonly FoundKeeper[] {
    return [...this.#found.values()]
  }

  handle(nowMs: number, input: KeeperFinderInput): KeeperFinderEffect[] {
    this.#nowMs = nowMs
    this.#effects = []
    this.#take(input)
    if (this.#isLacking && this.#lookAtMs <= nowMs) this.#look()
    this.#ask()
    return this.#effects
  }

  wakeAtMs(): number {
    return this.#isLacking ? this.#lookAtMs : Infinity
  }

  #take(input: KeeperFinderInput): void {
    switch (input.type) {
      case 'lack':
        return this.#onLack(input.isLacking, input.known)
      case 'peers':
        for (const peer of input.peers) this.#onPeer(peer)
        return
      case 'terms':
        return this.#onTerms(input.keeper, input.terms)
      case 'drop':
        for (const keeper of input.keepers) if (this.#found.delete(keeper)) this.#changed()
        return
      case 'wake':
    }
  }

  /** One that comes and goes does not look more often than one that stays. */
  #onLack(isLacking: boolean, known: ReadonlySet<PeerId>): void {
    this.#known = known
    if (isLacking === this.#isLacking) return
    this.#isLacking = isLacking
    this.#looks = 0
    if (!isLacking) this.#candidates.clear()
  }

  #look(): void {
    this.#effects.push({ type: 'look' })
    this.#lookAtMs = this.#nowMs + keeperLookPausesMs[Math.min(this.#looks++, keeperLookPausesMs.length - 1)]!
    this.#asksLeft = termsAskedPerLookMax
    for (const [keeper, atMs] of this.#askedAtMs) if (atMs + termsAgainMs <= this.#nowMs) this.#askedAtMs.delete(keeper)
  }

  #onPeer({ peerId, holder, record }: TrackedPeer): void {
    const found = this.#found.get(peerId)
    if (found) return void this.#found.set(peerId, { ...found, record }) // it may be reached elsewhere than before
    if (!this.#isLacking || !holder || this.#askedAtMs.has(peerId)) return
    if (this.#candidates.size < peersPerAnswerMax) this.#candidates.set(peerId, record)
  }

  #ask(): void {
    for (const [keeper, record] of this.#candidates) {
      const isBusy = this.#asking.size >= termsAskedAtOnceMax || this.#asksLeft === 0
      if (!this.#isLacking || isBusy || this.#found.size + this.#asking.size >= keepersFoundMax) return
      this.#candidates.delete(keeper)
      if (this.#known.has(keeper)) continue
      this.#asksLeft--
      this.#asking.set(keeper, record)
      this.#remember(keeper)
      this.#effects.push({ type: 'ask', keeper, record })
    }
  }

  #remember(keeper: PeerId): void {
    const [oldest] = this.#askedAtMs.keys()
    if (oldest !== undefined && this.#askedAtMs.size >= termsRememberedMax) this.#askedAtMs.delete(oldest)
    this.#askedAtMs.set(keeper, this.#nowMs)
  }

  #onTerms(keeper: PeerId, terms: KeepTerms | undefined): void {
    const record = this.#asking.get(keeper)
    this.#asking.delete(keeper)
    const isOpen = terms && !terms.invited && terms.dataSetBytesMax > 0 && terms.termMsMax > 0
    if (!record || !isOpen) return
    this.#found.set(keeper, { peerId: keeper, record, terms })
    this.#changed()
  }

  #changed(): void {
    if (!this.#effects.some(({ type }) => type === 'changed')) this.#effects.push({ type: 'changed' })
  }
}
