import { Codex, type SafeValue } from '@codex-storage/sdk-js'
import { BrowserUploadStrategy } from '@codex-storage/sdk-js/browser'

/** What a call gave; throws what it said instead. */
function dataOf<T>(answer: SafeValue<T>): T {
  if (answer.error) throw new Error(answer.data.message)
  return answer.data
}

/** Stores a text at a keeper, lists what is there, and reads it back. */
async function roundTrip(keeper: string, text: string) {
  const { data } = new Codex(keeper)
  const toldBytes: number[] = []
  const strategy = new BrowserUploadStrategy(text, (loadedBytes) => toldBytes.push(loadedBytes), {
    filename: 'page.txt',
    mimetype: 'text/plain'
  })
  const cid = dataOf(await data.upload(strategy).result)
  const listed = dataOf(await data.cids()).content.map((each) => [each.cid, each.manifest.filename])
  const local = await dataOf(await data.localDownload(cid)).text()
  const streamed = await dataOf(await data.networkDownloadStream(cid)).text()
  const { manifest } = dataOf(await data.fetchManifest(cid))
  dataOf(await data.delete(cid))
  const left = dataOf(await data.cids()).content.length
  return { cid, listed, local, streamed, sizeBytes: manifest.datasetSize, toldBytes: toldBytes.at(-1), left }
}

export type RoundTrip = typeof roundTrip

Object.assign(globalThis, { roundTrip })
