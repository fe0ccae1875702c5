import { type ChildProcess, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
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

/** Free, since nothing else runs in the namespace between: the program's for each end, and that of what reads the device. */
const wirePorts = [7001, 7002] as const
const tapPorts = [7003, 7004] as const
/** What the program between both ends may hold: a long path's worth of frames that come at once. */
const socketBufferBytes = 4 * 1024 * 1024
/** Frames on the wire of one program: room for any that a device passes. */
const frameBytesMax = 2048
/** Frames that were passed on and are still in the list: taking out each alone would cost more. */
const framesPassedMax = 1024

/**
 * A cable between two namespaces with delay, loss and a bottleneck, for kernels without netem: a device of each end in a
 * namespace between them, and a program there that hands frames on when their time has come. Carries some 500 Mbit/s.
 */
export class PathBridge implements AsyncDisposable {
  readonly #children: readonly ChildProcess[]
  readonly #wire: ChildProcess

  private constructor(children: readonly ChildProcess[], wire: ChildProcess) {
    this.#children = children
    this.#wire = wire
  }

  /**
   * Makes a device at each end, up and without an address, joined by way of the namespace `between`.
   * @throws Error with what is missing on this machine.
   */
  static async lay(
    spaces: Namespaces,
    between: string,
    ends: readonly [PathEnd, PathEnd],
    path: Path
  ): Promise<PathBridge> {
    const [socat, ethtool] = [programOr('socat'), programOr('ethtool')]
    const [program, ...words] = spaces.within(between)
    const launch = (...command: string[]) => spawn(program!, [...words, ...command], { stdio: 'pipe' })
    for (const [i, { role, device }] of ends.entries()) {
      spaces.ip(between, `link add end${i} type veth peer name ${device} netns ${spaces.name(role)}`)
      spaces.ip(role, `link set ${device} up`)
      spaces.set(between, { [`net.ipv6.conf.end${i}.disable_ipv6`]: 1 })
      spaces.ip(between, `link set end${i} up`)
      // A program that passes frames on can neither split large ones nor finish their checksums, as a device would.
      const features = ['tx', 'off', 'tso', 'off', 'gso', 'off', 'gro', 'off']
      spaces.run(between, [ethtool, '-K', `end${i}`, ...features])
      spaces.run(role, [ethtool, '-K', device, ...features])
    }
    const wire = launch(process.execPath, fileURLToPath(import.meta.url))
    wire.stderr.pipe(process.stderr)
    await lineOf(wire.stdout, /^(ready)$/, 'the wire')
    const taps = wirePorts.map((port, i) =>
      launch(
        socat,
        '-dd',
        '-b',
        String(frameBytesMax),
        `INTERFACE:end${i}`,
        `UDP4:127.0.0.1:${port},bind=127.0.0.1:${tapPorts[i]},sndbuf=${socketBufferBytes},rcvbuf=${socketBufferBytes}`
      )
    )
    const bridge = new PathBridge([...taps, wire], wire)
    // A frame that comes before both listen is lost, and who sent it asks again only after a second.
    await Promise.all(taps.map((tap) => lineOf(tap.stderr, /(starting data transfer loop)/, 'a tap of the path')))
    bridge.set(path)
    return bridge
  }

  /** From now on; what is under way comes as it was to come. */
  set(path: Path): void {
    this.#wire.stdin!.write(`${JSON.stringify(path)}\n`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#children.map(end))
  }
}

function programOr(name: string): string {
  const path = findProgram([name])
  if (path === undefined) throw new Error(`No ${name} here: apt-get install ${name}`)
  return path
}

/** One direction: holds frames back until they are due, in order. */
class Direction {
  path: Path = { delayMs: 0, loss: 0 }
  readonly #out: (frame: Uint8Array) => void
  readonly #luck = luckOf(1)
  readonly #waiting: { readonly dueMs: number; readonly frame: Uint8Array }[] = []
  #next = 0
  /** When the bottleneck has let out what it holds. */
  #freeAtMs = 0
  #isTicking = false

  constructor(out: (frame: Uint8Array) => void) {
    this.#out = out
  }

  take(frame: Uint8Array): void {
    const { delayMs, loss, bytesPerSecond = Infinity, queueBytes = bytesPerSecond / 10 } = this.path
    const nowMs = performance.now()
    if (loss > 0 && this.#luck() < loss) return
    const bytesPerMs = bytesPerSecond / 1000
    if (Math.max(0, this.#freeAtMs - nowMs) * bytesPerMs > queueBytes) return
    this.#freeAtMs = Math.max(this.#freeAtMs, nowMs) + frame.length / bytesPerMs
    const dueMs = this.#freeAtMs + delayMs
    if (dueMs <= nowMs && this.#next === this.#waiting.length) return this.#out(frame)
    this.#waiting.push({ dueMs, frame })
    if (!this.#isTicking) this.#tickAfter(dueMs - nowMs)
  }

  #release(): void {
    this.#isTicking = false
    const nowMs = performance.now()
    let head = this.#waiting[this.#next]
    while (head && head.dueMs <= nowMs) {
      this.#out(head.frame)
      head = this.#waiting[++this.#next]
    }
    if (this.#next > framesPassedMax) {
      this.#waiting.splice(0, this.#next)
      this.#next = 0
    }
    if (head) this.#tickAfter(head.dueMs - nowMs)
  }

  #tickAfter(delayMs: number): void {
    this.#isTicking = true
    setTimeout(() => this.#release(), Math.max(1, delayMs))
  }
}

/** The program between both ends: a socket for each, and a direction each way. Takes paths as lines. */
async function runWire(): Promise<void> {
  const sockets = [createSocket('udp4'), createSocket('udp4')] as const
  const directions = ([1, 0] as const).map(
    (to) => new Direction((frame) => sockets[to].send(frame, tapPorts[to], '127.0.0.1'))
  )
  const bound = sockets.map(async (socket, from) => {
    await new Promise<void>((resolve) => socket.bind(wirePorts[from], '127.0.0.1', resolve))
    socket.setRecvBufferSize(socketBufferBytes)
    socket.setSendBufferSize(socketBufferBytes)
    socket.on('message', (frame) => directions[from]!.take(frame))
  })
  await Promise.all(bound)
  console.log('ready')
  createInterface({ input: process.stdin }).on('line', (line) => {
    for (const direction of directions) direction.path = JSON.parse(line) as Path
  })
  process.stdin.once('end', () => process.exit())
}

if (import.meta.main) await runWire()
