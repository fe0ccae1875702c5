// Long: one world: its wires, clocks and nodes make no sense apart.
import { sha256 } from './sha256.ts'
import { Bitmap } from '../../src/core/block/bitmap.ts'
import { decodeFrame, encodeFrame, frameBytesMaxOf } from '../../src/core/exchange/codec.ts'
import { BadFrame } from '../../src/core/exchange/errors.ts'
import { FrameReader } from '../../src/core/exchange/frame-reader.ts'
import type { Frame, KnownFrame } from '../../src/core/exchange/types.ts'
import type { LaneId, PeerId, SwarmId } from '../../src/core/ids.ts'
import type { HashGroup } from '../../src/core/merkle/group.ts'
import { Swarm } from '../../src/core/swarm/swarm.ts'
import type { SwarmEffect, SwarmInput } from '../../src/core/swarm/types.ts'
import { luckOf } from './seeded.ts'
import type { Content, NodeOptions } from './swarm-content.ts'

interface End {
  readonly node: Node
  readonly laneId: LaneId
  readonly reader: FrameReader
  other: End
  isOpen: boolean
  freeAtMs: number
}

let lastLane = 0

/** Machines on a wire in memory, over real bytes, in simulated time. */
export class World {
  nowMs = 0
  readonly content: Content
  readonly latencyMs: number
  readonly nodes = new Map<PeerId, Node>()
  /** In the order in which they happen. */
  readonly #events: { atMs: number; run: () => void }[] = []

  constructor(content: Content, { latencyMs = 5 } = {}) {
    this.content = content
    this.latencyMs = latencyMs
  }

  node(name: string, options: NodeOptions = {}): Node {
    const node = new Node(name as PeerId, this, options)
    this.nodes.set(node.peerId, node)
    return node
  }

  after(delayMs: number, run: () => void): void {
    const atMs = this.nowMs + delayMs
    const before = this.#events.findLastIndex((event) => event.atMs <= atMs)
    this.#events.splice(before + 1, 0, { atMs, run })
  }

  /** Runs until a condition holds; throws when nothing is left to happen or the time is over. */
  until(holds: () => boolean, withinMs = 60_000): void {
    const endMs = this.nowMs + withinMs
    while (!holds()) if (!this.#step(endMs)) throw new Error(`nothing more happens at ${this.nowMs} ms`)
  }

  /** Lets time pass. */
  pass(durationMs: number): void {
    const endMs = this.nowMs + durationMs
    while (this.#step(endMs));
    this.nowMs = endMs
  }

  connect(from: Node, to: Node, number?: number): [LaneId, LaneId] {
    const [outbound, inbound] = [from.end(), to.end()]
    outbound.other = inbound
    inbound.other = outbound
    this.after(0, () => {
      from.opened(outbound, to.peerId, 'outbound', number)
      to.opened(inbound, from.peerId, 'inbound')
    })
    return [outbound.laneId, inbound.laneId]
  }

  #step(endMs: number): boolean {
    let next: Node | undefined
    let wakeAtMs = Infinity
    for (const node of this.nodes.values()) {
      if (node.isGone || node.wakeAtMs() >= wakeAtMs) continue
      wakeAtMs = Math.max(node.wakeAtMs(), this.nowMs)
      next = node
    }
    const event = this.#events[0]
    if (Math.min(wakeAtMs, event?.atMs ?? Infinity) > endMs) return false
    if (event && event.atMs <= wakeAtMs) {
      this.#events.shift()
      this.nowMs = Math.max(this.nowMs, event.atMs)
      event.run()
      return true
    }
    if (!next) return false
    this.nowMs = wakeAtMs
    next.turn({ type: 'wake' })
    return true
  }
}

/** One peer: a machine, a disk, and what it did. */
export class Node {
  readonly peerId: PeerId
  readonly swarm: Swarm
  readonly disk = new Map<number, Uint8Array>()
  readonly groups = new Map<number, HashGroup>()
  readonly effects: SwarmEffect[] = []
  readonly got: { from: PeerId; frame: Frame }[] = []
  isGone = false
  readonly #world: World
  readonly #options: NodeOptions
  readonly #ends = new Map<LaneId, End>()

