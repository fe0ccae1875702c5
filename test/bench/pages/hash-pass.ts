/**
 * One pass of SHA-256 over a file: read 4 MiB at a time, the next part while this one is hashed by blocks of 64 KiB. It
 * is handed to pages as text, so it needs nothing from outside.
 */
export async function pass(file: File): Promise<void> {
  const partBytes = 4 * 1024 * 1024
  const blockBytes = 65_536
  const read = (at: number) => file.slice(at, at + partBytes).arrayBuffer()
  let next = read(0)
  for (let at = 0; at < file.size; at += partBytes) {
    const part = new Uint8Array(await next)
    next = read(at + partBytes)
    const hashes: Promise<ArrayBuffer>[] = []
    for (let from = 0; from < part.length; from += blockBytes) {
      hashes.push(crypto.subtle.digest('SHA-256', part.subarray(from, from + blockBytes)))
    }
    await Promise.all(hashes)
  }
}
