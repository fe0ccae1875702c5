import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SocketControl } from '../../relay/control/reach.ts'
import { socketPath } from '../../relay/control/path.ts'
import type { ItemFacts } from '../../relay/control/types.ts'
import { openProgram, type Program as Asker } from '../../relay/program.ts'
import { type RunningRelay, startRelay } from '../../relay/relay.ts'
import { formatLink } from '../../src/core/link/link.ts'
import { temporaryFolder } from '../support/files.ts'
import { type Program, startProgram } from '../support/program.ts'
import { addSmallSets, smallSet } from '../support/small-sets.ts'

/** By default several pages of everything that goes in pages; `QUIRE_SETS=100000` is a keeper at its largest. */
const count = Number(process.env.QUIRE_SETS ?? 2_500)
let place: Awaited<ReturnType<typeof temporaryFolder>>
let relay: RunningRelay
let asker: Asker
let data: string

beforeAll(async () => {
  place = await temporaryFolder('large')
  data = join(place.path, 'keeper')
  relay = await startRelay({ port: 0, host: '127.0.0.1', dataDir: join(place.path, 'relay'), json: false }, place.path)
  asker = await openProgram({ relays: [relay.url] })
  await addSmallSets(join(data, 'store'), 0, count)
}, 600_000)

afterAll(async () => {
  await asker.close()
  await relay.stop()
  await place[Symbol.asyncDispose]()
})

async function startKeeper(): Promise<{ readonly keeper: Program; readonly rest: string }> {
  const words = ['keeper', '--rest-port', '0', '--data', data, '--relay', relay.url, '--json']
  const keeper = startProgram('relay/quire.js', words)
  const { rest } = JSON.parse(await keeper.line()) as { rest: string }
  return { keeper, rest }
}

/** Fetches one by way of the relay, as somebody who has its link. */
async function fetchOne(index: number): Promise<void> {
  const { record, content } = smallSet(index)
  const item = await asker.quire.open(formatLink(relay.url, { manifestCid: record.manifestCid, relays: [] }))
  await item.whenReady()
  expect(item.peek().title).toBe(record.title)
  const read = await new Response(item.read(0, 0, content.length)).bytes()
  expect(Buffer.from(read).equals(content)).toBe(true)
}

describe('a keeper of thousands of data sets', () => {
  it('[RL20] [CT4] serves any of them, also once it was killed and runs again, and lists them all', async () => {
    const first = await startKeeper()
    await using killed = first.keeper
    await fetchOne(count - 1)
    await fetchOne(7)
    await killed.kill()
    const { keeper, rest } = await startKeeper()
    await using again = keeper
    await fetchOne(count >> 1)

    const { record, content } = smallSet(19)
    const read = await (await fetch(`${rest}/api/codex/v1/data/${record.manifestCid}`)).bytes()
    expect(Buffer.from(read).equals(content)).toBe(true)

    const control = new SocketControl(socketPath(data))
    expect(await control.status()).toMatchObject({ items: count, heldForOthers: 0 })
    const items: ItemFacts[] = []
    for await (const item of control.list()) items.push(item)
    expect(items.map(({ title }) => title)).toEqual(Array.from({ length: count }, (_, i) => `${count - 1 - i}.bin`))
    const listed = (await (await fetch(`${rest}/api/codex/v1/data`)).json()) as { content: { cid: string }[] }
    expect(new Set(listed.content.map(({ cid }) => cid)).size).toBe(count)
    const space = (await (await fetch(`${rest}/api/codex/v1/space`)).json()) as { totalBlocks: number }
    expect(space.totalBlocks).toBe(count)

    expect(await control.forget(smallSet(3).record.manifestCid)).toMatchObject({ title: '3.bin' })
    expect((await fetch(`${rest}/api/codex/v1/data/${smallSet(3).record.manifestCid}`)).status).toBe(404)
    expect(await again.stop()).toBe(0)
  }, 480_000)
})
