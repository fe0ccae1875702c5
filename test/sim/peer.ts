// Long: one driver, as the engine's: what each effect of the machine is here.
import { Bitmap } from '../../src/core/block/bitmap.ts'
import type { KnownFrame, PeerRecord } from '../../src/core/exchange/types.ts'
import { groupIndex, type LaneId, type PeerId, type SwarmId } from '../../src/core/ids.ts'
import { utf8Encode } from '../../src/core/proto/proto.ts'
import { Swarm } from '../../src/core/swarm/swarm.ts'
import type { SwarmEffect, SwarmInput } from '../../src/core/swarm/types.ts'
import { UploadLimit } from '../../src/core/swarm/upload-limit.ts'
import type { Character } from './characters.ts'
import { Disk } from './disk.ts'
import { checkClaim, checkLane, checkSession, checkStored } from './invariants.ts'
import { SimReader } from './sim-reader.ts'
import type { LaneEnd, LaneOwner } from './wire.ts'
import { type Line, Wire } from './wire.ts'
import type { World } from './world.ts'

export const swarmId = '5a'.repeat(32) as SwarmId

export interface PeerOptions {
  readonly line: Line
  readonly character: Character
  /** Two of these cannot connect to each other. */
  readonly isBehindHardNat?: boolean
  readonly holdsEverything?: boolean
  /** Blocks that fit on its disk until there is room. */
  readonly roomBlocks?: number
  readonly uploadBytesPerSecond?: number
  /** Somebody reads on from there while it is fetched: a share of the whole. */
  readonly readsFrom?: number
}

/** One peer: the machine of the tab, with a driver that is a simulation. Decides nothing. */
export class SimPeer implements LaneOwner {
  readonly peerId: PeerId
  readonly options: PeerOptions
  readonly world: World
  readonly wire: Wire
  readonly lanes = new Map<LaneId, LaneEnd>()
  readonly disk: Disk
  readonly joinedMs: number
  /** Its signed record, for those who would dial it. */
  readonly record: Uint8Array
  machine: Swarm
  isGone = false
  completedMs: number | undefined
  /** Blocks that came, and how many of them in vain. */
  receivedBlocks = 0
  duplicateBlocks = 0
  dropped: { peerId: PeerId; code: string }[] = []
  dials = 0
  /** Whom it heard of, as a catalogue remembers it beyond a crash. */
  readonly met = new Map<PeerId, PeerRecord>()
  readonly #inputs: SwarmInput[] = []
  #isTurning = false
  /** When the last of what it says late is said over a lane. */
  readonly #drippedMs = new WeakMap<LaneEnd, number>()
  #wakeAtMs = Infinity
  readonly #came: Bitmap
  /** Who reads what is fetched. */
  readonly reader: SimReader | undefined

