import { cpus } from 'node:os'
import type { Page } from 'playwright'
import { launchBrowser } from '../../support/browsers.ts'
import { byId, linkOf, untilPercent, untilState } from '../../support/person.ts'
import { startProgram } from '../../support/program.ts'
import { median, settled, tell } from '../measure.ts'
import type { BenchOptions } from '../options.ts'
import { asPeoples, bigFile, openPair, serveSite } from '../places.ts'
import type { Section } from '../results.ts'
import { type TracedTask, tracedTasks } from '../task-trace.ts'

interface WatchedWindow {
  /** Milliseconds of each task that held the page's thread for over 50 ms. */
  longTasks: number[]
}
declare const window: WatchedWindow

const limitMs = 280_000

/** What a traced round moves at most: a trace of more is too large to hand over. */
const tracedBytesMax = 100e6

const longMs = 50

/** Bytes a second of a line of 50 Mbit/s: at twice that two slow cores have no time left, and the page waits for them. */
const lineOf50 = '6250k'

type Found = Record<'start' | 'adding' | 'fetching' | 'overLine', number[]>

/** Processor time of all cores so far, and how much of it they worked, ms. */
function coresTime(): { readonly allMs: number; readonly busyMs: number } {
  const times = cpus().map(({ times: each }) => each)
  const sum = (pick: (each: (typeof times)[number]) => number) => times.reduce((total, each) => total + pick(each), 0)
  const busyMs = sum(({ user, nice, sys, irq }) => user + nice + sys + irq)
  return { busyMs, allMs: busyMs + sum(({ idle }) => idle) }
}

/** How much of the cores' time was used while `work` ran, 0 to 1. */
async function useOfCores(work: () => Promise<void>): Promise<number> {
  const before = coresTime()
  await work()
  const after = coresTime()
  return (after.busyMs - before.busyMs) / (after.allMs - before.allMs)
}

/** Whether the page's own thread stays free while the engine works. */
export async function longTasks({ rounds, megabytes }: BenchOptions): Promise<Section> {
  const totalBytes = (megabytes ?? 500) * 1e6
  await using site = await serveSite()
  await using file = await bigFile(totalBytes)
  const found: Found[] = []
  const used: number[] = []
  for (let round = 0; round < rounds; round++) {
    const between = await timedRound(site.url, file.path)
    const alone = await overLine(site.url, file.path, async (page, fetched) => {
      await take(page)
      used.push(await useOfCores(fetched))
      return take(page)
    })
    found.push({ ...between, overLine: alone })
    tell(`round ${round + 1} of ${rounds}: ${JSON.stringify(found.at(-1))}`)
  }
  await using small = await bigFile(Math.min(totalBytes, tracedBytesMax))
  const traced = await tracedRound(site.url, small.path)
  return {
    title: 'Long tasks',
    explains:
      `Tasks of over ${longMs} ms on the thread of the delivered page, by the Long Tasks API, while it adds and fetches ${totalBytes / 1e6} MB. ` +
      'They count time, so a busy machine makes more of them. Between two browsers on one machine all that it has is in ' +
      'use, and the one that receives waits for the other; over a line of 50 Mbit/s, from a program that keeps to it, ' +
      `${(median(used) * 100).toFixed(0)} % of the cores' time was in use. One round more each, with at most 100 MB ` +
      'and a trace, tells how long the thread itself computed in its longest task. Opening a link evaluates libp2p, once. ' +
      'All browsers run as a user without rights, as people’s do: those of root give their network and audio threads a priority, ' +
      'for which the page’s thread waits.',
    head: ['while', 'tasks', 'longest, ms', 'traced: tasks, longest, ms of processor time', 'goal'],
    rows: [
      row('adding', found, traced, 'adding', 'none'),
      row('fetching over 50 Mbit/s, from the first hundredth on', found, traced, 'overLine', 'none'),
      row('fetching from a browser beside it, as fast as both can', found, traced, 'fetching', 'stated'),
      row('opening page and link', found, traced, 'start', 'stated')
    ]
  }
}

function row(what: string, found: readonly Found[], traced: Traced, phase: keyof Found, goal: string): string[] {
  const counts = found.map((round) => round[phase].length)
  const longest = found.map((round) => Math.max(0, ...round[phase]).toFixed(0))
  const computed = traced[phase].map(({ cpuMs }) => cpuMs)
  const most = Math.max(0, ...computed).toFixed(0)
  return [what, `${median(counts)} (${counts.join(' ')})`, longest.join(' '), `${computed.length}, ${most}`, goal]
}

async function timedRound(url: string, path: string): Promise<Omit<Found, 'overLine'>> {
  await using pair = await openPair(asPeoples)
  const { sender, receiver } = { sender: pair.sender.page, receiver: pair.receiver.page }
  for (const page of [sender, receiver]) await page.addInitScript(watchTasks)
  await ready(sender, url)
  await take(sender)
  await add(sender, path)
  const adding = await take(sender)
  await opened(receiver, await linkOf(sender))
  const start = await take(receiver)
  await untilState(receiver, 'complete', limitMs)
  return { adding, start, fetching: await take(receiver) }
}

/** From a program, which takes little of the machine, as fast as a line is that people have; `watched` gets what is fetched. */
async function overLine<T>(
  url: string,
  path: string,
  watched: (page: Page, fetched: () => Promise<void>) => Promise<T>
) {
  const words = ['share', path, '--relay', url, '--upload-limit', lineOf50]
  await using sharer = startProgram('relay/cli.ts', words)
  await using receiver = await launchBrowser(asPeoples)
  await receiver.page.addInitScript(watchTasks)
  await opened(receiver.page, await sharer.line())
  return await watched(receiver.page, () => untilState(receiver.page, 'complete', limitMs))
}

type Traced = Record<keyof Found, readonly TracedTask[]>

async function tracedRound(url: string, path: string): Promise<Traced> {
  await using pair = await openPair(asPeoples)
  const { sender, receiver } = { sender: pair.sender.page, receiver: pair.receiver.page }
  await ready(sender, url)
  const adding = await tracedTasks(sender, longMs, () => add(sender, path))
  const link = await linkOf(sender)
  const start = await tracedTasks(receiver, longMs, () => opened(receiver, link))
  const fetching = await tracedTasks(receiver, longMs, () => untilState(receiver, 'complete', limitMs))
  const alone = await overLine(url, path, (page, fetched) => tracedTasks(page, longMs, fetched))
  return { adding, start, fetching, overLine: alone }
}

async function ready(page: Page, url: string): Promise<void> {
  await page.goto(`${url}/#/`)
  await byId(page, 'file-input').waitFor({ state: 'attached' })
  await settled()
}

async function add(page: Page, path: string): Promise<void> {
  await byId(page, 'file-input').setInputFiles(path)
  await byId(page, 'share-link').waitFor({ state: 'attached', timeout: limitMs })
}

async function opened(page: Page, link: string): Promise<void> {
  await page.goto(link)
  await untilPercent(page, 1)
}

/** Runs in the page before all else. */
function watchTasks(): void {
  window.longTasks = []
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) window.longTasks.push(duration)
  }).observe({ type: 'longtask', buffered: true })
}

/** What came since the last look. */
const take = (page: Page): Promise<number[]> => page.evaluate(() => window.longTasks.splice(0))
