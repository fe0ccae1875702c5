import type { PeerId, SwarmId } from '../ids.ts'
import { keepAnswerMs, keepRetryMs, keepRetryMsMax, keepTermMsMax } from '../limits.ts'
import type { KeepAskerEffect, KeepAskerInput, KeeperContact, KeepStanding, Wish } from './asker-types.ts'
import { type Deal, freshDeal, isAnswered } from './deal.ts'
import { ownerOf } from './receipt.ts'
import { standingOf } from './standing.ts'
import type { KeepFrame } from './types.ts'

interface Link {
  readonly contact: KeeperContact
  state: 'closed' | 'opening' | 'open'
  failures: number
  nextTryAtMs: number
}

interface Release {
  readonly swarmId: SwarmId
  readonly ownerKey: Uint8Array
}

/** Asks keepers to hold data sets, over one lane a keeper, while there is something to ask. SPEC.md has the rules. */
export class KeepAsker {
  readonly #wishes = new Map<SwarmId, { wish: Wish; deals: Map<PeerId, Deal> }>()
  readonly #links = new Map<PeerId, Link>()
  readonly #releases = new Map<PeerId, Release[]>()
  #nowMs = 0
  #effects: KeepAskerEffect[] = []

  handle(nowMs: number, input: KeepAskerInput): KeepAskerEffect[] {
    this.#nowMs = nowMs
    this.#effects = []
    this.#take(input)
    this.#settle()
    return this.#effects
  }

  wakeAtMs(): number {
    let earliest = Infinity
    for (const { deals } of this.#wishes.values())
      for (const deal of deals.values()) earliest = Math.min(earliest, this.#wakeOf(deal))
    for (const keeper of this.#releases.keys()) {
      const link = this.#links.get(keeper)
      if (link?.state === 'closed') earliest = Math.min(earliest, link.nextTryAtMs)
    }
    return earliest
  }

  #wakeOf(deal: Deal): number {
    if (deal.code) return Infinity
    if (this.#isDone(deal)) return deal.renewAtMs
    if (deal.asked !== 'no') return deal.answerByMs
    const link = this.#links.get(deal.keeper)
    const linkAtMs = link?.state === 'closed' ? link.nextTryAtMs : Infinity
    return deal.againAtMs > this.#nowMs ? deal.againAtMs : linkAtMs
  }

  standingOf(swarmId: SwarmId): KeepStanding | undefined {
    const known = this.#wishes.get(swarmId)
    const isAway = (keeper: PeerId) => (this.#links.get(keeper)?.failures ?? 1) > 0
    return known && standingOf(known.deals.values(), isAway, this.#nowMs)
  }

  #take(input: KeepAskerInput): void {
    switch (input.type) {
      case 'keepers':
        for (const contact of input.keepers) {
          const link = this.#links.get(contact.peerId)
          if (!link) this.#links.set(contact.peerId, { contact, state: 'closed', failures: 0, nextTryAtMs: 0 })
        }
        return
      case 'wish':
        return this.#wish(input.wish)
      case 'release':
        return this.#release(input)
      case 'forget':
        return this.#forget(input.swarmId)
      case 'connected':
        return this.#onConnected(input.keeper)
      case 'lost':
        return this.#onLost(input.keeper)
      case 'frame':
        return this.#onFrame(input.keeper, input.frame)
      case 'checked':
        return this.#onChecked(input)
      case 'wake':
        return this.#giveUpSilent()
    }
  }

  #wish(wish: Wish): void {
    const deals = new Map<PeerId, Deal>()
    for (const { keeper, untilMs, held } of wish.promises) {
      if (untilMs <= this.#nowMs) continue
      // Until the keeper says otherwise it is believed, as far as it went.
      const renewAtMs = untilMs - this.#termMs(keeper) / 2
      const [copy, heldBytes] = held ? (['held', wish.sizeBytes] as const) : (['coming', 0] as const)
      deals.set(keeper, { ...freshDeal(keeper), copy, heldBytes, untilMs, renewAtMs })
    }
    this.#wishes.set(wish.swarmId, { wish, deals })
    for (const [keeper, releases] of this.#releases) {
      const others = releases.filter(({ swarmId }) => swarmId !== wish.swarmId)
      if (others.length > 0) this.#releases.set(keeper, others)
      else this.#releases.delete(keeper)
    }
    this.#changed(wish.swarmId)
  }

  /** Every keeper that promised, now or in an earlier visit, or was asked. [KE17] */
  #release({ swarmId, ownerKey, promised }: Extract<KeepAskerInput, { type: 'release' }>): void {
    const deals = [...(this.#wishes.get(swarmId)?.deals.values() ?? [])]
    const asked = deals.filter(({ asked, copy }) => asked !== 'no' || copy !== 'none').map(({ keeper }) => keeper)
    for (const keeper of new Set([...promised, ...asked])) {
      const others = this.#releases.get(keeper)?.filter((release) => release.swarmId !== swarmId) ?? []
      this.#releases.set(keeper, [...others, { swarmId, ownerKey }])
    }
    this.#forget(swarmId)
  }

  #forget(swarmId: SwarmId): void {
    if (this.#wishes.delete(swarmId)) this.#changed(swarmId)
  }

  #onConnected(keeper: PeerId): void {
    const link = this.#links.get(keeper)
    if (!link) return
    link.state = 'open'
    this.#eachDeal(keeper, (deal, swarmId) => {
      if (link.failures > 0) this.#changed(swarmId)
      if (!this.#isDone(deal)) deal.asked = 'no'
    })
    link.failures = 0
  }

  /** What was asked is asked again on the next lane. [KE14] */
  #onLost(keeper: PeerId): void {
    const link = this.#links.get(keeper)
    if (!link || link.state === 'closed') return
    link.state = 'closed'
    link.nextTryAtMs = this.#nowMs + Math.min(keepRetryMsMax, keepRetryMs * 2 ** link.failures++)
    this.#eachDeal(keeper, (deal, swarmId) => {
      if (!this.#isDone(deal)) deal.asked = 'no'
      this.#changed(swarmId)
    })
  }