  constructor(peerId: PeerId, world: World, options: NodeOptions) {
    this.peerId = peerId
    this.#world = world
    this.#options = options
    const { content } = world
    const has =
      options.has === 'everything' ? content.blocks.map((_, i) => i) : options.has === 'nothing' ? [] : options.has
    for (const index of has ?? []) this.disk.set(index, content.blocks[index]!)
    if (has) content.groups.forEach((group, i) => this.groups.set(i, group))
    const held = new Bitmap(content.blockCount)
    for (const index of has ?? []) held.set(index)
    this.swarm = new Swarm({
      manifestCid: content.cid,
      swarmId: '5a'.repeat(32) as SwarmId,
      role: 'program',
      serving: true,
      random: luckOf(peerId.length + 7),
      ...(has ? { manifest: content.manifest, held } : {}),
      ...options
    })
    if (!options.isReluctant) this.turn({ type: 'admit' })
  }

  get isComplete(): boolean {
    return this.swarm.held?.isFull ?? false
  }

  wakeAtMs(): number {
    return this.swarm.wakeAtMs() + (this.#options.lateMs ?? 0)
  }

  /** The effects of one kind so far. */
  did<T extends SwarmEffect['type']>(type: T): Extract<SwarmEffect, { type: T }>[] {
    return this.effects.filter((effect) => effect.type === type) as Extract<SwarmEffect, { type: T }>[]
  }

  /** Frames of one kind that it sent. */
  sent<T extends KnownFrame['type']>(type: T): Extract<KnownFrame, { type: T }>[] {
    return this.did('send').flatMap(({ frame }) =>
      frame.type === type ? [frame as Extract<KnownFrame, { type: T }>] : []
    )
  }

  /** Frames of one kind that came. */
  received<T extends KnownFrame['type']>(type: T): Extract<KnownFrame, { type: T }>[] {
    return this.got.flatMap(({ frame }) => (frame.type === type ? [frame as Extract<KnownFrame, { type: T }>] : []))
  }

  codes(): string[] {
    return this.did('dropped').map((effect) => effect.error.code)
  }

  /** Vanishes without a word; its lanes break. */
  crash(): void {
    this.isGone = true
    for (const end of [...this.#ends.values()]) this.#close(end)
  }

  end(): End {
    const laneId = ++lastLane as LaneId
    const end = {
      node: this,
      laneId,
      reader: new FrameReader(frameBytesMaxOf),
      isOpen: true,
      freeAtMs: 0
    } as unknown as End
    this.#ends.set(laneId, end)
    return end
  }

  opened({ laneId }: End, peerId: PeerId, direction: 'inbound' | 'outbound', number?: number): void {
    this.turn({ type: 'lane-opened', lane: { laneId, peerId, localPeerId: this.peerId, direction, number } })
  }

  /** Puts a frame on a lane past the machine: what a peer with a mind of its own might say. */
  say(laneId: LaneId, frame: KnownFrame): void {
    this.#transmit(laneId, encodeFrame(frame))
  }

  turn(input: SwarmInput): SwarmEffect[] {
    if (this.isGone) return []
    const effects = this.swarm.handle(this.#world.nowMs, input)
    for (const effect of effects) this.#perform(effect)
    return effects
  }

  #perform(effect: SwarmEffect): void {
    this.effects.push(effect)
    const world = this.#world
    switch (effect.type) {
      case 'send':
        return this.#send(effect.laneId, effect.frame)
      case 'send-blocks': {
        const { laneId, start, count } = effect
        const blocks = Array.from({ length: count }, (_, i) => this.disk.get(start + i))
        const lacking = blocks.indexOf(undefined)
        if (lacking >= 0 || this.#options.readFails?.())
          return world.after(0, () => {
            if (lacking >= 0) this.turn({ type: 'evicted', ranges: [{ start: start + lacking, count: 1 }] })
            this.turn({ type: 'blocks-missing', laneId, start, count })
          })
        this.#send(laneId, { type: 'blocks', start, blocks: blocks as Uint8Array[] })
        const bytes = blocks.reduce((sum, block) => sum + block!.length, 0)
        const delayMs = Math.max(0, (this.#ends.get(laneId)?.freeAtMs ?? 0) - world.nowMs)
        return world.after(delayMs, () => this.turn({ type: 'blocks-sent', laneId, start, count, bytes }))
      }
      case 'read-hashes': {
        const { laneId, group } = effect
        const hashes = this.#options.readFails?.() ? 'busy' : (this.groups.get(group) ?? 'not-held')
        return world.after(0, () => this.turn({ type: 'hashes-read', laneId, group, hashes }))
      }
      case 'hash': {
        const { laneId, peerId, start, blocks } = effect
        return world.after(1, () =>
          this.turn({ type: 'hashed', laneId, peerId, start, digests: blocks.map((block) => sha256(block)) })
        )
      }
      case 'store':
        return world.after(this.#options.storeMs ?? 2, () => this.#store(effect.index, effect.bytes))
      case 'store-hashes':
        return void this.groups.set(effect.group, effect.hashes)
      case 'connect': {
        const { peerId } = effect
        return world.after(this.#options.dialMs?.(peerId) ?? world.latencyMs, () => {
          const target = world.nodes.get(peerId)
          if (target && !target.isGone) world.connect(this, target)
          else this.turn({ type: 'connect-failed', peerId })
        })
      }
      case 'widen': {
        const { peerId, number } = effect
        return world.after(3 * world.latencyMs, () => {
          const target = world.nodes.get(peerId)
          if (target && !target.isGone && !this.#options.isNarrow) world.connect(this, target, number)
          else this.turn({ type: 'widen-failed', peerId, number })
        })
      }
      case 'close-lane': {
        const end = this.#ends.get(effect.laneId)
        if (end) this.#close(end)
      }
    }
  }

  #store(index: number, bytes: Uint8Array): void {
    if (this.isGone) return
    if (this.#options.storeFails?.()) return void this.turn({ type: 'store-failed', indexes: [index] })
    this.disk.set(index, bytes)
    this.turn({ type: 'stored', indexes: [index] })
  }

  #send(laneId: LaneId, frame: KnownFrame): void {
    const end = this.#ends.get(laneId)
    const changed = end && this.#options.sends ? this.#options.sends(frame, end.other.node.peerId) : frame
    if (changed) this.#transmit(laneId, encodeFrame(changed))
  }

  /** In two chunks, cut where it is least convenient; in order, no faster than the pace. */
  #transmit(laneId: LaneId, bytes: Uint8Array): void {
    const end = this.#ends.get(laneId)
    if (!end?.isOpen) return
    const { nowMs, latencyMs } = this.#world
    const line = this.#options.line ?? end
    line.freeAtMs = Math.max(nowMs, line.freeAtMs) + bytes.length / (this.#options.pace ?? Infinity)
    end.freeAtMs = line.freeAtMs
    const cut = Math.min(bytes.length, 7)
    this.#world.after(end.freeAtMs - nowMs + latencyMs, () => {
      end.other.node.#receive(end.other, bytes.slice(0, cut))
      end.other.node.#receive(end.other, bytes.slice(cut))
    })
  }

  #receive(end: End, chunk: Uint8Array): void {
    if (!end.isOpen || this.isGone) return
    try {
      for (const raw of end.reader.push(chunk)) {
        const frame = decodeFrame(raw)
        this.got.push({ from: end.other.node.peerId, frame })
        this.turn({ type: 'frame', laneId: end.laneId, frame })
      }
    } catch (error) {
      if (!(error instanceof BadFrame)) throw error
      this.turn({ type: 'lane-broken', laneId: end.laneId, error })
    }
  }

  /** What was sent before arrives before the end does. */
  #close(end: End): void {
    if (!end.isOpen) return
    end.isOpen = false
    this.#ends.delete(end.laneId)
    const { other } = end
    this.#world.after(0, () => this.turn({ type: 'lane-closed', laneId: end.laneId }))
    this.#world.after(Math.max(0, end.freeAtMs - this.#world.nowMs) + this.#world.latencyMs, () =>
      other.node.#close(other)
    )
  }
}
