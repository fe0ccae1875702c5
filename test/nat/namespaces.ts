import { execFileSync, spawnSync } from 'node:child_process'
import { findProgram } from '../support/chromium.ts'

/** This machine cannot make networks of its own: counts as a failure of every test that needs them. */
export class NoLabError extends Error {}

const marker = 'quirenat'
let labs = 0

/** Network namespaces of one lab, by the names of their roles. */
export class Namespaces {
  readonly #prefix = `${marker}-${process.pid}-${++labs}`
  readonly #ip: string
  readonly #nft: string
  readonly #roles: string[] = []
  readonly #onExit = () => this.remove()

  /** @throws NoLabError with what is missing. */
  constructor(roles: readonly string[]) {
    this.#ip = programOr('ip', 'iproute2')
    this.#nft = programOr('nft', 'nftables')
    sweep(this.#ip)
    process.once('exit', this.#onExit)
    for (const role of roles) this.#add(role)
  }

  name(role: string): string {
    return `${this.#prefix}-${role}`
  }

  /** The words before a command that make it run in a namespace. */
  within(role: string): readonly string[] {
    return [this.#ip, 'netns', 'exec', this.name(role)]
  }

  /** `ip` in a namespace, a line for each call. */
  ip(role: string, lines: string): void {
    const trimmed = lines.trim().replaceAll(/^\s+/gm, '')
    run([this.#ip, '-n', this.name(role), '-batch', '-'], `${trimmed}\n`)
  }

  /** Replaces all rules of a namespace's firewall. */
  rules(role: string, rules: string): void {
    run([...this.within(role), this.#nft, '-f', '-'], `flush ruleset\n${rules}`)
  }

  /** Packets that the named counter of a table has seen. */
  counted(role: string, counter: string): number {
    const listed = run([...this.within(role), this.#nft, 'list', 'counter', ...counter.split(' ')])
    return Number(/packets (\d+)/.exec(listed)?.[1])
  }

  run(role: string, words: readonly string[]): string {
    return run([...this.within(role), ...words])
  }

  /** Sets values under /proc/sys of a namespace. */
  set(role: string, values: Readonly<Record<string, number>>): void {
    const lines = Object.entries(values).map(([key, value]) => `echo ${value} > /proc/sys/${key.replaceAll('.', '/')}`)
    this.run(role, ['/bin/sh', '-c', lines.join('; ')])
  }

  /** Ends what runs in them, and takes them away. */
  remove(): void {
    process.off('exit', this.#onExit)
    for (const role of this.#roles.splice(0)) removeNamespace(this.#ip, this.name(role))
  }

  #add(role: string): void {
    try {
      run([this.#ip, 'netns', 'add', this.name(role)])
    } catch (cause) {
      throw new NoLabError('This machine makes no network namespaces (it takes root and CAP_SYS_ADMIN).', { cause })
    }
    this.#roles.push(role)
    run([this.#ip, '-n', this.name(role), 'link', 'set', 'lo', 'up'])
  }
}

function programOr(name: string, debianPackage: string): string {
  const path = findProgram([name])
  if (path === undefined) throw new NoLabError(`No ${name} here: apt-get install ${debianPackage}`)
  return path
}

function run([program, ...words]: readonly string[], input?: string): string {
  return execFileSync(program!, words, { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] })
}

/** What a lab left behind whose process was killed. */
function sweep(ip: string): void {
  for (const name of namesOf(ip)) {
    const pid = new RegExp(`^${marker}-(\\d+)-`).exec(name)?.[1]
    if (pid !== undefined && !isAlive(Number(pid))) removeNamespace(ip, name)
  }
}

function namesOf(ip: string): string[] {
  return run([ip, 'netns', 'list'])
    .split('\n')
    .flatMap((line) => line.split(' ', 1)[0] || [])
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

function removeNamespace(ip: string, name: string): void {
  const pids = spawnSync(ip, ['netns', 'pids', name], { encoding: 'utf8' }).stdout ?? ''
  for (const pid of pids.split('\n').filter(Boolean)) {
    try {
      process.kill(Number(pid), 'SIGKILL')
    } catch {
      // It has just ended.
    }
  }
  spawnSync(ip, ['netns', 'delete', name])
}
