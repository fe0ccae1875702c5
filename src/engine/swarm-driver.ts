// Long: every effect of a machine has its place here.
import type { Bitmap } from '../core/block/bitmap.ts'
import { QuireError, reportOf } from '../core/errors.ts'
import { decodeFrame, encodeFrame, frameBytesMaxOf } from '../core/exchange/codec.ts'
import { FrameReader } from '../core/exchange/frame-reader.ts'
import type { PeerRecord } from '../core/exchange/types.ts'
import type { LaneId, ManifestCid, PeerId, SetId } from '../core/ids.ts'
import { clockTickMs } from '../core/limits.ts'
import type { Manifest } from '../core/manifest/manifest.ts'
import { Swarm } from '../core/swarm/swarm.ts'
import type { DialledPeer, FoundPeer, SwarmEffect, SwarmInput } from '../core/swarm/types.ts'
import type { Lane } from '../network/types.ts'
import { BlockNotHeld } from '../store/errors.ts'
import { Alarm } from './alarm.ts'
import { BlockWriter, type StoreEffect } from './block-writer.ts'
import { digest } from './crypto.ts'
import { Dialling } from './dialling.ts'
import { DriverClosed } from './errors.ts'
import type { BegunLane } from './inbound-lanes.ts'
import type { DataSetKeys } from './keys.ts'
import type { EngineParts } from './parts.ts'
import { PeerBook } from './peer-book.ts'
import type { BlockReader } from './reading.ts'
import { recallHashes } from './recall.ts'
import { VerifiedBlocks } from './verified-blocks.ts'
import type { PeerView } from './types.ts'

export interface DriverOptions {
  readonly set: SetId
  readonly manifestCid: ManifestCid
  readonly keys: DataSetKeys
  readonly manifest?: Uint8Array
  readonly held?: Bitmap
  /** Who sent what, of this driver and of those before it; a new one where absent. */
  readonly book?: PeerBook
  /** Throws why there is no room for what a manifest describes. */
  readonly accepts?: (manifest: Manifest) => void
  readonly onManifest: (bytes: Uint8Array, manifest: Manifest) => void
  readonly onHeld: (held: Bitmap) => void
  readonly onComplete: () => void
  readonly onFailure: (error: unknown) => void
  readonly onDropped: (peerId: PeerId, error: QuireError) => void
  /** The first verified block came from a peer that can be reached so. */
  readonly onGiver?: (giver: PeerRecord) => void
  readonly onChange: () => void
}

/** Carries out what a data set's machine decides: lanes, hashing, storage, dialling. Decides nothing itself. */
export class SwarmDriver {
  readonly #parts: EngineParts
  readonly #options: DriverOptions
  readonly #machine: Swarm
  readonly #alarm: Alarm
  /** For what is shown: it changes also when nothing happens any more. */
  readonly #fading: Alarm
  readonly #lanes = new Map<LaneId, Lane>()
  readonly #book: PeerBook
  readonly #blocks: VerifiedBlocks
  readonly #writer: BlockWriter
  readonly #dialling: Dialling
  readonly #manifest = Promise.withResolvers<Manifest>()
  #lastReader = 0
  #closed = false

