import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { removeFolder } from './files.ts'
import { within } from './waiting.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** A program of Quire's that runs in a process of its own. `await using` stops it. */
export interface Program extends AsyncDisposable {
  readonly process: ChildProcess
  /** The next line on its standard output; rejects once the program has ended, with what it said on standard error. */
  line(): Promise<string>
  /** Asks it to stop by SIGINT, as Ctrl-C does, and gives its exit code. SIGKILL if it takes over 10 s. */
  stop(): Promise<number | null>
  /** Ends it at once by SIGKILL. */
  kill(): Promise<void>
}

/**
 * Starts `node <file> <args>` in the checkout; `file` is named from the root, as in `relay/cli.ts`. `launcher` are the
 * words before it that start it somewhere else, as in another network.
 */
export function startProgram(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  launcher: readonly string[] = []
): Program {
  const [program, ...words] = [...launcher, process.execPath, file, ...args]
  const child = spawn(program!, words, {
    cwd: root,
    env: { ...process.env, NODE_ENV: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-4000)))
  const ended = once(child, 'close').then(([code]) => code as number | null)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const line = async (): Promise<string> => {
    const next = await lines.next()
    if (next.done === true) throw new Error(`${file} ended with ${await ended} and said: ${said.trim()}`)
    return next.value
  }
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended
  }
  const stop = async (): Promise<number | null> => {
    child.kill('SIGINT')
    return within(10_000, `${file} stops`, ended).catch(async (thrown: unknown) => {
      await kill()
      throw thrown
    })
  }
  return { process: child, line, stop, kill, [Symbol.asyncDispose]: kill }
}

export interface Outcome {
  readonly code: number | null
  /** Lines on standard output. */
  readonly lines: readonly string[]
  /** What stood on standard error, trimmed. */
  readonly said: string
}

/** Runs `node <file> <args>` in the checkout to its end. */
export async function runProgram(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {}
): Promise<Outcome> {
  const child = spawn(process.execPath, [file, ...args], {
    cwd: root,
    env: { ...process.env, NODE_ENV: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  let out = ''
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, lines: out.split('\n').filter((line) => line !== ''), said: said.trim() }
}

export interface Quire extends AsyncDisposable {
  /** Where it answers, as `http://localhost:PORT`. */
  readonly url: string
  readonly port: number
  /** Where it says that its TURN server answers. */
  readonly turn: string | null
  /** Where it says that it takes webrtc-direct. */
  readonly direct: readonly string[]
  readonly dataDir: string
  readonly program: Program
  /** Stops it in order and removes its data, unless `dataDir` was given. */
  stop(): Promise<void>
}

export interface QuireOptions {
  /** 0, as by default, takes a free port; give one to start again where another stood. */
  readonly port?: number
  /** A data folder to use and keep; otherwise a new one. */
  readonly dataDir?: string
  readonly env?: Readonly<Record<string, string>>
  /** With the keeper that is built in; by default without, so that what comes comes from other tabs. */
  readonly keeper?: boolean
  /** Words that start it somewhere else, as in another network. */
  readonly launcher?: readonly string[]
  /** A program that runs the relay in its place, named from the root, and says where it answers in the same way. */
  readonly file?: string
}

/** Relay and page, as `npm start` runs them, ready to answer. */
export async function startQuire(options: QuireOptions = {}): Promise<Quire> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'quire-data-')))
  const settings = {
    QUIRE_PORT: String(options.port ?? 0),
    QUIRE_HOST: '127.0.0.1',
    QUIRE_DATA: dataDir,
    // What it loads for that costs each of many relays a second of the processor.
    QUIRE_WEBRTC_PORT: 'none',
    QUIRE_NO_KEEPER: options.keeper === true ? '' : '1'
  }
  const { file = 'relay/main.ts', launcher } = options
  const program = startProgram(file, ['--json'], { ...settings, ...options.env }, launcher)
  const stop = async (): Promise<void> => {
    await program.stop()
    if (options.dataDir === undefined) await removeFolder(dataDir)
  }
  try {
    const line = await within(60_000, 'Quire starts', program.line())
    const { url, turn, direct } = JSON.parse(line) as Pick<Quire, 'url' | 'turn' | 'direct'>
    return { url, turn, direct, port: Number(new URL(url).port), dataDir, program, stop, [Symbol.asyncDispose]: stop }
  } catch (thrown) {
    await program.kill()
    throw thrown
  }
}
