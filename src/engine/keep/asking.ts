import { FrameReader } from '../../core/exchange/frame-reader.ts'
import { bytesOfBase64url } from '../../core/bytes.ts'
import type { ManifestCid, PeerId, SwarmId } from '../../core/ids.ts'
import { KeepAsker } from '../../core/keep/asker.ts'
import type { KeepAskerEffect, KeepAskerInput } from '../../core/keep/asker-types.ts'
import { decodeKeepFrame, encodeKeepFrame } from '../../core/keep/codec.ts'
import { dialTimeoutMs, keepFrameBytesMax } from '../../core/limits.ts'
import type { Lane, NamedKeeper } from '../../network/types.ts'
import type { KeepRecord } from '../../store/types.ts'
import { Alarm } from '../alarm.ts'
import { wallClock } from '../watch.ts'
import type { EngineParts } from '../parts.ts'
import type { InvitationView } from '../types.ts'
import { checkPeer, type FindingParts, KeeperFinding, termsOver } from './finding.ts'
import { Invitations } from './invitations.ts'
import { InvitedWatch } from './invited-watch.ts'
import {
  contactOf,
  type KeepableItem,
  marksOf,
  withContact,
  without,
  withoutCopies,
  withPromise,
  withStanding
} from './noting.ts'
import { promisedUntilMs, signedTerms } from './receipts.ts'
import { RememberedKeepers } from './remembered.ts'

interface Asked {
  readonly item: KeepableItem
  readonly manifestCid: ManifestCid
  readonly copies: number
}

type AskingParts = FindingParts & Pick<EngineParts, 'catalog'>

/** Asks keepers to hold the items of this device: the driver of the asker's machine. Loaded when an item wants it. */
export class KeepAsking {
  readonly #invitations: Invitations
  readonly #watch: InvitedWatch
  readonly #parts: AskingParts
  readonly #onFound: (found: readonly NamedKeeper[]) => void
  readonly #finding: KeeperFinding
  readonly #remembered = new RememberedKeepers()
  #isOnline = true
  /** Whom `onFound` was told of last. */
  #told = ''
  /** Those by invitation that said in this visit what they take. [KE30] */
  readonly #renewed = new Set<PeerId>()
  readonly #machine = new KeepAsker()
  readonly #alarm: Alarm
  readonly #items = new Map<SwarmId, Asked>()
  /** What keepers are to let go of. */
  readonly #leaving = new Map<SwarmId, KeepableItem>()
  readonly #lanes = new Map<PeerId, Lane>()
  readonly #closing = new AbortController()

  /** `onFound` is told of keepers that no relay names. */
  constructor(parts: AskingParts, onFound: (found: readonly NamedKeeper[]) => void) {
    this.#parts = parts
    this.#invitations = new Invitations(parts.catalog)
    this.#onFound = onFound
    this.#watch = new InvitedWatch(parts.discovery, (keeper, record) => void this.#onHeard(keeper, record))
    this.#finding = new KeeperFinding(parts, () => this.lookForKeepers())
    this.#alarm = new Alarm(wallClock(parts.timers))
    this.lookForKeepers()
  }

