/// <reference lib="webworker" />

/** SHA-256 of every 64 KiB, then 4 MiB records in strict transactions: the least that "verified and stored" costs. */
const blockBytes = 65_536
const segmentBytes = 4 * 1024 * 1024
const segment = { bytes: new Uint8Array(segmentBytes), filled: 0, number: 0 }
const hashing: Promise<unknown>[] = []
let queue = openDatabase()

function openDatabase(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(`bare-${Date.now()}`)
    request.onupgradeneeded = () => request.result.createObjectStore('segments')
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(new Error('no database', { cause: request.error }))
  })
}

function store(bytes: Uint8Array, number: number): void {
  queue = queue.then(
    (database) =>
      new Promise((resolve, reject) => {
        const transaction = database.transaction('segments', 'readwrite', { durability: 'strict' })
        transaction.objectStore('segments').put(bytes, number)
        transaction.oncomplete = () => resolve(database)
        transaction.onerror = () => reject(new Error('not stored', { cause: transaction.error }))
      })
  )
}

function take(bytes: Uint8Array<ArrayBuffer>): void {
  for (let at = 0; at < bytes.length; at += blockBytes) {
    hashing.push(crypto.subtle.digest('SHA-256', bytes.subarray(at, at + blockBytes)))
  }
  for (let at = 0; at < bytes.length;) {
    const part = bytes.subarray(at, at + segmentBytes - segment.filled)
    segment.bytes.set(part, segment.filled)
    segment.filled += part.length
    at += part.length
    if (segment.filled < segmentBytes) continue
    store(segment.bytes, segment.number++)
    segment.bytes = new Uint8Array(segmentBytes)
    segment.filled = 0
  }
}

self.onmessage = ({ data: { data, last } }: MessageEvent<{ data: ArrayBuffer; last: boolean }>) => {
  take(new Uint8Array(data))
  if (!last) return
  if (segment.filled > 0) store(segment.bytes.slice(0, segment.filled), segment.number)
  void Promise.all([...hashing, queue]).then(() => postMessage('done'))
}
