import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RunningRelay, startRelay } from '../../relay/relay.ts'
import type { ItemFacts, Status } from '../../relay/control/types.ts'
import { formatLink } from '../../src/core/link/link.ts'
import { temporaryFolder } from '../support/files.ts'
import { type Program, runProgram, startProgram } from '../support/program.ts'
import { addSmallSets, smallSet } from '../support/small-sets.ts'

const quire = 'relay/quire.js'
const count = 20_000
let place: Awaited<ReturnType<typeof temporaryFolder>>
let relay: RunningRelay
let data: string

beforeAll(async () => {
  place = await temporaryFolder('large')
  data = join(place.path, 'keeper')
  relay = await startRelay({ port: 0, host: '127.0.0.1', dataDir: join(place.path, 'relay'), json: false }, place.path)
  await addSmallSets(join(data, 'store'), 0, count)
}, 240_000)

afterAll(async () => {
  await relay.stop()
  await place[Symbol.asyncDispose]()
})

async function startKeeper(): Promise<{ readonly keeper: Program; readonly rest: string }> {
  const words = ['keeper', '--rest-port', '0', '--data', data, '--relay', relay.url, '--json']
  const keeper = startProgram(quire, words)
  const { rest } = JSON.parse(await keeper.line()) as { rest: string }
  return { keeper, rest }
}

/** Fetches one by way of the relay, as somebody who has its link. */
async function fetchOne(index: number): Promise<void> {
  const { record, content } = smallSet(index)
  const link = formatLink(relay.url, { manifestCid: record.manifestCid, relays: [] })
  const into = join(place.path, `fetched-${index}`)
  const { code, said } = await runProgram(quire, ['get', link, '-o', into, '--relay', relay.url, '--json'])
  expect(code, said).toBe(0)
  expect(Buffer.from(content).equals(await readFile(join(into, record.title)))).toBe(true)
}

describe('a keeper of 20,000 data sets', () => {
  it('[RL19] serves any of them to whoever has its link, also once it was killed and runs again', async () => {
    const first = await startKeeper()
    await using killed = first.keeper
    await fetchOne(count - 1)
    await fetchOne(7)
    await killed.kill()
    const { keeper, rest } = await startKeeper()
    await using again = keeper
    await fetchOne(12_345)
    const { record, content } = smallSet(19)
    const read = await (await fetch(`${rest}/api/codex/v1/data/${record.manifestCid}`)).bytes()
    expect(Buffer.from(read).equals(content)).toBe(true)
    expect(await again.stop()).toBe(0)
  }, 240_000)

  it('[RL19] [CT4] counts and lists them all while it runs, newest first', async () => {
    const { keeper, rest } = await startKeeper()
    await using running = keeper
    const status = await runProgram(quire, ['status', '--data', data, '--json'])
    expect(JSON.parse(status.lines[0]!)).toMatchObject({ items: count, heldForOthers: 0 } satisfies Partial<Status>)
    const { lines } = await runProgram(quire, ['ls', '--data', data, '--json'])
    expect(lines).toHaveLength(count)
    const titles = lines.map((line) => (JSON.parse(line) as ItemFacts).title)
    expect(titles).toEqual(Array.from({ length: count }, (_, i) => `${count - 1 - i}.bin`))
    const listed = (await (await fetch(`${rest}/api/codex/v1/data`)).json()) as { content: { cid: string }[] }
    expect(new Set(listed.content.map(({ cid }) => cid)).size).toBe(count)
    const space = (await (await fetch(`${rest}/api/codex/v1/space`)).json()) as { totalBlocks: number }
    expect(space.totalBlocks).toBe(count)
    expect((await runProgram(quire, ['forget', titles[5]!.replace('.bin', ''), '--data', data])).code).toBe(1)
    expect((await runProgram(quire, ['forget', smallSet(3).record.manifestCid, '--data', data])).lines).toEqual([
      '3.bin is removed'
    ])
    expect((await fetch(`${rest}/api/codex/v1/data/${smallSet(3).record.manifestCid}`)).status).toBe(404)
    expect(await running.stop()).toBe(0)
  }, 240_000)
})