  /** Keepers are known, or others than before. */
  lookForKeepers(): void {
    const unnamed = this.#unnamed()
    const told = marksOf(unnamed)
    if (this.#told !== told) this.#onFound(unnamed)
    this.#told = told
    const keepers = this.#keepers().map((each) => ({ ...each, token: this.#invitations.tokenOf(each.peerId) }))
    this.#turn({ type: 'keepers', keepers })
  }

  read(link: string): Promise<InvitationView> {
    return this.#invitations.read(link)
  }

  /** Its keeper is asked from now on. */
  async accept(link: string): Promise<InvitationView> {
    const view = await this.#invitations.accept(link)
    this.#watch.end(view.keeper) // by another token
    this.lookForKeepers()
    return view
  }

  /** Its keeper is asked about what it promised, and chosen for nothing else. */
  async forget(keeper: PeerId): Promise<void> {
    const invited = this.#invitations.named.find(({ peerId }) => peerId === keeper)
    await this.#invitations.forget(keeper)
    this.#watch.end(keeper)
    if (!invited) return
    this.#remembered.add({ ...invited, byInvitation: undefined })
    this.lookForKeepers()
  }

  /** Whether a relay answers, by which others are reached, may be other than before. */
  onNetwork(): void {
    const wasOnline = this.#isOnline
    this.#isOnline = this.#parts.network.status().relays.some(({ state }) => state === 'reserved')
    this.lookForKeepers()
    if (this.#isOnline && !wasOnline) this.#turn({ type: 'online' })
  }

  /** An item came, went, or is wanted elsewhere otherwise than before. */
  async follow(item: KeepableItem): Promise<void> {
    await this.#recallInvitations()
    const { swarmId, keepRecord, keepable } = item
    if (!swarmId) return
    if (keepRecord && this.#remembered.recall(keepRecord)) this.lookForKeepers()
    if (keepRecord?.wanted) {
      this.#leaving.delete(swarmId)
      if (keepable) return this.#wish(item, keepable, keepRecord)
      return this.#forget(swarmId)
    }
    if (keepRecord) this.#release(item, swarmId, keepRecord)
  }

  close(): void {
    this.#closing.abort()
    this.#alarm.cancel()
    this.#finding.close()
    this.#watch.close()
    for (const lane of this.#lanes.values()) lane.close()
  }

  #wish(item: KeepableItem, keepable: NonNullable<KeepableItem['keepable']>, keepRecord: KeepRecord): void {
    const { swarmId, manifestCid } = keepable
    const { ownerKey, promises, copies = 1 } = keepRecord
    if (this.#items.get(swarmId)?.copies === copies) return
    this.#items.set(swarmId, { item, manifestCid, copies })
    this.#turn({ type: 'wish', wish: { ...keepable, ownerKey, promises, copies } })
  }

  #release(item: KeepableItem, swarmId: SwarmId, { ownerKey, promises }: KeepRecord): void {
    const promised = promises.filter(({ untilMs }) => untilMs > Date.now()).map(({ keeper }) => keeper)
    const isAsked = this.#items.delete(swarmId) || this.#machine.askedOf(swarmId).length > 0
    if (!isAsked && (promised.length === 0 || this.#leaving.has(swarmId))) return
    this.#leaving.set(swarmId, item)
    void item.onKeepStanding(undefined, withoutCopies)
    this.#turn({ type: 'release', swarmId, ownerKey, promised })
  }

  #forget(swarmId: SwarmId): void {
    if (!this.#items.has(swarmId)) return
    this.#turn({ type: 'forget', swarmId })
    this.#items.delete(swarmId)
  }

  /** Wanted nowhere any more, or at fewer keepers. */
  #askedOf(swarmId: SwarmId): KeepableItem | undefined {
    return this.#items.get(swarmId)?.item ?? this.#leaving.get(swarmId)
  }

  /** Another tab may have accepted one. */
  async #recallInvitations(): Promise<void> {
    const before = marksOf(this.#invitations.named)
    await this.#invitations.recall()
    if (marksOf(this.#invitations.named) !== before) this.lookForKeepers()
  }

  #keepers(): readonly NamedKeeper[] {
    return [...this.#named(), ...this.#unnamed()]
  }

  /** Those that no relay names: that invited, that were found, and others that promised before. */
  #unnamed(): readonly NamedKeeper[] {
    const known = new Map<PeerId, NamedKeeper>(this.#remembered.all())
    for (const found of [...this.#finding.found, ...this.#invitations.named]) known.set(found.peerId, found)
    for (const { peerId } of this.#named()) known.delete(peerId)
    return [...known.values()]
  }

  #named(): readonly NamedKeeper[] {
    return this.#parts.network.status().keepers ?? []
  }

  /** Others are looked for while those that are known are too few; those that are of no use make room. [KE21] */
  #find(): void {
    const isFound = (keeper: PeerId) => this.#finding.found.some(({ peerId }) => peerId === keeper)
    const useless = this.#machine.isLacking ? this.#machine.useless.filter(isFound) : []
    if (useless.length > 0) {
      this.#machine.handle(Date.now(), { type: 'drop', keepers: useless })
      // When it is back it is told to let go, and chosen for nothing else.
      for (const each of this.#finding.found) if (this.#machine.isOwed(each.peerId)) this.#remembered.add(each)
      this.#finding.turn({ type: 'drop', keepers: useless })
    }
    const known = new Set([...this.#named(), ...this.#invitations.named].map(({ peerId }) => peerId))
    this.#finding.turn({ type: 'lack', isLacking: this.#machine.isLacking, known })
  }

  #turn(input: KeepAskerInput): void {
    if (this.#closing.signal.aborted) return
    const effects = this.#machine.handle(Date.now(), input)
    for (const effect of effects) this.#perform(effect)
    this.#find()
    this.#alarm.setAtMs(this.#machine.wakeAtMs(), () => this.#turn({ type: 'wake' }))
  }

  #perform(effect: KeepAskerEffect): void {
    switch (effect.type) {
      case 'connect':
        return void this.#connect(effect.keeper)
      case 'disconnect':
        return this.#lanes.get(effect.keeper)?.close()
      case 'send':
        this.#lanes.get(effect.keeper)?.send(encodeKeepFrame(effect.frame))
        return
      case 'check':
        return void this.#check(effect)
      case 'released':
        return void this.#askedOf(effect.swarmId)?.noteKeep((keep) => without(keep, effect.keeper))
      case 'changed':
        return this.#tell(effect.swarmId)
    }
  }

  #tell(swarmId: SwarmId): void {
    const standing = this.#machine.standingOf(swarmId)
    void this.#items.get(swarmId)?.item.onKeepStanding(standing, (keep) => withStanding(keep, standing))
  }

  async #connect(keeper: PeerId): Promise<void> {
    try {
      const named = this.#keepers().find(({ peerId }) => peerId === keeper)
      const record = bytesOfBase64url(named?.record ?? '')!
      const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(dialTimeoutMs)])
      const lane = await this.#parts.network.connect(record, { signal, protocol: '/quire/keep/1' })
      checkPeer(lane, keeper)
      this.#watch.end(keeper)
      const terms = this.#isToSayTerms(keeper) ? await termsOver(lane) : undefined
      this.#listen(keeper, lane)
      if (terms) await this.#renew(keeper, terms)
      const contact = contactOf(named)
      for (const { item } of this.#items.values()) void item.noteKeep((keep) => withContact(keep, keeper, contact))
      if (this.#lanes.has(keeper)) this.#turn({ type: 'connected', keeper })
    } catch (error) {
      this.#lanes.get(keeper)?.close()
      this.#parts.log('keeper-away', { message: error instanceof Error ? error.message : String(error) })
      this.#watch.begin(keeper, this.#invitations.tokenOf(keeper))
      this.#turn({ type: 'lost', keeper })
    }
  }

  async #onHeard(keeper: PeerId, record: Uint8Array): Promise<void> {
    await this.#invitations.renew(keeper, { record })
    this.lookForKeepers()
    this.#turn({ type: 'heard', keeper })
  }

  /** What one that invited takes may be other now than it was then. [KE30] */
  #isToSayTerms(keeper: PeerId): boolean {
    return this.#invitations.tokenOf(keeper) !== undefined && !this.#renewed.has(keeper)
  }

  async #renew(keeper: PeerId, said: Uint8Array): Promise<void> {
    const terms = await signedTerms(said, keeper)
    if (!terms) throw new Error('a keeper that invited does not say what it takes')
    this.#renewed.add(keeper)
    await this.#invitations.renew(keeper, { terms })
    this.lookForKeepers()
  }

  #listen(keeper: PeerId, lane: Lane): void {
    const reader = new FrameReader(keepFrameBytesMax)
    this.#lanes.set(keeper, lane)
    lane.onChunk = (chunk) => {
      try {
        for (const raw of reader.push(chunk)) this.#turn({ type: 'frame', keeper, frame: decodeKeepFrame(raw) })
      } catch {
        lane.close() // what it sent makes no sense; it is asked again later
      }
    }
    lane.onClose = () => {
      if (this.#lanes.get(keeper) !== lane) return
      this.#lanes.delete(keeper)
      this.#turn({ type: 'lost', keeper })
    }
  }

  async #check({ keeper, swarmId, receipt }: Extract<KeepAskerEffect, { type: 'check' }>): Promise<void> {
    const { item, manifestCid } = this.#items.get(swarmId) ?? {}
    if (!item || !manifestCid) return
    const untilMs = await promisedUntilMs(receipt, keeper, manifestCid)
    if (this.#items.get(swarmId)?.item !== item) return // it is wanted no longer
    const named = this.#keepers().find(({ peerId }) => peerId === keeper)
    const host = named?.host ?? ''
    if (untilMs !== undefined) {
      const promise = { keeper, host, untilMs, receipt, contact: contactOf(named) }
      void item.noteKeep((keep) => withPromise(keep, promise, Date.now()))
    }
    this.#turn({ type: 'checked', keeper, swarmId, untilMs })
  }
}
