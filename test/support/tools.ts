import { spawnSync } from 'node:child_process'
import { findChromium, findProgram, findShell } from './chromium.ts'

/** A program that tests need and npm does not bring. */
export interface Tool {
  readonly name: string
  /** Debian's packages that hold it. */
  readonly packages: readonly string[]
  readonly why: string
  /** What the tests do without it. Where this is not said they need it. */
  readonly otherwise?: string
  /** Full path of the program, or undefined where the machine lacks it. */
  readonly find: () => string | undefined
}

const chromium: Tool = {
  name: 'Chromium',
  packages: ['chromium'],
  why: 'the browser that pages are tested in',
  find: findChromium
}
const shell: Tool = {
  name: "Chromium's shell",
  packages: ['chromium-headless-shell'],
  why: 'which takes half the processor time',
  otherwise: 'whole Chromiums are started instead, and the tests take half as long again',
  find: findShell
}
const firefox: Tool = {
  name: 'Firefox',
  packages: ['firefox-esr'],
  why: 'shares with Chromium and back',
  find: () => findProgram(['firefox-esr', 'firefox'])
}
const webkit: Tool = {
  name: 'WebKit',
  packages: ['webkit2gtk-driver'],
  why: 'the browser without WebRTC',
  find: () => findProgram(['WebKitWebDriver'])
}
const xvfb: Tool = { name: 'Xvfb', packages: ['xvfb'], why: "WebKit's screen", find: () => findProgram(['Xvfb']) }
const nftables: Tool = {
  name: 'nft',
  packages: ['nftables'],
  why: 'closes the direct way between two browsers',
  find: () => findProgram(['nft'])
}
const iproute2: Tool = {
  name: 'ip',
  packages: ['iproute2'],
  why: 'gives a browser a network of its own',
  find: () => findProgram(['ip'])
}
const conntrack: Tool = {
  name: 'conntrack',
  packages: ['conntrack'],
  why: 'makes a router forget',
  find: () => findProgram(['conntrack'])
}
const ethtool: Tool = {
  name: 'ethtool',
  packages: ['ethtool'],
  why: 'makes frames whole',
  find: () => findProgram(['ethtool'])
}
const coturn: Tool = {
  name: 'coturn',
  packages: ['coturn'],
  why: 'passes packets on between hosts without a direct way',
  find: () => findProgram(['turnserver'])
}

/** What each of vitest's projects needs, by the project's name. */
export const toolsOf: Readonly<Record<string, readonly Tool[]>> = {
  // The lab first: it mostly waits for time to pass, which leaves the processors to what is checked beside it.
  nat: [chromium, nftables, iproute2, conntrack, coturn, ethtool],
  unit: [],
  browser: [chromium],
  e2e: [chromium, shell, firefox, webkit, xvfb, nftables, iproute2]
}

/** The machine lacks a program and it cannot be installed. */
export class ToolMissingError extends Error {}

/**
 * Installs what is missing of `tools` from Debian's packages, which takes root. Says in one line what it installs, and
 * what is done without.
 * @throws ToolMissingError with what a person can do, where something needed cannot be installed.
 */
export function makeReady(tools: readonly Tool[]): void {
  const missing = tools.filter((tool) => tool.find() === undefined)
  const needed = missing.filter(({ otherwise }) => otherwise === undefined)
  const chosen = process.env['CHROMIUM_PATH'] ?? ''
  if (needed.includes(chromium) && chosen !== '') {
    throw new ToolMissingError(`CHROMIUM_PATH is ${chosen}, which is no program that can be run here.`)
  }
  if (needed.length > 0) install(needed)
  for (const tool of missing.filter(({ otherwise }) => otherwise !== undefined)) {
    try {
      install([tool])
    } catch (error) {
      if (!(error instanceof ToolMissingError)) throw error
      console.log(`${error.message}\nWithout it ${tool.otherwise}.`)
    }
  }
}

function install(missing: readonly Tool[]): void {
  const packages = missing.flatMap((tool) => tool.packages)
  const names = missing.map((tool) => `${tool.name} (${tool.why})`).join(', ')
  const advice = `Install it yourself, on Debian with: apt-get install ${packages.join(' ')}`
  if (process.getuid?.() !== 0 || findProgram(['apt-get']) === undefined) {
    throw new ToolMissingError(`The tests want ${names}. ${advice}`)
  }
  console.log(`Installing what the tests want: ${packages.join(' ')}`)
  aptGet(['update', '-qq'], advice)
  aptGet(['install', '-y', '-qq', '--no-install-recommends', ...packages], advice)
  const absent = missing.filter((tool) => tool.find() === undefined).map((tool) => tool.name)
  if (absent.length > 0) throw new ToolMissingError(`Installed, yet not found: ${absent.join(', ')}. ${advice}`)
}

function aptGet(args: readonly string[], advice: string): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const { status, stdout, stderr } = spawnSync('apt-get', args, { env, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
  if (status === 0) return
  const end = `${stdout}${stderr}`.trim().split('\n').slice(-5).join('\n')
  throw new ToolMissingError(`apt-get ${args[0] ?? ''} failed:\n${end}\n${advice}`)
}
