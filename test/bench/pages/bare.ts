import BareWorker from './bare-worker.ts?worker'
import HashWorker from './hash-worker.ts?worker'

/**
 * What a browser gives with no protocol at all: one data channel, 256 KiB messages, and at the other end either nothing
 * ("raw") or SHA-256 of each block and segments in IndexedDB ("pipeline").
 */
const messageBytes = 256 * 1024
const highWater = 8 * 1024 * 1024
const lowWater = 4 * 1024 * 1024

let connection: RTCPeerConnection
let channel: RTCDataChannel

function connect(): Promise<string> {
  connection = new RTCPeerConnection()
  channel = connection.createDataChannel('bare', { negotiated: true, id: 1 })
  channel.binaryType = 'arraybuffer'
  return Promise.resolve('')
}

async function gathered(): Promise<string> {
  while (connection.iceGatheringState !== 'complete') {
    await new Promise((resolve) => connection.addEventListener('icegatheringstatechange', resolve, { once: true }))
  }
  return JSON.stringify(connection.localDescription)
}

async function offer(): Promise<string> {
  await connect()
  await connection.setLocalDescription(await connection.createOffer())
  return gathered()
}

async function answer(remote: string): Promise<string> {
  await connect()
  await connection.setRemoteDescription(JSON.parse(remote) as RTCSessionDescriptionInit)
  await connection.setLocalDescription(await connection.createAnswer())
  return gathered()
}

async function accept(remote: string): Promise<void> {
  await connection.setRemoteDescription(JSON.parse(remote) as RTCSessionDescriptionInit)
  if (channel.readyState !== 'open') await new Promise((resolve) => channel.addEventListener('open', resolve))
}

/** Sends so many bytes as fast as the channel takes them. */
async function send(totalBytes: number): Promise<void> {
  const message = crypto.getRandomValues(new Uint8Array(65_536))
  const whole = new Uint8Array(messageBytes)
  for (let at = 0; at < messageBytes; at += message.length) whole.set(message, at)
  channel.bufferedAmountLowThreshold = lowWater
  for (let sent = 0; sent < totalBytes; sent += messageBytes) {
    if (channel.bufferedAmount > highWater) {
      await new Promise((resolve) => channel.addEventListener('bufferedamountlow', resolve, { once: true }))
    }
    channel.send(whole)
  }
}

/** Resolves with the milliseconds from the first message to the last byte counted, or stored. */
function receive(totalBytes: number, way: 'raw' | 'pipeline'): Promise<number> {
  const worker = way === 'pipeline' ? new BareWorker() : undefined
  let received = 0
  let startMs = 0
  return new Promise((resolve) => {
    const done = () => {
      channel.onmessage = null
      worker?.terminate()
      resolve(performance.now() - startMs)
    }
    if (worker) worker.onmessage = done
    channel.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => {
      if (received === 0) startMs = performance.now()
      received += data.byteLength
      const last = received >= totalBytes
      if (worker) worker.postMessage({ data, last }, [data])
      else if (last) done()
    }
  })
}

/** Milliseconds of one pass of SHA-256 over a file, in a worker. */
function hash(file: File): Promise<number> {
  const worker = new HashWorker()
  return new Promise((resolve) => {
    const startMs = performance.now()
    worker.onmessage = () => {
      worker.terminate()
      resolve(performance.now() - startMs)
    }
    worker.postMessage(file)
  })
}

/** Removes what the pipeline stored. */
async function forget(): Promise<void> {
  for (const { name } of await indexedDB.databases()) {
    const request = indexedDB.deleteDatabase(name!)
    await new Promise((resolve) => (request.onsuccess = resolve))
  }
}

Object.assign(globalThis, { bare: { offer, answer, accept, send, receive, hash, forget } })
