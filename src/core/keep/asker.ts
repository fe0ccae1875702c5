// Long: all that happens between one wish and several keepers.
import { bytesEqual } from '../bytes.ts'
import type { PeerId, SwarmId } from '../ids.ts'
import { keepAnswerMs, keepCheckMs, keepRetryMsMax } from '../limits.ts'
import type { KeepAskerEffect, KeepAskerInput, KeeperContact, KeepStanding, Wish } from './asker-types.ts'
import { type Deal, freshDeal, isDone, isPromised, isRefused, isToBeAsked, mayHaveIt } from './deal.ts'
import { freshLink, isGone, type KeeperLink, missed, reached, termMsOf, tryAgain } from './keeper-link.ts'
import { ownerOf } from './receipt.ts'
import { Releases } from './releases.ts'
import { standingOf } from './standing.ts'
import { isAboutInvitation, type KeepFrame, type RefuseCode } from './types.ts'

interface Wished {
  readonly wish: Wish
  readonly deals: Map<PeerId, Deal>
}

/** Asks keepers to hold data sets, over one lane a keeper, while there is something to ask. SPEC.md has the rules. */
export class KeepAsker {
  readonly #wishes = new Map<SwarmId, Wished>()
  readonly #links = new Map<PeerId, KeeperLink>()
  readonly #releases = new Releases()
  /** Who may have what is paused or gone from here. */
  readonly #forgotten = new Map<SwarmId, readonly PeerId[]>()
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
    for (const keeper of this.#releases.keepers) {
      const link = this.#links.get(keeper)
      const tryAtMs = link?.state === 'closed' ? link.nextTryAtMs : Infinity
      earliest = Math.min(earliest, tryAtMs, this.#releases.answerByMs(keeper))
    }
    return earliest
  }

