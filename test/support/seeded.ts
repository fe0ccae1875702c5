/** Bytes that look random and are the same for the same seed (xorshift32). */
export function seededBytes(seed: number, length: number): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(length / 4))
  const next = seededWords(seed)
  for (let i = 0; i < words.length; i++) words[i] = next()
  return new Uint8Array(words.buffer, 0, length)
}

/** Evenly distributed in [0, 1). */
export function seededRandom(seed: number): () => number {
  const next = seededWords(seed)
  return () => next() / 2 ** 32
}

function seededWords(seed: number): () => number {
  let state = (seed ^ 0x9e3779b9) >>> 0 || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}
