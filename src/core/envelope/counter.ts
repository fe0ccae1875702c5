const aesBlockBytes = 16

/** Counter block of AES-CTR for the AES block at a byte position: position / 16, big-endian in 16 bytes. [EN4] */
export function counterAt(offsetBytes: number): Uint8Array {
  if (offsetBytes % aesBlockBytes !== 0) throw new RangeError('a counter stands for a whole AES block')
  const counter = new Uint8Array(aesBlockBytes)
  new DataView(counter.buffer).setBigUint64(8, BigInt(offsetBytes / aesBlockBytes))
  return counter
}