  #wakeOf(deal: Deal): number {
    if (isRefused(deal, this.#nowMs)) return Infinity
    if (isDone(deal, this.#nowMs)) return Math.min(deal.renewAtMs, deal.checkAtMs)
    if (deal.asked !== 'no') return deal.answerByMs
    const link = this.#links.get(deal.keeper)
    const linkAtMs = link?.state === 'closed' ? link.nextTryAtMs : Infinity
    return deal.againAtMs > this.#nowMs ? deal.againAtMs : linkAtMs
  }

  standingOf(swarmId: SwarmId): KeepStanding | undefined {
    const known = this.#wishes.get(swarmId)
    const judgements = {
      isAway: (keeper: PeerId) => this.#isAway(keeper),
      goneSinceMs: (keeper: PeerId) => this.#goneSinceMs(keeper)
    }
    return known && standingOf(known.deals.values(), judgements, this.#nowMs)
  }

  /** Keepers that may have something of it, as far as this visit tells. */
  askedOf(swarmId: SwarmId): readonly PeerId[] {
    const deals = [...(this.#wishes.get(swarmId)?.deals.values() ?? [])]
    return [...deals.filter(mayHaveIt).map(({ keeper }) => keeper), ...(this.#forgotten.get(swarmId) ?? [])]
  }

  /** It has to let go of something that it may have. */
  isOwed(keeper: PeerId): boolean {
    return this.#releases.has(keeper)
  }

  /** More copies are wished for than keepers are at work on, or have. */
  get isLacking(): boolean {
    return [...this.#wishes.values()].some((wished) => this.#activeIn(wished) < wished.wish.copies)
  }

  /** Keepers that are gone, or that refused whatever they were offered, and have promised nothing. */
  get useless(): readonly PeerId[] {
    return [...this.#links.keys()].filter((keeper) => {
      const deals: Deal[] = []
      this.#eachDeal(keeper, (deal) => deals.push(deal))
      if (deals.some(({ untilMs }) => untilMs > this.#nowMs) || this.#releases.has(keeper)) return false
      return this.#isGone(keeper) || (deals.length > 0 && deals.every(({ code }) => code !== undefined))
    })
  }

  #take(input: KeepAskerInput): void {
    switch (input.type) {
      case 'keepers':
        for (const contact of input.keepers) this.#know(contact)
        return
      case 'online':
        for (const link of this.#links.values()) tryAgain(link, this.#nowMs)
        return
      case 'heard': {
        const link = this.#links.get(input.keeper)
        return link && tryAgain(link, this.#nowMs)
      }
      case 'drop':
        for (const keeper of input.keepers) this.#drop(keeper)
        return
      case 'wish':
        return this.#wish(input.wish)
      case 'release':
        return this.#release(input)
      case 'forget':
        return this.#pause(input.swarmId)
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

  #know(contact: KeeperContact): void {
    const link = this.#links.get(contact.peerId)
    if (!link) return void this.#links.set(contact.peerId, freshLink(contact))
    const isInvitedAnew = contact.token && !bytesEqual(contact.token, link.contact.token ?? none)
    link.contact = contact
    if (isInvitedAnew) this.#forgetRefusals(contact.peerId)
  }

  /** Whom it did not know it may take now. [KE29] */
  #forgetRefusals(keeper: PeerId): void {
    for (const [swarmId, { deals }] of this.#wishes) {
      const deal = deals.get(keeper)
      if (!deal || (deal.code !== 'not-allowed' && !isAboutInvitation(deal.code))) continue
      if (isPromised(deal, this.#nowMs)) Object.assign(deal, { code: undefined, asked: 'no', renewAtMs: this.#nowMs })
      else deals.delete(keeper)
      this.#changed(swarmId)
    }
  }

  #wish(wish: Wish): void {
    const { swarmId } = wish
    const promised = this.#promisedTo(wish)
    // Wished for already, in another number of copies.
    const deals = this.#wishes.get(swarmId)?.deals ?? promised
    for (const keeper of [...this.#releases.withdraw(swarmId), ...(this.#forgotten.get(swarmId) ?? [])]) {
      const deal = deals.get(keeper) ?? promised.get(keeper) ?? freshDeal(keeper)
      deals.set(keeper, Object.assign(deal, { wasOffered: true }))
    }
    this.#forgotten.delete(swarmId)
    this.#wishes.set(swarmId, { wish, deals })
    this.#changed(swarmId)
  }

  #promisedTo(wish: Wish): Map<PeerId, Deal> {
    const deals = new Map<PeerId, Deal>()
    for (const { keeper, untilMs, held } of wish.promises) {
      if (untilMs <= this.#nowMs) continue
      // Until the keeper says otherwise it is believed, as far as it went.
      const renewAtMs = untilMs - termMsOf(this.#links.get(keeper)) / 2
      const [copy, heldBytes] = held ? (['held', wish.sizeBytes] as const) : (['coming', 0] as const)
      deals.set(keeper, { ...freshDeal(keeper), copy, heldBytes, untilMs, renewAtMs })
    }
    return deals
  }

  /** Every keeper that promised, now or in an earlier visit, or was asked. [KE17] */
  #release({ swarmId, ownerKey, promised }: Extract<KeepAskerInput, { type: 'release' }>): void {
    for (const keeper of [...promised, ...this.askedOf(swarmId)]) this.#releases.add(keeper, { swarmId, ownerKey })
    this.#forgotten.delete(swarmId)
    this.#forget(swarmId)
  }

  /** It is gone or rests here, and its copies stay. [KE17] */
  #pause(swarmId: SwarmId): void {
    const asked = this.askedOf(swarmId)
    if (asked.length > 0) this.#forgotten.set(swarmId, asked)
    this.#forget(swarmId)
  }

  #forget(swarmId: SwarmId): void {
    if (this.#wishes.delete(swarmId)) this.#changed(swarmId)
  }

  #onConnected(keeper: PeerId): void {
    const link = this.#links.get(keeper)
    if (!link) return
    this.#eachDeal(keeper, (deal, swarmId) => {
      if (link.failures > 0) this.#changed(swarmId)
      // What would be asked soon is asked now: one lane for all of them.
      if (isDone(deal, this.#nowMs) && deal.checkAtMs - this.#nowMs < keepCheckMs / 2) deal.checkAtMs = this.#nowMs
      if (!isDone(deal, this.#nowMs)) deal.asked = 'no'
    })
    reached(link)
  }

  /** What was asked is asked again on the next lane. [KE14] */
  #onLost(keeper: PeerId): void {
    const link = this.#links.get(keeper)
    if (!link || link.state === 'closed') return
    missed(link, this.#nowMs)
    this.#releases.lost(keeper)
    this.#eachDeal(keeper, (deal, swarmId) => {
      if (!isDone(deal, this.#nowMs)) deal.asked = 'no'
      this.#changed(swarmId)
    })
  }

  #onFrame(keeper: PeerId, frame: KeepFrame): void {
    if (!('swarmId' in frame)) return
    const { swarmId } = frame
    const isNone = frame.type === 'status' && frame.state === 'none'
    if (isNone && this.#releases.answered(keeper, swarmId))
      return void this.#effects.push({ type: 'released', keeper, swarmId })
    const deal = this.#wishes.get(swarmId)?.deals.get(keeper)
    if (!deal) return
    switch (frame.type) {
      case 'accepted':
        deal.answerByMs = Infinity
        this.#effects.push({ type: 'check', keeper, swarmId, receipt: frame.receipt })
        return
      case 'refused':
        this.#onRefused(deal, frame.code)
        return this.#changed(swarmId)
      case 'status':
        this.#onStatus(deal, frame)
        return this.#changed(swarmId)
    }
  }

  /** Whoever refuses to keep it for longer keeps it as long as was promised, if it has it still. [KE32] */
  #onRefused(deal: Deal, code: RefuseCode): void {
    if (deal.code) return // it has said more of it already [KE31]
    const isRenewal = deal.asked === 'offer' && deal.answerByMs < Infinity && isPromised(deal, this.#nowMs)
    if (isRenewal) Object.assign(deal, { code, asked: 'no', renewAtMs: deal.untilMs })
    else Object.assign(deal, { ...freshDeal(deal.keeper), code })
  }

  #onStatus(deal: Deal, { state, heldBytes }: Extract<KeepFrame, { type: 'status' }>): void {
    // Still about what was before the offer, which is answered otherwise. [KE14]
    const isOffered = deal.asked === 'offer' && deal.answerByMs < Infinity
    if (state === 'none' && isOffered) return
    if (!isOffered) deal.answerByMs = Infinity
    deal.copy = state
    deal.heldBytes = heldBytes
    deal.checkAtMs = this.#nowMs + keepCheckMs
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
      let isSilent = this.#releases.answerByMs(keeper) <= this.#nowMs
      this.#eachDeal(keeper, (deal) => (isSilent ||= deal.asked !== 'no' && deal.answerByMs <= this.#nowMs))
      if (!isSilent || link.state !== 'open') continue
      this.#effects.push({ type: 'disconnect', keeper })
      this.#onLost(keeper)
    }
  }

  #settle(): void {
    for (const known of this.#wishes.values()) {
      this.#choose(known)
      this.#shed(known)
      for (const deal of known.deals.values()) if (isToBeAsked(deal, this.#nowMs)) deal.asked = 'no'
    }
    this.#endRefused()
    for (const [keeper, link] of this.#links) {
      let needed = this.#releases.has(keeper)
      this.#eachDeal(keeper, (deal) => (needed ||= !isSettled(deal, this.#nowMs) && deal.againAtMs <= this.#nowMs))
      if (needed && link.state === 'closed' && link.nextTryAtMs <= this.#nowMs) {
        link.state = 'opening'
        this.#effects.push({ type: 'connect', keeper })
      }
      if (link.state !== 'open') continue
      for (const release of this.#releases.toTell(keeper, this.#nowMs))
        this.#effects.push({ type: 'send', keeper, frame: { type: 'release', ...release } })
      this.#eachDeal(keeper, (deal, swarmId) => this.#ask(deal, swarmId))
      if (!needed) {
        link.state = 'closed'
        this.#effects.push({ type: 'disconnect', keeper })
      }
    }
  }

  /** What was refused to be kept for longer is over. */
  #endRefused(): void {
    for (const [swarmId, { deals }] of this.#wishes) {
      for (const deal of deals.values()) {
        if (!isRefused(deal, this.#nowMs) || deal.untilMs === 0) continue
        Object.assign(deal, { ...freshDeal(deal.keeper), code: deal.code })
        this.#changed(swarmId)
      }
    }
  }

  /** As many keepers as are wished for, in the order they were named; one that refused or is away is passed over. [KE12] */
  #choose(wished: Wished): void {
    const { wish, deals } = wished
    const links = [...this.#links].toSorted(([, a], [, b]) => rankOf(a) - rankOf(b))
    for (const [keeper, { contact }] of links) {
      if (this.#activeIn(wished) >= wish.copies) return
      if (deals.has(keeper) || contact.remembered) continue
      const deal = freshDeal(keeper)
      if (wish.sizeBytes > contact.terms.dataSetBytesMax) deal.code = 'too-large'
      else if (contact.terms.invited && !contact.token) deal.code = 'not-allowed'
      deals.set(keeper, deal)
      this.#changed(wish.swarmId)
    }
  }

  /** Keepers that have a copy, or are on the way to one. */
  #activeIn({ deals }: Wished): number {
    const isActive = (deal: Deal): boolean => {
      if (deal.code) return false
      // What was promised is not given up for a short while. [KE19]
      if (!isPromised(deal, this.#nowMs)) return !this.#isAway(deal.keeper)
      return !this.#isGone(deal.keeper) || this.#links.get(deal.keeper)?.isUntried === true
    }
    return [...deals.values()].filter(isActive).length
  }

  #drop(keeper: PeerId): void {
    if (this.#links.get(keeper)?.state === 'open') this.#effects.push({ type: 'disconnect', keeper })
    this.#links.delete(keeper)
    this.#eachDeal(keeper, (deal, swarmId) => {
      const { wish, deals } = this.#wishes.get(swarmId)!
      deals.delete(keeper)
      if (mayHaveIt(deal)) this.#releases.add(keeper, wish)
      this.#changed(swarmId)
    })
  }

  /** Enough keepers are sure to have it: whoever else was asked, and is back or needed no more, lets go. [KE19] */
  #shed({ wish, deals }: Wished): void {
    const sure = [...deals.values()].filter((deal) => isDone(deal, this.#nowMs) && !deal.code)
    if (sure.length < wish.copies) return
    const kept = new Set(sure.slice(0, wish.copies))
    for (const deal of deals.values()) {
      if (kept.has(deal) || deal.code || this.#isAway(deal.keeper)) continue
      deals.delete(deal.keeper)
      if (mayHaveIt(deal)) this.#releases.add(deal.keeper, wish)
      this.#changed(wish.swarmId)
    }
  }

  #ask(deal: Deal, swarmId: SwarmId): void {
    const { wish } = this.#wishes.get(swarmId)!
    const { keeper } = deal
    if (deal.asked !== 'no' || isSettled(deal, this.#nowMs) || deal.againAtMs > this.#nowMs) return
    if (this.#releases.has(keeper, swarmId)) return // what it is offered after that is another copy
    deal.answerByMs = this.#nowMs + keepAnswerMs
    if (deal.untilMs > 0 && this.#nowMs < deal.renewAtMs) {
      deal.asked = 'status'
      this.#effects.push({ type: 'send', keeper, frame: { type: 'ask-status', swarmId } })
      return
    }
    const link = this.#links.get(keeper)
    const termMs = termMsOf(link)
    Object.assign(deal, { asked: 'offer', wasOffered: true })
    deal.renewAtMs = this.#nowMs + termMs / 2
    const { manifestCid, swarmKey, sizeBytes, ownerKey } = wish
    const token = link?.contact.token
    const offer = { manifestCid, swarmId, swarmKey, sizeBytes, termMs, owner: ownerOf(ownerKey), token }
    this.#effects.push({ type: 'send', keeper, frame: { type: 'offer', offer } })
  }

  #isAway(keeper: PeerId): boolean {
    return (this.#links.get(keeper)?.failures ?? 1) > 0
  }

  #isGone(keeper: PeerId): boolean {
    return isGone(this.#links.get(keeper), this.#nowMs)
  }

  /** One that is not named in this visit is not known to be gone. [KE19] */
  #goneSinceMs(keeper: PeerId): number | undefined {
    const link = this.#links.get(keeper)
    return link && this.#isGone(keeper) ? link.awaySinceMs : undefined
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

const none = new Uint8Array(0)

/** There is nothing to ask of it for now. */
const isSettled = (deal: Deal, nowMs: number): boolean => isRefused(deal, nowMs) || isDone(deal, nowMs)

/** Whom a person chose by an invitation comes first [KE29], whom nobody answers for last [KE22]. */
const rankOf = ({ contact }: KeeperLink): number => (contact.token ? 0 : contact.found ? 2 : 1)
