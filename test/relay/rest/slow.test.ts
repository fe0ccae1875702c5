import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Additions, type AdditionsParts } from '../../../relay/additions.ts'
import { silence } from '../../../relay/log.ts'
import { Downloads } from '../../../relay/rest/downloads.ts'
import { type RestServer, serveRest } from '../../../relay/rest/server.ts'
import { Turns } from '../../../relay/rest/turns.ts'
import type { RestParts } from '../../../relay/rest/types.ts'
import { manifestCidOf, treeCidOf } from '../../../src/core/block/cid.ts'
import { formatLink } from '../../../src/core/link/link.ts'
import { encodeManifest } from '../../../src/core/manifest/manifest.ts'
import { freshRecord } from '../../../src/engine/describe.ts'
import { newSetId } from '../../../src/engine/set-id.ts'
import type { FileSource, ItemView } from '../../../src/engine/types.ts'
import { temporaryFolder } from '../../support/files.ts'
import { seededBytes } from '../../support/seeded.ts'
import { sha256 } from '../../support/sha256.ts'

/** Longer than a busy machine stands still. */
const idleMs = 2_000
const datasetBytes = 200_000
const manifest = encodeManifest({ treeCid: treeCidOf(seededBytes(1, 32)), blockBytes: 65_536, datasetBytes }, '0.4')
const manifestCid = manifestCidOf(sha256(manifest))
const record = { ...freshRecord(newSetId()), origin: 'fetched', kind: 'plain', manifestCid, manifest } as const

/** A data set on a disk, or from peers, that are as slow as a test says. */
let ready = async (): Promise<void> => undefined
let tell = (_view: Partial<ItemView>): void => undefined
const link = formatLink('', { manifestCid, relays: [] })
const item = {
  whenReady: () => ready(),
  record,
  id: record.id,
  peek: () => ({ state: 'fetching', link, can: [], createdAtMs: 0 }),
  subscribe(listener: typeof tell) {
    tell = listener
    return () => undefined
  },
  read: () => new ReadableStream({ pull: () => new Promise(() => undefined) }),
  remove: async () => undefined
}

/** What was to be added, in order. */
let added: FileSource[]

let server: RestServer
let parts: RestParts
let folder: Awaited<ReturnType<typeof temporaryFolder>>

beforeEach(async () => {
  folder = await temporaryFolder('slow')
  added = []
  ready = async () => undefined
  const visit = { item, keep: () => undefined, end: async () => undefined }
  const quire = {
    storage: { peek: () => ({ usedBytes: 0, limitBytes: 1e9, freeBytes: 1e9 }) },
    add([source]: FileSource[]) {
      added.push(source!)
      return item
    },
    items: () => [item]
  }
  const catalog = { itemByManifest: async () => undefined }
  parts = {
    uploads: folder.path,
    uploadTurns: new Turns(2),
    quire,
    catalog,
    additions: new Additions({ quire, catalog } as unknown as AdditionsParts),
    visits: { begin: async () => visit },
    leftBytes: () => 1e9,
    downloads: new Downloads()
  } as unknown as RestParts
  server = await serving(idleMs)
})
afterEach(async () => {
  await server.close()
  await folder[Symbol.asyncDispose]()
})

function serving(silentMs: number): Promise<RestServer> {
  const open = { host: '127.0.0.1', port: 0, tls: undefined, asksCertificates: false, origins: [], anyHost: false }
  return serveRest(parts, { ...open, idleMs: silentMs }, silence)
}

const at = (path: string): string => `${server.url}/api/codex/v1${path}`

it('[RE10] an upload that is here waits for the disk, whether or not it said its length', async () => {
  // Time: the disk takes longer than a connection may be silent.
  ready = () => new Promise((resolve) => setTimeout(resolve, 2.5 * idleMs))
  const bytes = Buffer.from(seededBytes(2, 1000))
  const told = [bytes, new Blob([bytes]).stream()].map(async (body) => {
    const answer = await fetch(at('/data'), { method: 'POST', body, duplex: 'half' } as RequestInit)
    return [answer.status, await answer.text()]
  })
  expect(await Promise.all(told)).toEqual([
    [200, manifestCid],
    [200, manifestCid]
  ])
})

it('[RE10] a client that is silent in the middle of its upload is cut', async () => {
  const socket = connect(server.port, '127.0.0.1')
  socket.write('POST /api/codex/v1/data HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n12345')
  socket.resume()
  await once(socket, 'close')
})

it('[RE6] a stream whose fetch fails is cut', async () => {
  await server.close()
  server = await serving(0)
  const answer = await fetch(at(`/data/${manifestCid}/network/stream`))
  expect([answer.status, answer.headers.get('content-length')]).toEqual([200, String(datasetBytes)])
  const rest = answer.arrayBuffer()
  tell({ state: 'error' })
  await expect(rest).rejects.toThrow()
})

it('[RE13] of all uploads few parts are in memory at one time, and one that is still to come holds up nobody', async () => {
  const stored = Promise.withResolvers<void>()
  ready = () => stored.promise
  const slow = connect(server.port, '127.0.0.1')
  slow.write('POST /api/codex/v1/data HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n12345')
  await vi.waitUntil(() => added.length === 1)
  const whole = Array.from({ length: 4 }, () => fetch(at('/data'), { method: 'POST', body: 'x'.repeat(100) }))
  await vi.waitUntil(() => added.length === 5)

  const leaving: (() => void)[] = []
  for (const source of added) {
    source.whenReadable!(100).then(
      (leave) => leaving.push(leave),
      () => undefined // the slow one, once it has gone
    )
  }
  for (const given of [2, 3, 4]) {
    await vi.waitUntil(() => leaving.length === given)
    leaving[given - 2]!()
  }
  stored.resolve()
  expect((await Promise.all(whole)).map(({ status }) => status)).toEqual([200, 200, 200, 200])
  slow.destroy()
})

it('[RE13] turns are given in the order in which they are asked for', async () => {
  const turns = new Turns(1)
  const leave = await turns.take()
  const order: number[] = []
  const later = [1, 2, 3].map(async (i) => {
    const leaveNext = await turns.take()
    order.push(i)
    leaveNext()
  })
  expect(order).toEqual([])
  leave()
  await Promise.all(later)
  expect(order).toEqual([1, 2, 3])
})
