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

/** Where the ends and the program hear. */
const tunnelPort = 4789
/** The program's address towards each end, and that of the end; a namespace may have ends of several paths. */
const stretchesOf = (id: number) =>
  [
    { wire: `198.18.${id}.1`, end: `198.18.${id}.2` },
    { wire: `198.18.${id}.5`, end: `198.18.${id}.6` }
  ] as const
let laid = 0
/** What the program between both ends may hold: a long path's worth of frames that come at once. */
const socketBufferBytes = 4 * 1024 * 1024
/** What a cable takes, whatever the tunnel beneath it would. */
const frameBytesMax = 1500
/** Frames that were passed on and are still in the list: taking out each alone would cost more. */
const framesPassedMax = 1024

/**
 * A cable between two namespaces with delay, loss and a bottleneck, for kernels without netem: the two ends of a VXLAN
 * tunnel that do not send to each other but to a program in a namespace between them, which hands datagrams on, as they
 * are, when their time has come.
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
  static async lay(
    spaces: Namespaces,
    between: string,
    ends: readonly [PathEnd, PathEnd],
    path: Path
  ): Promise<PathBridge> {
    const ethtool = programOr('ethtool')
    const [program, ...words] = spaces.within(between)
    const id = ++laid
    const stretches = stretchesOf(id)
    for (const [i, { role, device }] of ends.entries()) {
      const { wire, end } = stretches[i]!
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
    const wire = spawn(program!, [...words, process.execPath, fileURLToPath(import.meta.url), String(id)], {
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
async function runWire(id: number): Promise<void> {
  const stretches = stretchesOf(id)
  const sockets = [createSocket('udp4'), createSocket('udp4')] as const
  const directions = ([1, 0] as const).map(
    (to) => new Direction((frame) => sockets[to].send(frame, tunnelPort, stretches[to].end))
  )
  const bound = sockets.map(async (socket, from) => {
    await new Promise<void>((resolve) => socket.bind(tunnelPort, stretches[from]!.wire, resolve))
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

if (import.meta.main) await runWire(Number(process.argv[2]))
