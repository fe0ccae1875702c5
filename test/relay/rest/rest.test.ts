import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectShape, startedKeeper, type StartedKeeper, titlesIn } from '../../support/keeper.ts'
import { type Quire, startQuire } from '../../support/program.ts'

let one: StartedKeeper
let relay: Quire

beforeAll(async () => {
  relay = await startQuire()
  one = await startedKeeper('--relay', relay.url)
})
afterAll(async () => {
  await one[Symbol.asyncDispose]()
  await relay[Symbol.asyncDispose]()
})

const at = (path: string, options?: RequestInit): Promise<Response> => fetch(`${one.base}${path}`, options)

async function uploaded(body: string | Uint8Array, headers: Record<string, string> = {}): Promise<string> {
  const response = await at('/data', { method: 'POST', body: Buffer.from(body), headers })
  expect(response.status).toBe(200)
  return response.text()
}

describe('uploads', () => {
  it('[RE1] have the addresses that nodes of Codex give them', async () => {
    const named = { 'Content-Type': 'text/plain', 'Content-Disposition': 'attachment; filename="hello.txt"' }
    expect(await uploaded('Hello World!', named)).toBe('zDvZRwzmAvGXfZyfdvz1FMD89V4yDXLCPW8NcfQk3wSN55Z3AfYd')
    expect(await uploaded('some file contents')).toBe('zDvZRwzmDuZWyWGSH6qZqF7ft1AGzxqxqRNQXfpPRKPPr389wS6s')
    const list = (await (await at('/data')).json()) as { content: { cid: string; manifest: object }[] }
    expectShape('List', list)
    expect(list.content.find(({ cid }) => cid.endsWith('AfYd'))!.manifest).toEqual({
      treeCid: 'zDzSvJTf8JYwvysKPmG7BtzpbiAHfuwFMRphxm4hdvnMJ4XPJjKX',
      datasetSize: 12,
      blockSize: 65_536,
      protected: false,
      filename: 'hello.txt',
      mimetype: 'text/plain'
    })
  })

  it.each([
    ['plain/text', undefined, 422, "The MIME type 'plain/text' is not valid."],
    [
      'multipart/form-data; boundary=x',
      undefined,
      422,
      "The MIME type 'multipart/form-data; boundary=x' is not valid."
    ],
    ['text/<script>', undefined, 422, "The MIME type 'text/?script?' is not valid."],
    [undefined, 'attachment; filename="../../etc/passwd"', 422, 'The filename is not valid.'],
    [undefined, 'attachment; filename="CON.txt"', 422, 'The filename is not valid.'],
    [undefined, `attachment; filename="${'a'.repeat(256)}"`, 422, 'The filename is not valid.'],
    [undefined, "attachment; filename*=UTF-8''%E0%A4", 422, 'The filename is not valid.']
  ])('[RE2] type %s, name %s: %i', async (type, name, status, words) => {
    const headers = { ...(type && { 'Content-Type': type }), ...(name && { 'Content-Disposition': name }) }
    const response = await at('/data', { method: 'POST', body: Buffer.from('x'), headers })
    expect([response.status, await response.text()]).toEqual([status, words])
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8')
  })

  it.each([
    ['attachment; filename="näme.txt"', 'näme.txt'],
    ['filename="x"', 'x'],
    ['attachment; filename=plain.txt', 'plain.txt'],
    ['attachment; filename="a.txt"; filename*=UTF-8\'\'%C3%BC.txt', 'ü.txt']
  ])('[RE1] reads the name in %s', async (header, name) => {
    const cid = await uploaded(`named ${name}`, { 'Content-Disposition': Buffer.from(header).toString('latin1') })
    const item = (await (await at(`/data/${cid}/network/manifest`)).json()) as { manifest: { filename: string } }
    expectShape('Item', item)
    expect(item.manifest.filename).toBe(name)
  })

  it('[RE2] an empty body and another size of blocks are refused with a reason', async () => {
    const empty = await at('/data', { method: 'POST', body: '' })
    expect([empty.status, await empty.text()]).toEqual([422, expect.stringContaining('empty')])
    const strange = await at('/data?blockSize=1000', { method: 'POST', body: Buffer.from('x') })
    expect(strange.status).toBe(400)
    const other = await at('/data?blockSize=4096', { method: 'POST', body: Buffer.from('x') })
    expect(other.status).toBe(422)
  })

  it('[RE3] the same data set sent twice is held once, and one that breaks off leaves nothing', async () => {
    const body = randomBytes(200_000)
    const cid = await uploaded(body)
    const before = (await (await at('/space')).json()) as { totalBlocks: number }
    expectShape('Space', before)
    expect(await uploaded(body)).toBe(cid)
    await brokenUpload(one.keeper.rest, 300_000)
    await expect.poll(async () => (await readdir(join(one.dir, 'uploads'))).length).toBe(0)
    expect(await (await at('/space')).json()).toEqual(before)
  })

  it('[RE3] [RE7] what is sent takes the place of what is only wished for', async () => {
    const body = randomBytes(200_000)
    const cid = await uploaded(body)
    await at(`/data/${cid}`, { method: 'DELETE' })
    const wished = at(`/data/${cid}/network`, { method: 'POST' })
    const listed = () => titlesIn(one.dir, cid)
    await expect.poll(listed).toHaveLength(1)
    expect(await uploaded(body)).toBe(cid)
    expect(await (await at(`/data/${cid}/exists`)).json()).toMatchObject({ has: true })
    const sent = await at(`/data/${cid}`)
    expect(hashOf(Buffer.from(await sent.arrayBuffer()))).toBe(hashOf(body))
    expect(await listed()).toHaveLength(1)
    expect((await wished).status).toBe(200)
  })

  it('[RE2] [RE4] what does not fit is refused at once, while the client still sends', async () => {
    await using small = await startedKeeper('--quota', '1000000')
    const status = await new Promise<number>((resolve, reject) => {
      const headers = { 'Content-Length': 20_000_000 }
      const request = httpRequest(`${small.base}/data`, { method: 'POST', headers }, (answer) => {
        answer.resume()
        resolve(answer.statusCode!)
      })
      request.on('error', reject)
      request.end(Buffer.alloc(20_000_000))
    })
    expect(status).toBe(507)
    // Who wants one answer alone on its connection reads it, whatever it still sends.
    const { hostname, port } = new URL(small.base)
    const socket = connect(Number(port), hostname)
    const head = `POST /api/codex/v1/data HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n`
    socket.write(`${head}Content-Length: 20000000\r\n\r\n`)
    const ended = once(socket, 'end')
    const write = promisify((bytes: Buffer, done: (error?: Error | null) => void) => socket.write(bytes, done))
    expect(String((await once(socket, 'data'))[0])).toContain(' 507 ')
    for (let sent = 0; sent < 20; sent++) await write(Buffer.alloc(1_000_000))
    await ended
    const chunked = await fetch(`${small.base}/data`, {
      method: 'POST',
      body: slowly(3_000_000),
      duplex: 'half'
    } as object)
    expect(chunked.status).toBe(507)
    expect(((await (await fetch(`${small.base}/data`)).json()) as { content: [] }).content).toEqual([])
  })
})

