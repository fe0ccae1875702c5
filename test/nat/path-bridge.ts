import { type ChildProcess, spawn } from 'node:child_process'
import { createSocket, type Socket } from 'node:dgram'

import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { findProgram } from '../support/chromium.ts'
import { end, lineOf } from '../support/engines/children.ts'
import { luckOf } from '../support/seeded.ts'
import type { Namespaces } from './namespaces.ts'

/** How a path treats frames, the same each way. */
export interface Path {
  /** Half of the round trip. */
  readonly delayMs: number
  /** Share of frames that is lost, 0 to 1. */
  readonly loss: number
  /** Bottleneck; none by default. */
  readonly bytesPerSecond?: number
  /** What may wait before the bottleneck: 100 ms of it by default; more is lost. */
  readonly queueBytes?: number
}

/** A device in a namespace that one end of the path is laid into. */
export interface PathEnd {
  readonly role: string
  readonly device: string
}

/** Where the ends and the program hear. */
const tunnelPort = 4789
/** The program's address towards an end, and that of the end; a namespace may have ends of several paths. */
const stretchOf = (id: number, end: number) => ({
  wire: `198.18.${id}.${4 * end + 1}`,
  end: `198.18.${id}.${4 * end + 2}`
})
let laid = 0
/** What the program between the ends may hold: a long path's worth of frames that come at once. */
const socketBufferBytes = 4 * 1024 * 1024
/** What a cable takes, whatever the tunnel beneath it would. */
const frameBytesMax = 1500
/** Frames that were passed on and are still in the list: taking out each alone would cost more. */
const framesPassedMax = 1024
/**
 * A switch between namespaces with delay, loss and a bottleneck on the way from each to each, for kernels without netem:
 * VXLAN tunnels whose ends do not send to each other but to a program in a namespace between them, which hands datagrams
 * on, as they are, when their time has come. With two ends it is a cable.
 */
export class PathBridge implements AsyncDisposable {
  readonly #wire: ChildProcess

  private constructor(wire: ChildProcess) {
    this.#wire = wire
  }

  /**
   * Makes a device at each end, up and without an address, joined by way of the namespace `between`.
   * @throws Error with what is missing on this machine.
   */
  static async lay(spaces: Namespaces, between: string, ends: readonly PathEnd[], path: Path): Promise<PathBridge> {
    const ethtool = programOr('ethtool')
    const [program, ...words] = spaces.within(between)
    const id = ++laid
    for (const [i, { role, device }] of ends.entries()) {
      const { wire, end } = stretchOf(id, i)
      spaces.ip(between, `link add end${i} type veth peer name ${device}-end netns ${spaces.name(role)}`)
      spaces.ip(between, `address add ${wire}/30 dev end${i}\nlink set end${i} up`)
      const tunnel = `type vxlan id ${id} local ${end} remote ${wire} dstport ${tunnelPort} nolearning dev ${device}-end`
      spaces.ip(
        role,
        `address add ${end}/30 dev ${device}-end
         link set ${device}-end mtu ${2 * frameBytesMax} up
         link add ${device} mtu ${frameBytesMax} ${tunnel}
         link set ${device} up`
      )
      spaces.ip(between, `link set end${i} mtu ${2 * frameBytesMax}`)
      // A program that passes frames on can neither split large ones nor finish their checksums, as a device would.
      const features = ['tx', 'off', 'tso', 'off', 'gso', 'off', 'gro', 'off']
      spaces.run(role, [ethtool, '-K', device, ...features])
    }
    const place = [String(id), String(ends.length)]
    const wire = spawn(program!, [...words, process.execPath, fileURLToPath(import.meta.url), ...place], {
      stdio: 'pipe'
    })
    wire.stderr.pipe(process.stderr)
    // A frame that comes before it listens is lost, and who sent it asks again only after a second.
    await lineOf(wire.stdout, /^(ready)$/, 'the wire')
    const bridge = new PathBridge(wire)
    bridge.set(path)
    return bridge
  }

  /** From now on; what is under way comes as it was to come. */
  set(path: Path): void {
    this.#wire.stdin!.write(`${JSON.stringify(path)}\n`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await end(this.#wire)
  }
}

function programOr(name: string): string {
  const path = findProgram([name])
  if (path === undefined) throw new Error(`No ${name} here: apt-get install ${name}`)
  return path
}

/** One direction: holds frames back until they are due, in order. */
class Direction {
  readonly #out: (frame: Uint8Array) => void
  readonly #luck = luckOf(1)
  readonly #waiting: { readonly dueMs: number; readonly frame: Uint8Array }[] = []
  #next = 0
  /** When the bottleneck has let out what it holds. */
  #freeAtMs = 0

  constructor(out: (frame: Uint8Array) => void) {
    this.#out = out
  }

