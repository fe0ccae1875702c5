import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchBrowser, type TestBrowser } from '../support/browsers.ts'
import { removeFolder } from '../support/files.ts'
import { serveStorePage } from '../support/store-page.ts'
import type { Task, Verified } from '../support/store-page/worker.ts'
import { within } from '../support/waiting.ts'

/** Whole windows of the writer, and far more than it writes before its end. */
const blockCount = 64 * 256
/** The put whose beginning is answered by SIGKILL: in the first segment, at the bounds of segments, in full flow. */
const moments = { file: [0, 20, 63, 64, 201, 470], records: [0, 64, 333] }

let page: Awaited<ReturnType<typeof serveStorePage>>
let profileDir: string
/** The one that looked at what was left by the one before; it is killed next. */
let browser: TestBrowser

beforeAll(async () => {
  page = await serveStorePage()
})
afterAll(() => page[Symbol.asyncDispose]())

describe.each(['file', 'records'] as const)('a browser killed while it stores blocks (%s)', (home) => {
  beforeAll(async () => {
    profileDir = await mkdtemp(join(tmpdir(), 'quire-crash-'))
    browser = await launchBrowser({ profileDir })
  })
  afterAll(async () => {
    await browser.close()
    await removeFolder(profileDir)
  })

  it.each(moments[home])('[ST1] claims what it promised and nothing that is not whole: at put %i', async (moment) => {
    const task: Task = { kind: 'write', home, set: 'x'.repeat(moment % 90 || 90), blockCount }
    const promised = await writeUntilKilled(task, moment)
    browser = await launchBrowser({ profileDir })
    const { claimed, wrong } = (await run({ ...task, kind: 'verify' })) as Verified
    expect(wrong).toEqual([])
    expect(promised.filter((index) => !claimed.includes(index))).toEqual([])
    expect(claimed.length).toBeLessThan(blockCount)
  })
})

/** Resolves with the blocks that were said to be durable before the end. */
async function writeUntilKilled(task: Task, moment: number): Promise<number[]> {
  const durable: number[] = []
  const reached = Promise.withResolvers<void>()
  await browser.page.exposeFunction('reported', (what: 'begun' | 'durable', index: number) => {
    if (what === 'durable') durable.push(index)
    else if (index >= moment) reached.resolve()
  })
  // It never comes back: the browser ends first.
  void run(task).catch(() => {})
  await within(30_000, `put ${moment}`, reached.promise)
  await browser.kill()
  return durable
}

/** In a page that knows nothing of the task before. */
async function run(task: Task): Promise<unknown> {
  await browser.page.goto(page.url)
  return browser.page.evaluate((asked) => window.runTask(asked), task)
}