  constructor(peerId: PeerId, world: World, options: PeerOptions, disk?: { durable: Bitmap; groups: Set<number> }) {
    const { tokens, events } = world
    this.peerId = peerId
    this.world = world
    this.options = options
    this.wire = new Wire(options.line, events, world.random)
    this.joinedMs = events.nowMs
    this.record = utf8Encode(peerId)
    const isFull = options.holdsEverything === true
    const durable = disk?.durable.clone() ?? (isFull ? Bitmap.full(tokens.blockCount) : new Bitmap(tokens.blockCount))
    this.#came = durable.clone()
    this.disk = new Disk(durable, this.wire.timeline, (indexes, stored) => this.#onDisk(indexes, stored))
    this.disk.roomBlocks = options.roomBlocks ?? tokens.blockCount
    if (isFull) tokens.groups.forEach((_, group) => this.disk.groups.add(group))
    for (const group of disk?.groups ?? []) this.disk.groups.add(group)
    const knows = isFull || (disk !== undefined && disk.groups.size > 0)
    this.machine = new Swarm({
      manifestCid: tokens.cid,
      swarmId,
      role: 'tab',
      serving: true,
      random: world.random,
      ...(options.uploadBytesPerSecond ? { uploadLimit: new UploadLimit(options.uploadBytesPerSecond) } : {}),
      ...(knows ? { manifest: tokens.manifest, held: durable.clone() } : {})
    })
    if (durable.isFull) this.completedMs = events.nowMs
    if (knows && !durable.isFull) {
      for (const group of this.disk.groups) {
        this.turn({ type: 'group-known', group: groupIndex(group), leaves: tokens.groups[group]!.leaves })
      }
    }
    this.turn({ type: 'self', self: { peerId, record: this.record } })
    this.turn({ type: 'admit' })
    const { readsFrom } = options
    if (readsFrom !== undefined) this.reader = new SimReader(this, Math.floor(readsFrom * tokens.blockCount))
  }

  /** It hears of others. */
  meet(peers: readonly PeerRecord[]): void {
    for (const peer of peers) this.met.set(peer.peerId, peer)
    this.turn({ type: 'peers', peers })
  }

  get isComplete(): boolean {
    return this.disk.durable.isFull
  }

  turn(input: SwarmInput): void {
    if (this.isGone) return
    this.#inputs.push(input)
    if (this.#isTurning) return
    this.#isTurning = true
    const { nowMs } = this.world.events
    for (let next = this.#inputs.shift(); next && !this.isGone; next = this.#inputs.shift()) {
      const effects = this.machine.handle(nowMs, next)
      for (const effect of effects) this.#perform(effect)
    }
    this.#isTurning = false
    this.#setAlarm()
  }

  /** Vanishes without a word; the others find out later. */
  crash(noticedMs: number): void {
    this.isGone = true
    for (const end of this.lanes.values()) this.wire.close(end, noticedMs)
    this.lanes.clear()
    this.world.left(this)
  }

  leave(): void {
    this.turn({ type: 'stop' })
    this.crash(0)
  }

  /** The path of a lane broke; both sides notice later. */
  lose(end: LaneEnd): void {
    this.wire.close(end, 5_000)
    this.wire.timeline.after(5_000, () => this.onClosed(end))
  }

  onFrame(end: LaneEnd, frame: KnownFrame): void {
    if (frame.type === 'blocks') this.#count(frame.start, frame.blocks)
    this.turn({ type: 'frame', laneId: end.laneId, frame })
    checkSession(this, end.laneId)
  }

  onDrained(end: LaneEnd): void {
    this.turn({ type: 'lane-drained', laneId: end.laneId })
  }

  onClosed(end: LaneEnd): void {
    this.lanes.delete(end.laneId)
    this.turn({ type: 'lane-closed', laneId: end.laneId })
  }

  opened(end: LaneEnd, peerId: PeerId, direction: 'inbound' | 'outbound'): void {
    this.lanes.set(end.laneId, end)
    this.turn({ type: 'lane-opened', lane: { laneId: end.laneId, peerId, localPeerId: this.peerId, direction } })
  }

  #count(start: number, blocks: readonly Uint8Array[]): void {
    blocks.forEach((_, i) => {
      this.receivedBlocks++
      if (blocks[i] === this.world.tokens.junk) return
      if (!this.#came.set(start + i)) this.duplicateBlocks++
    })
  }

  #setAlarm(): void {
    const atMs = this.machine.wakeAtMs()
    if (atMs >= this.#wakeAtMs || atMs === Infinity) return
    this.#wakeAtMs = atMs
    this.wire.timeline.at(atMs, () => {
      if (this.#wakeAtMs !== atMs || this.isGone) return
      this.#wakeAtMs = Infinity
      if (this.machine.wakeAtMs() <= this.world.events.nowMs) this.turn({ type: 'wake' })
      else this.#setAlarm()
    })
  }

  #perform(effect: SwarmEffect): void {
    const { world } = this
    switch (effect.type) {
      case 'send':
        return this.#send(effect.laneId, effect.frame)
      case 'send-blocks': {
        const { laneId, start, count } = effect
        const blocks = world.tokens.blocks.slice(start, start + count)
        this.#send(laneId, { type: 'blocks', start, blocks })
        return this.turn({ type: 'blocks-sent', laneId, start, count, bytes: count * world.tokens.blockBytes })
      }
      case 'read-hashes': {
        const { laneId, group } = effect
        const hashes = this.disk.groups.has(group) ? world.tokens.groups[group]! : 'not-held'
        return this.turn({ type: 'hashes-read', laneId, group, hashes })
      }
      case 'hash': {
        const { laneId, peerId, start, blocks } = effect
        const digests = blocks.map((block) => world.tokens.digestOf(block))
        return this.turn({ type: 'hashed', laneId, peerId, start, digests })
      }
      case 'store':
        checkStored(this, effect.index, effect.bytes)
        this.disk.put(effect.index)
        return this.reader?.look()
      case 'flush':
        return this.disk.flush()
      case 'store-hashes':
        return void this.disk.groups.add(effect.group)
      case 'connect':
        this.dials++
        this.met.set(effect.peerId, { peerId: effect.peerId, record: effect.record })
        return world.connect(this, effect.peerId)
      case 'widen': // two simulated peers have one line
        return this.turn({ type: 'widen-failed', peerId: effect.peerId, number: effect.number })
      case 'close-lane': {
        const end = this.lanes.get(effect.laneId)
        if (!end) return
        this.wire.close(end, 0)
        this.lanes.delete(effect.laneId)
        return this.turn({ type: 'lane-closed', laneId: effect.laneId })
      }
      case 'dropped':
        world.note(effect.error.code === 'stalled' ? 'silent peer dropped' : 'liar dropped')
        return void this.dropped.push({ peerId: effect.peerId, code: effect.error.code })
      case 'complete':
        this.completedMs = world.events.nowMs
        return world.completed(this)
      case 'unusable':
        throw effect.error
    }
  }

  #onDisk(indexes: readonly number[], stored: boolean): void {
    if (this.isGone) return
    if (!stored) this.world.note('disk full')
    if (!stored) for (const index of indexes) this.#came.clear(index)
    this.turn({ type: stored ? 'stored' : 'store-failed', indexes })
  }

  #send(laneId: LaneId, frame: KnownFrame): void {
    const end = this.lanes.get(laneId)
    if (!end) return
    const said = this.options.character(frame, this, (drop, afterMs) => this.#drip(end, drop, afterMs))
    if (!said) return
    if (said === frame) checkClaim(this, frame)
    const takesMore = this.wire.send(end, said)
    checkLane(this, end)
    if (!takesMore) this.turn({ type: 'lane-blocked', laneId })
  }

  #drip(end: LaneEnd, frame: KnownFrame, afterMs: number): void {
    const atMs = Math.max(this.world.events.nowMs, this.#drippedMs.get(end) ?? 0) + afterMs
    this.#drippedMs.set(end, atMs)
    this.wire.timeline.at(atMs, () => void this.wire.send(end, frame))
  }
}