/** A body whose length nobody says before. */
function slowly(sizeBytes: number): ReadableStream<Uint8Array> {
  let left = sizeBytes
  return new ReadableStream({
    pull(controller) {
      if (left <= 0) return controller.close()
      left -= 100_000
      controller.enqueue(new Uint8Array(100_000).fill(7))
    }
  })
}

/** Says that it has more than it sends, and goes. */
async function brokenUpload(rest: string, sizeBytes: number): Promise<void> {
  const { hostname, port } = new URL(rest)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => undefined)
  socket.write(`POST /api/codex/v1/data HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${sizeBytes}\r\n\r\n`)
  await new Promise((resolve) => socket.write(Buffer.alloc(sizeBytes / 2), resolve))
  socket.destroy()
}

describe('downloads', () => {
  const body = randomBytes(500_000)

  it('[RE5] whole, in part, by HEAD, and not again when nothing changed', async () => {
    const cid = await uploaded(body, { 'Content-Type': 'video/mp4', 'Content-Disposition': 'filename="a b.mp4"' })
    const whole = await at(`/data/${cid}`)
    const heads = ['content-type', 'content-length', 'accept-ranges', 'x-content-type-options']
    expect(heads.map((name) => whole.headers.get(name))).toEqual(['video/mp4', '500000', 'bytes', 'nosniff'])
    expect(whole.headers.get('content-disposition')).toContain('filename="a b.mp4"')
    expect(Buffer.from(await whole.arrayBuffer()).equals(body)).toBe(true)
    const part = await at(`/data/${cid}`, { headers: { 'Range': 'bytes=65530-65541', 'If-Range': `"${cid}"` } })
    expect([part.status, part.headers.get('content-range')]).toEqual([206, 'bytes 65530-65541/500000'])
    expect(Buffer.from(await part.arrayBuffer()).equals(body.subarray(65_530, 65_542))).toBe(true)
    expect((await at(`/data/${cid}`, { headers: { Range: 'bytes=500000-' } })).status).toBe(416)
    const head = await at(`/data/${cid}`, { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '500000'])
    expect((await at(`/data/${cid}`, { headers: { 'If-None-Match': `"${cid}"` } })).status).toBe(304)
  })

  it('[RE7] [RE8] what is no CID, what is not held, and what was removed', async () => {
    for (const bad of ['hello', 'f'.repeat(32)]) {
      const response = await at(`/data/${bad}`)
      expect([response.status, await response.text()]).toEqual([400, 'Incorrect Cid'])
    }
    expect((await at('/data/%E0%A4')).status).toBe(400)
    const cid = await uploaded('to be removed')
    const exists = await (await at(`/data/${cid}/exists`)).json()
    expectShape('Exists', exists)
    expect(exists).toEqual({ [cid]: true, has: true })
    for (let i = 0; i < 2; i++) {
      const removed = await at(`/data/${cid}`, { method: 'DELETE' })
      expect([removed.status, await removed.text()]).toEqual([204, ''])
    }
    expect(await (await at(`/data/${cid}/exists`)).json()).toEqual({ [cid]: false, has: false })
    const gone = await at(`/data/${cid}`)
    expect([gone.status, await gone.text()]).toEqual([404, expect.stringContaining('could not be retrieved')])
    expect((await at('/data/zDzSvJTf8JYwvysKPmG7BtzpbiAHfuwFMRphxm4hdvnMJ4XPJjKX')).status).toBe(404)
  })
})

