import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openControl } from '../../../relay/control/open.ts'
import type { ManifestCid } from '../../../src/core/ids.ts'
import { formatLink } from '../../../src/core/link/link.ts'
import { expectShape, startedKeeper, type StartedKeeper } from '../../support/keeper.ts'
import { type Quire, startQuire } from '../../support/program.ts'
import { seededBytes } from '../../support/seeded.ts'

let relay: Quire
let holder: StartedKeeper
let asker: StartedKeeper

beforeAll(async () => {
  relay = await startQuire()
  holder = await startedKeeper('--relay', relay.url)
  asker = await startedKeeper('--relay', relay.url)
})
afterAll(async () => {
  await asker[Symbol.asyncDispose]()
  await holder[Symbol.asyncDispose]()
  await relay[Symbol.asyncDispose]()
})

async function upload({ base }: StartedKeeper, body: Uint8Array): Promise<string> {
  const answer = await fetch(`${base}/data`, { method: 'POST', body: Buffer.from(body) })
  expect(answer.status).toBe(200)
  return answer.text()
}

async function bytesAt(url: string): Promise<Buffer | number> {
  const answer = await fetch(url)
  return answer.status === 200 ? Buffer.from(await answer.arrayBuffer()) : answer.status
}

async function cidsIn({ dir }: StartedKeeper): Promise<(string | undefined)[]> {
  const control = await openControl(dir, [])
  const cids: (string | undefined)[] = []
  for await (const { cid } of control.list()) cids.push(cid)
  return cids
}

const linkOf = (cid: string): string => formatLink('', { manifestCid: cid as ManifestCid, relays: [] })

it('[RE6] who asks for the manifest takes nothing from who fetches the same', async () => {
  const body = seededBytes(1, 300_000)
  const at = `${asker.base}/data/${await upload(holder, body)}`
  const answers = await Promise.all([
    fetch(`${at}/network/manifest`),
    fetch(`${at}/network`, { method: 'POST' }),
    fetch(`${at}/network/manifest`)
  ])
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
  await expect.poll(() => bytesAt(at)).toEqual(Buffer.from(body))
})

it('[RE6] who goes takes nothing from who waits for the same', async () => {
  const body = seededBytes(2, 300_000)
  const cid = await upload(holder, body)
  await fetch(`${holder.base}/data/${cid}`, { method: 'DELETE' })
  const at = `${asker.base}/data/${cid}`
  const gone = new AbortController()
  const first = fetch(`${at}/network/manifest`, { signal: gone.signal })
  await expect.poll(() => cidsIn(asker)).toContain(cid)
  // Who is told to go on has its request taken up.
  const second = httpRequest(`${at}/network`, { method: 'POST', headers: { Expect: '100-continue' } })
  const answered = once(second, 'response')
  second.flushHeaders()
  await once(second, 'continue')
  second.end()
  gone.abort()
  await expect(first).rejects.toThrow('abort')
  expect(await upload(holder, body)).toBe(cid)
  const [{ statusCode }] = (await answered) as [{ statusCode: number }]
  expect(statusCode).toBe(200)
  await expect.poll(() => bytesAt(at)).toEqual(Buffer.from(body))
})

it('[RE6] one of two fetches is cancelled, and the other goes on; with the last what came goes', async () => {
  const body = seededBytes(3, 300_000)
  const cid = await upload(holder, body)
  const at = `${asker.base}/data/${cid}/network`
  const begin = async () => ((await (await fetch(at, { method: 'POST' })).json()) as { downloadId: number }).downloadId
  const [one, two] = await Promise.all([begin(), begin()])
  expect((await fetch(`${at}/${one}`, { method: 'DELETE' })).status).toBe(204)
  await expect.poll(() => bytesAt(`${asker.base}/data/${cid}`)).toEqual(Buffer.from(body))
  expect((await fetch(`${at}/${two}`, { method: 'DELETE' })).status).toBe(204)
  expect(await cidsIn(asker)).toContain(cid) // it was whole by then
})

it('[RE6] [CT8] what there is no room for says so, has a manifest all the same, and is tried again', async () => {
  await using small = await startedKeeper('--relay', relay.url, '--quota', '1000000')
  const body = seededBytes(4, 700_000)
  const cid = await upload(holder, body)
  const control = await openControl(small.dir, [])
  const at = `${small.base}/data/${cid}`
  const full = async (answer: Response) => [answer.status, await answer.text()]
  const sentence = [507, expect.stringMatching(/^This needs \d+ bytes, and \d+ are free\.$/)]
  for (const again of ['by the API', 'by the command line']) {
    const other = await upload(small, seededBytes(5, 600_000))
    const manifest = await fetch(`${at}/network/manifest`)
    expect([again, manifest.status]).toEqual([again, 200])
    expectShape('Item', await manifest.json())
    expect(await full(await fetch(`${at}/network`, { method: 'POST' }))).toEqual(sentence)
    expect(await full(await fetch(`${at}/network/stream`))).toEqual(sentence)
    expect(await cidsIn(small)).toEqual([other])
    const keep = () => control.keep({ link: linkOf(cid) }, () => undefined)
    await expect(keep()).rejects.toMatchObject({ code: 'store-full' })
    expect(await full(await fetch(`${at}/network/stream`))).toEqual(sentence)
    expect(await cidsIn(small)).toHaveLength(2)
    await fetch(`${small.base}/data/${other}`, { method: 'DELETE' })
    if (again === 'by the API') expect(await bytesAt(`${at}/network/stream`)).toEqual(Buffer.from(body))
    else expect(await keep()).toMatchObject({ cid, complete: true })
    await fetch(at, { method: 'DELETE' })
    const used = async () => (await (await fetch(`${small.base}/space`)).json()) as object
    expect(await used()).toMatchObject({ quotaUsedBytes: 0 })
  }
})

it('[RE11] what is sealed here is neither told of nor lost, whatever asks for its address', async () => {
  const path = join(asker.dir, 'secret.bin')
  await writeFile(path, seededBytes(6, 200_000))
  const control = await openControl(asker.dir, [])
  const { cid } = await control.add({ paths: [path] }, () => undefined)
  for (const way of ['manifest', 'stream']) {
    const answer = await fetch(`${asker.base}/data/${cid}/network/${way}`, { headers: { Range: 'bytes=0-9' } })
    expect([answer.status, await answer.text()]).toEqual([404, expect.stringContaining('could not be retrieved')])
  }
  expect(await cidsIn(asker)).toContain(cid)
})