  /** When the oldest that waits is due. */
  get dueMs(): number | undefined {
    return this.#waiting[this.#next]?.dueMs
  }

  take(frame: Uint8Array, path: Path, nowMs: number): void {
    const { delayMs, loss, bytesPerSecond = Infinity, queueBytes = bytesPerSecond / 10 } = path
    if (loss > 0 && this.#luck() < loss) return
    const bytesPerMs = bytesPerSecond / 1000
    if (Math.max(0, this.#freeAtMs - nowMs) * bytesPerMs > queueBytes) return
    this.#freeAtMs = Math.max(this.#freeAtMs, nowMs) + frame.length / bytesPerMs
    const dueMs = this.#freeAtMs + delayMs
    if (dueMs <= nowMs && this.dueMs === undefined) this.#out(frame)
    else this.#waiting.push({ dueMs, frame })
  }

  release(untilMs: number): void {
    let head = this.#waiting[this.#next]
    while (head && head.dueMs <= untilMs) {
      this.#out(head.frame)
      head = this.#waiting[++this.#next]
    }
    if (this.#next > framesPassedMax || head === undefined) {
      this.#waiting.splice(0, this.#next)
      this.#next = 0
    }
  }
}

/** Where a frame says whom it is for and whom it is from, behind the tunnel's header: hardware addresses of six bytes. */
const targetAt = 8
const senderAt = 14
const addressesEnd = 20
/** Of an address, what tells hosts of a lab apart: its last four bytes, which come fast as one number. */
const hostAt = 2
/** In the first byte of addresses that everybody is to hear. */
const groupBit = 1

/** The program between the ends: knows who is where by what they sent, as a switch does. */
class Switch {
  path: Path = { delayMs: 0, loss: 0 }
  /** Directions by from and to. */
  readonly #ways: readonly (readonly Direction[])[]
  readonly #endOf = new Map<number, number>()
  #isTicking = false

  constructor(outs: readonly ((frame: Uint8Array) => void)[]) {
    this.#ways = outs.map(() => outs.map((out) => new Direction(out)))
  }

  take(frame: Buffer, from: number): void {
    if (frame.length < addressesEnd) return
    this.#endOf.set(frame.readInt32BE(senderAt + hostAt), from)
    const isForAll = (frame[targetAt]! & groupBit) !== 0
    const to = isForAll ? undefined : this.#endOf.get(frame.readInt32BE(targetAt + hostAt))
    const nowMs = performance.now()
    if (to === undefined) for (let end = 0; end < this.#ways.length; end++) this.#pass(frame, from, end, nowMs)
    else this.#pass(frame, from, to, nowMs)
    if (!this.#isTicking) this.#tickLater(nowMs)
  }

  #pass(frame: Buffer, from: number, to: number, nowMs: number): void {
    if (to !== from) this.#ways[from]![to]!.take(frame, this.path, nowMs)
  }

  #tickLater(nowMs: number): void {
    let nextMs = Infinity
    for (const ways of this.#ways) for (const { dueMs } of ways) nextMs = Math.min(nextMs, dueMs ?? Infinity)
    this.#isTicking = nextMs < Infinity
    if (this.#isTicking) setTimeout(() => this.#tick(), Math.max(1, nextMs - nowMs))
  }

  #tick(): void {
    const nowMs = performance.now()
    for (const ways of this.#ways) for (const way of ways) way.release(nowMs)
    this.#tickLater(nowMs)
  }
}

/** Hears what an end sends, and sends to it: by a socket of its own, which need not look an address up for each frame. */
async function openEnd(id: number, end: number): Promise<{ heard: Socket; send: (frame: Uint8Array) => void }> {
  const stretch = stretchOf(id, end)
  const [heard, sent] = [createSocket('udp4'), createSocket('udp4')]
  await new Promise<void>((resolve) => heard.bind(tunnelPort, stretch.wire, resolve))
  await new Promise<void>((resolve) => sent.connect(tunnelPort, stretch.end, resolve))
  heard.setRecvBufferSize(socketBufferBytes)
  sent.setSendBufferSize(socketBufferBytes)
  return { heard, send: (frame) => sent.send(frame) }
}

/** Takes paths as lines. */
async function runWire(id: number, count: number): Promise<void> {
  const ends = await Promise.all(Array.from({ length: count }, (_, end) => openEnd(id, end)))
  const hub = new Switch(ends.map(({ send }) => send))
  for (const [from, { heard }] of ends.entries()) heard.on('message', (frame) => hub.take(frame, from))
  console.log('ready')
  createInterface({ input: process.stdin }).on('line', (line) => {
    hub.path = JSON.parse(line) as Path
  })
  process.stdin.once('end', () => process.exit())
}

if (import.meta.main) await runWire(Number(process.argv[2]), Number(process.argv[3]))