  constructor(parts: EngineParts, options: DriverOptions) {
    this.#parts = parts
    this.#options = options
    this.#dialling = new Dialling(parts)
    this.#alarm = new Alarm(parts.timers, clockTickMs)
    this.#fading = new Alarm(parts.timers)
    this.#book = options.book ?? new PeerBook(parts.timers)
    const { manifestCid, manifest, held, accepts } = options
    const { swarmId, swarmKey } = options.keys
    const { role, random, uploadLimit } = parts
    const about = { manifestCid, swarmId, swarmKey, manifest, held, accepts }
    this.#machine = new Swarm({ ...about, role, serving: true, random, uploadLimit })
    this.#blocks = new VerifiedBlocks(parts.store, options.set, () => this.#machine.held)
    this.#writer = new BlockWriter(parts.store, options.set, this.#blocks, {
      stored: (indexes) => this.#turn({ type: 'stored', indexes }),
      failed: (indexes, error) => {
        this.#turn({ type: 'store-failed', indexes })
        this.#failed(error)
      }
    })
    this.#manifest.promise.catch(() => undefined) // whoever waits is told; nobody need wait
    const { manifest: known, held: durable } = this.#machine
    if (known && held) this.#manifest.resolve(known)
    if (known && durable && !durable.isFull) {
      void recallHashes(parts.store, options.set, known.blockCount, (group, leaves) =>
        this.#turn({ type: 'group-known', group, leaves })
      )
    }
  }

  get isReceiving(): boolean {
    return (
      this.#machine.sessions().some((session) => session.isOpen && session.inFlightBlocks > 0) || this.#book.isFresh
    )
  }

  get receivedBytesPerSecond(): number {
    return this.#book.receivedBytesPerSecond
  }

  peers(): readonly PeerView[] {
    return this.#book.views(this.#machine.sessions(), (laneId) => this.#lanes.get(laneId)?.kind)
  }

  /** Peers that are connected and hold everything. */
  holders(): PeerId[] {
    return this.#machine.sessions().flatMap((each) => (each.isOpen && each.complete ? [each.peerId] : []))
  }

  /** The manifest, once blocks can be read and stored. */
  whenManifest(): Promise<Manifest> {
    return this.#manifest.promise
  }

  /** There is room, and the store is ready: everything may be fetched. */
  admit(): void {
    this.#manifest.resolve(this.#machine.manifest!)
    this.#turn({ type: 'admit' })
  }

  meet(peers: readonly FoundPeer[]): void {
    const self = this.#parts.network.status().peerId
    this.#turn({ type: 'peers', peers: peers.filter((peer) => peer.peerId !== self) })
  }

  addLane(lane: Lane, { reader = new FrameReader(frameBytesMaxOf), frames = [], number }: BegunLane = {}): void {
    if (this.#closed) return lane.close()
    this.#lanes.set(lane.id, lane)
    void this.#introduceSelf(lane.localPeerId)
    const laneId = lane.id
    lane.onChunk = (chunk) => this.#onChunk(lane, reader, chunk)
    lane.onDrain = () => this.#turn({ type: 'lane-drained', laneId })
    lane.onClose = () => {
      this.#lanes.delete(laneId)
      this.#turn({ type: 'lane-closed', laneId })
    }
    this.#turn({
      type: 'lane-opened',
      lane: { laneId, peerId: lane.peerId, localPeerId: lane.localPeerId, direction: lane.direction, number }
    })
    for (const frame of frames) this.#turn({ type: 'frame', laneId, frame })
  }

  /** What we fetch from a peer through a relay goes on over a direct lane, which takes the place of the other. [EX7] */
  goDirect(peerId: PeerId): void {
    const ours = [...this.#lanes.values()].filter((lane) => lane.peerId === peerId && lane.direction === 'outbound')
    const record = this.#machine.recordOf(peerId)
    if (record && ours.some(({ kind }) => kind === 'relayed')) void this.#connect({ peerId, record })
  }

  /** Verified blocks for a reader of the content; what is missing is fetched first. */
  reader(): BlockReader {
    const readerId = ++this.#lastReader
    const wish = (start: number, count: number) =>
      this.#turn({ type: 'reader', readerId, ranges: count > 0 ? [{ start, count }] : [] })
    const manifest = this.#machine.manifest!
    return {
      blockBytes: manifest.blockBytes,
      blocks: (start, count, ahead) => {
        wish(start, Math.min(count + ahead, manifest.blockCount - start))
        return this.#blocks.read(start, count)
      },
      close: () => wish(0, 0)
    }
  }

  close(): void {
    if (this.#closed) return
    this.#turn({ type: 'stop' })
    this.#closed = true
    this.#alarm.cancel()
    this.#fading.cancel()
    this.#dialling.stop()
    this.#blocks.close()
    this.#manifest.reject(new DriverClosed())
  }

  #onChunk(lane: Lane, reader: FrameReader, chunk: Uint8Array): void {
    try {
      for (const raw of reader.push(chunk)) this.#turn({ type: 'frame', laneId: lane.id, frame: decodeFrame(raw) })
    } catch (error) {
      if (error instanceof QuireError) return this.#turn({ type: 'lane-broken', laneId: lane.id, error })
      this.#options.onFailure(error)
      lane.close()
    }
  }

  #turn(input: SwarmInput): void {
    if (this.#closed) return
    const effects = this.#machine.handle(this.#parts.timers.nowMs(), input)
    this.#store(effects.filter((effect) => effect.type === 'store')) // first, since a flush stores what was put before
    for (const effect of effects) this.#perform(effect)
    this.#alarm.setAtMs(this.#machine.wakeAtMs(), () => this.#turn({ type: 'wake' }))
    if (input.type !== 'wake') this.#show()
  }

  #show(): void {
    this.#options.onChange()
    this.#fading.setAtMs(this.#book.fadesAtMs, () => this.#show())
  }

  #perform(effect: SwarmEffect): void {
    switch (effect.type) {
      case 'send':
        return this.#send(effect.laneId, encodeFrame(effect.frame))
      case 'send-blocks':
        return void this.#sendBlocks(effect)
      case 'read-hashes':
        return void this.#readHashes(effect)
      case 'hash':
        return void this.#hash(effect)
      case 'store':
        return // by now it is under way
      case 'flush':
        return void this.#parts.flush(this.#options.set)
      case 'store-hashes':
        return void this.#storeHashes(effect)
      case 'manifest':
        this.#options.onHeld(this.#machine.held!)
        return this.#options.onManifest(effect.bytes, effect.manifest)
      case 'connect':
      case 'widen':
        return void this.#connect(effect)
      case 'close-lane':
        return this.#lanes.get(effect.laneId)?.close(effect.lost)
      case 'dropped':
        this.#parts.log('peer-dropped', { code: effect.error.code })
        return this.#options.onDropped(effect.peerId, effect.error)
      case 'unusable':
        return this.#options.onFailure(effect.error)
      case 'complete':
        return this.#options.onComplete()
    }
  }

  #send(laneId: LaneId, chunk: Uint8Array): void {
    const lane = this.#lanes.get(laneId)
    if (lane && !lane.send(chunk)) this.#turn({ type: 'lane-blocked', laneId })
  }

  async #sendBlocks({ laneId, start, count }: Extract<SwarmEffect, { type: 'send-blocks' }>): Promise<void> {
    try {
      const blocks = await this.#parts.store.readBlocks(this.#options.set, { start, count })
      const bytes = blocks.reduce((sum, block) => sum + block.length, 0)
      this.#send(laneId, encodeFrame({ type: 'blocks', start, blocks }))
      const lane = this.#lanes.get(laneId)
      if (lane) this.#book.sent(lane.peerId, bytes)
      this.#turn({ type: 'blocks-sent', laneId, start, count, bytes })
    } catch (error) {
      if (error instanceof BlockNotHeld) this.#turn({ type: 'evicted', ranges: [{ start: error.index, count: 1 }] })
      else this.#unread(error)
      this.#turn({ type: 'blocks-missing', laneId, start, count })
    }
  }

  async #readHashes({ laneId, group }: Extract<SwarmEffect, { type: 'read-hashes' }>): Promise<void> {
    const reading = this.#parts.store.readHashGroup(this.#options.set, group)
    const hashes = (await reading.catch((error: unknown) => this.#unread(error))) ?? 'not-held'
    this.#turn({ type: 'hashes-read', laneId, group, hashes })
  }

  #unread(error: unknown): 'busy' {
    this.#parts.log('store-unread', { code: reportOf(error).code })
    return 'busy'
  }

  async #hash({ laneId, peerId, start, blocks }: Extract<SwarmEffect, { type: 'hash' }>): Promise<void> {
    const digests = await Promise.all(blocks.map(digest))
    this.#turn({ type: 'hashed', laneId, peerId, start, digests })
  }

  #store(blocks: readonly StoreEffect[]): void {
    for (const { peerId, index, bytes } of blocks) {
      const isFirst = this.#book.received(peerId, index, bytes.length)
      const record = isFirst ? this.#machine.recordOf(peerId) : undefined
      if (record) this.#options.onGiver?.({ peerId, record })
    }
    this.#writer.write(blocks)
  }

  async #storeHashes(group: Extract<SwarmEffect, { type: 'store-hashes' }>): Promise<void> {
    await this.#parts.store.putHashGroups(this.#options.set, [group]).catch((error: unknown) => this.#failed(error))
  }

  #failed(error: unknown): void {
    if (!this.#closed) this.#options.onFailure(error)
  }

  /** With a number, a further lane. */
  async #connect(peer: DialledPeer & { readonly number?: number }): Promise<void> {
    const { peerId, record, seeks = false, canWait = false, number } = peer
    const lane = await this.#dialling.lane(record, { further: number !== undefined, seeks, canWait })
    if (lane) this.addLane(lane, { number })
    else this.#turn(number ? { type: 'widen-failed', peerId, number } : { type: 'connect-failed', peerId })
  }

  /** Peers tell each other how this one can be reached. */
  async #introduceSelf(peerId: PeerId): Promise<void> {
    const record = await this.#parts.network.selfRecord().catch(() => undefined)
    if (record) this.#turn({ type: 'self', self: { peerId, record } })
  }
}