  #onFrame(keeper: PeerId, frame: KeepFrame): void {
    if (frame.type === 'unknown' || frame.type === 'offer') return
    const deal = this.#wishes.get(frame.swarmId)?.deals.get(keeper)
    if (!deal) return
    switch (frame.type) {
      case 'accepted':
        deal.answerByMs = Infinity
        this.#effects.push({ type: 'check', keeper, swarmId: frame.swarmId, receipt: frame.receipt })
        return
      case 'refused':
        Object.assign(deal, { ...freshDeal(keeper), code: frame.code })
        return this.#changed(frame.swarmId)
      case 'status':
        this.#onStatus(deal, frame)
        return this.#changed(frame.swarmId)
    }
  }

  #onStatus(deal: Deal, { state, heldBytes }: Extract<KeepFrame, { type: 'status' }>): void {
    deal.answerByMs = Infinity
    deal.copy = state
    deal.heldBytes = heldBytes
    if (state !== 'none') return
    // It was given up, or this keeper never had it: it is offered anew, at once if that was what the question was for.
    const wasAsked = deal.asked === 'status'
    Object.assign(deal, freshDeal(deal.keeper))
    if (!wasAsked) deal.againAtMs = this.#nowMs + keepRetryMsMax
  }

  #onChecked({ keeper, swarmId, untilMs }: Extract<KeepAskerInput, { type: 'checked' }>): void {
    const deal = this.#wishes.get(swarmId)?.deals.get(keeper)
    if (!deal) return
    if (untilMs === undefined) Object.assign(deal, { ...freshDeal(keeper), code: 'not-allowed' })
    else deal.untilMs = untilMs
    this.#changed(swarmId)
  }

  /** A keeper that does not answer is taken for one that is away. */
  #giveUpSilent(): void {
    for (const [keeper, link] of this.#links) {
      let isSilent = false
      this.#eachDeal(keeper, (deal) => (isSilent ||= deal.asked !== 'no' && deal.answerByMs <= this.#nowMs))
      if (!isSilent || link.state !== 'open') continue
      this.#effects.push({ type: 'disconnect', keeper })
      this.#onLost(keeper)
    }
  }

  #settle(): void {
    for (const known of this.#wishes.values()) {
      this.#choose(known)
      for (const deal of known.deals.values()) if (this.#isToBeRenewed(deal)) deal.asked = 'no'
    }
    for (const [keeper, link] of this.#links) {
      const releases = this.#releases.get(keeper) ?? []
      let needed = releases.length > 0
      this.#eachDeal(keeper, (deal) => (needed ||= !deal.code && !this.#isDone(deal) && deal.againAtMs <= this.#nowMs))
      if (needed && link.state === 'closed' && link.nextTryAtMs <= this.#nowMs) {
        link.state = 'opening'
        this.#effects.push({ type: 'connect', keeper })
      }
      if (link.state !== 'open') continue
      for (const release of releases) {
        this.#effects.push({ type: 'send', keeper, frame: { type: 'release', ...release } })
        this.#effects.push({ type: 'released', keeper, swarmId: release.swarmId })
      }
      this.#releases.delete(keeper)
      this.#eachDeal(keeper, (deal, swarmId) => this.#ask(deal, swarmId))
      // What was just sent goes out before the lane closes.
      if (!needed) {
        link.state = 'closed'
        this.#effects.push({ type: 'disconnect', keeper })
      }
    }
  }

  /** As many keepers as are wished for, in the order they were named; one that refused or is away is passed over. [KE12] */
  #choose({ wish, deals }: { wish: Wish; deals: Map<PeerId, Deal> }): void {
    const isActive = ({ keeper, code }: Deal): boolean => !code && (this.#links.get(keeper)?.failures ?? 1) === 0
    for (const [keeper, { contact }] of this.#links) {
      if ([...deals.values()].filter(isActive).length >= wish.copies) return
      if (deals.has(keeper)) continue
      const deal = freshDeal(keeper)
      if (wish.sizeBytes > contact.terms.dataSetBytesMax) deal.code = 'too-large'
      else if (contact.terms.invited) deal.code = 'not-allowed'
      deals.set(keeper, deal)
      this.#changed(wish.swarmId)
    }
  }

  #ask(deal: Deal, swarmId: SwarmId): void {
    const { wish } = this.#wishes.get(swarmId)!
    if (deal.code || deal.asked !== 'no' || this.#isDone(deal) || deal.againAtMs > this.#nowMs) return
    const { keeper } = deal
    deal.answerByMs = this.#nowMs + keepAnswerMs
    if (deal.untilMs > 0 && this.#nowMs < deal.renewAtMs) {
      deal.asked = 'status'
      this.#effects.push({ type: 'send', keeper, frame: { type: 'ask-status', swarmId } })
      return
    }
    const termMs = this.#termMs(keeper)
    deal.asked = 'offer'
    deal.renewAtMs = this.#nowMs + termMs / 2
    const { manifestCid, swarmKey, sizeBytes, ownerKey } = wish
    const offer = { manifestCid, swarmId, swarmKey, sizeBytes, termMs, owner: ownerOf(ownerKey) }
    this.#effects.push({ type: 'send', keeper, frame: { type: 'offer', offer } })
  }

  #termMs(keeper: PeerId): number {
    const termMsMax = this.#links.get(keeper)?.contact.terms.termMsMax ?? keepTermMsMax
    return Math.floor(Math.min(keepTermMsMax, termMsMax) / 1000) * 1000
  }

  /** The keeper said in this visit that it has all of it, and the promise is good for a while. */
  #isDone(deal: Deal): boolean {
    return isAnswered(deal) && deal.untilMs > 0 && this.#nowMs < deal.renewAtMs
  }

  /** Half of the term is over. [KE15] */
  #isToBeRenewed(deal: Deal): boolean {
    return isAnswered(deal) && this.#nowMs >= deal.renewAtMs
  }

  #eachDeal(keeper: PeerId, act: (deal: Deal, swarmId: SwarmId) => void): void {
    for (const [swarmId, { deals }] of this.#wishes) {
      const deal = deals.get(keeper)
      if (deal) act(deal, swarmId)
    }
  }

  #changed(swarmId: SwarmId): void {
    this.#effects.push({ type: 'changed', swarmId })
  }
}
