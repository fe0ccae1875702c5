import { Codex, type SafeValue } from '@codex-storage/sdk-js'
import { NodeUploadStrategy } from '@codex-storage/sdk-js/node'
import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { startedKeeper } from '../../support/keeper.ts'

/** What a call gave; throws what it said instead. */
function dataOf<T>(answer: SafeValue<T>): T {
  if (answer.error) throw new Error(answer.data.message)
  return answer.data
}

it('[RE1] [RE5] [RE6] [RE8] the SDK of Codex for JavaScript stores, lists, reads and removes', async () => {
  await using started = await startedKeeper()
  const { keeper } = started
  const { data, node, debug, marketplace } = new Codex(keeper.rest)
  const bytes = randomBytes(150_000)
  const store = (body: Uint8Array, type = 'application/octet-stream', filename = 'three blocks.bin') =>
    data.upload(new NodeUploadStrategy(Buffer.from(body), { filename, mimetype: type })).result
  const cid = dataOf(await store(bytes))
  expect(dataOf(await data.cids()).content.map((each) => each.cid)).toEqual([cid])
  expect(dataOf(await data.fetchManifest(cid)).manifest).toMatchObject({ datasetSize: 150_000, protected: false })
  const local = dataOf(await data.localDownload(cid))
  expect(Buffer.from(await local.arrayBuffer()).equals(bytes)).toBe(true)
  const streamed = dataOf(await data.networkDownloadStream(cid))
  expect(Buffer.from(await streamed.arrayBuffer()).equals(bytes)).toBe(true)
  expect(dataOf(await data.networkDownload(cid)).cid).toBe(cid)
  expect(dataOf(await data.space()).totalBlocks).toBe(3)
  expect(dataOf(await debug.info()).id).toBe(keeper.peerId)
  expect(JSON.stringify(dataOf(await node.peerId()))).toContain(keeper.peerId)
  const refused = await store(bytes, 'plain/text')
  expect(refused).toMatchObject({
    error: true,
    data: { message: expect.stringContaining("'plain/text' is not valid") }
  })
  expect(await data.localDownload('hello')).toMatchObject({
    error: true,
    data: { code: 400, message: 'Incorrect Cid' }
  })
  expect(await marketplace.purchaseIds()).toMatchObject({ error: true, data: { code: 503 } })
  dataOf(await data.delete(cid))
  expect(dataOf(await data.cids()).content).toEqual([])
})