describe('the network', () => {
  it('[RE6] what another holds is streamed, fetched in the background, and its manifest asked for', async () => {
    await using two = await startedKeeper('--relay', relay.url)
    const other = `${two.keeper.rest}/api/storage/v1`
    const body = randomBytes(700_000)
    const cid = await uploaded(body)
    const manifest = await fetch(`${other}/data/${cid}/network/manifest`)
    expectShape('Item', await manifest.json())
    expect(((await (await fetch(`${other}/data`)).json()) as { content: [] }).content).toEqual([])
    const begun = (await (await fetch(`${other}/data/${cid}/network`, { method: 'POST' })).json()) as {
      downloadId: number
    }
    expectShape('Fetch', begun)
    const progressAt = `${other}/data/${cid}/network/progress/${begun.downloadId}`
    await expect
      .poll(async () => {
        const progress = (await (await fetch(progressAt)).json()) as { active: boolean }
        expectShape('Progress', progress)
        return progress.active
      })
      .toBe(false)
    const again = await fetch(`${other}/data/${cid}`)
    expect(hashOf(Buffer.from(await again.arrayBuffer()))).toBe(hashOf(body))
    await fetch(`${other}/data/${cid}`, { method: 'DELETE' })
    const streamed = await fetch(`${other}/data/${cid}/network/stream`)
    expect(hashOf(Buffer.from(await streamed.arrayBuffer()))).toBe(hashOf(body))
    expect((await fetch(`${other}/data/${cid}/network/77`, { method: 'DELETE' })).status).toBe(404)
  })

  it('[RE6] who the node is', async () => {
    const info = (await (await at('/debug/info')).json()) as { id: string; repo: string }
    expectShape('Info', info)
    expect([info.id, info.repo]).toEqual([one.keeper.peerId, ''])
    for (const path of ['/peerid', '/node/peerid']) {
      expect(await (await at(path)).json()).toEqual({ id: one.keeper.peerId })
      expect(await (await at(path, { headers: { Accept: 'text/plain' } })).text()).toBe(one.keeper.peerId)
    }
    expectShape('Spr', await (await at('/spr')).json())
    expect((await at('/debug/chronicles/loglevel?level=DEBUG', { method: 'POST' })).status).toBe(200)
    expect((await at('/debug/chronicles/loglevel', { method: 'POST' })).status).toBe(400)
    expect((await at('/storage/purchases')).status).toBe(503)
    expect((await at('/nothing')).status).toBe(404)
    expect((await at('/data', { method: 'PUT' })).status).toBe(405)
  })
})

const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')
