import { type ChildProcess, spawn } from 'node:child_process'
import { accessSync, constants, readFileSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { delimiter, join, resolve } from 'node:path'
import { turnRetryMs, turnRetryMsMax, turnStartMs, turnStopMs } from '../../src/core/limits.ts'
import type { Log } from '../log.ts'
import { coturnConfig, type CoturnSettings } from './coturn-config.ts'

/** Full path of coturn's program, where this machine has it. */
export const findCoturn = (): string | undefined => findProgram('turnserver')

function findProgram(name: string): string | undefined {
  const places = (process.env['PATH'] ?? '').split(delimiter).filter(Boolean)
  return places.map((place) => join(place, name)).find(isProgram)
}

/** Linux tells a program that its parent has ended, however that came, if it was started by way of this. */
function boundToUs(...words: readonly [string, ...string[]]): readonly [string, ...string[]] {
  const binder = process.platform === 'linux' ? findProgram('setpriv') : undefined
  return binder === undefined ? words : [binder, '--pdeathsig', 'TERM', ...words]
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** A coturn of ours, started again whenever it ends. [TU8] */
export class Coturn {
  readonly #program: string
  readonly #port: number
  readonly #host: string
  readonly #configPath: string
  readonly #pidPath: string
  readonly #log: Log
  #child: ChildProcess | undefined
  #again: ReturnType<typeof setTimeout> | undefined
  #failures = 0
  #stopped = false
  readonly #onExit = () => this.#child?.kill('SIGKILL')
  /** It takes clients. */
  isUp = false

  private constructor(program: string, { port, host, dir }: CoturnSettings, log: Log) {
    this.#program = program
    this.#port = port
    this.#host = host === '::' || host === '0.0.0.0' ? '127.0.0.1' : host
    this.#configPath = resolve(dir, 'turnserver.conf')
    this.#pidPath = resolve(dir, 'turnserver.pid')
    this.#log = log
  }

  /** Resolves when it takes clients, or did not in time: then it goes on trying. */
  static async start(program: string, settings: CoturnSettings, log: Log): Promise<Coturn> {
    await mkdir(settings.dir, { recursive: true })
    const coturn = new Coturn(program, settings, log)
    await writeFile(coturn.#configPath, coturnConfig(settings), { mode: 0o600 })
    process.once('exit', coturn.#onExit)
    await coturn.#run()
    return coturn
  }

  /** It reads its certificate again; one that it cannot use it leaves alone. [TU9] */
  renewCertificate(): void {
    this.#child?.kill('SIGUSR2')
  }

  async stop(): Promise<void> {
    this.#stopped = true
    process.off('exit', this.#onExit)
    clearTimeout(this.#again)
    const child = this.#child
    if (child && child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((done) => child.once('exit', done))
      child.kill('SIGTERM')
      const force = setTimeout(() => child.kill('SIGKILL'), turnStopMs)
      await ended
      clearTimeout(force)
    }
    for (const path of [this.#configPath, this.#pidPath]) await rm(path, { force: true })
  }

  async #run(): Promise<void> {
    const startedAtMs = performance.now()
    const [program, ...words] = boundToUs(this.#program, '-c', this.#configPath, '--pidfile', this.#pidPath)
    const child = spawn(program, words, { stdio: 'ignore' })
    this.#child = child
    const ended = new Promise<false>((done) => {
      child.once('error', () => done(false))
      child.once('exit', () => done(false))
    })
    void ended.then(() => this.#ended(performance.now() - startedAtMs))
    const isUp = await Promise.race([ended, this.#answers()])
    this.isUp = isUp && !this.#stopped
    if (isUp) this.#log('turn-started', {})
  }

  #ended(livedMs: number): void {
    this.isUp = false
    if (this.#stopped) return
    if (livedMs >= turnRetryMsMax) this.#failures = 0
    const pauseMs = Math.min(turnRetryMsMax, turnRetryMs * 2 ** this.#failures++)
    this.#log('turn-ended', { againInMs: pauseMs })
    this.#again = setTimeout(() => void this.#run(), pauseMs)
    this.#again.unref()
  }

  /** Whether its port takes connections, before it is too late. */
  async #answers(): Promise<boolean> {
    const lateMs = performance.now() + turnStartMs
    while (performance.now() < lateMs && !this.#stopped) {
      if (await takesConnections(this.#host, this.#port)) return true
      await new Promise((done) => setTimeout(done, 50))
    }
    return false
  }
}

function takesConnections(host: string, port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, host)
    socket.once('connect', () => (done(true), socket.destroy()))
    socket.once('error', () => done(false))
  })
}

/** Ends a coturn that a relay with this folder left when it was killed. [TU8] */
export async function endLeftOver(dir: string): Promise<void> {
  const pid = leftOver(dir)
  if (pid === undefined) return
  process.kill(pid, 'SIGTERM')
  const lateMs = performance.now() + turnStopMs
  while (leftOver(dir) === pid && performance.now() < lateMs) await new Promise((done) => setTimeout(done, 50))
}

/** Its process id, where there is one and its words name this folder: ids are given anew. */
function leftOver(dir: string): number | undefined {
  try {
    const pid = Number(readFileSync(resolve(dir, 'turnserver.pid'), 'utf8'))
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
    return words.includes(resolve(dir, 'turnserver.conf')) ? pid : undefined
  } catch {
    return undefined
  }
}
