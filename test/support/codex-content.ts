import { sha256 as sha256Now } from '@noble/hashes/sha2.js'
import { blockCountOf, padBlock } from '../../src/core/block/blocks.ts'
import { type Tree, TreeBuilder } from '../../src/core/merkle/tree.ts'
import { utf8Encode } from '../../src/core/proto/utf8.ts'

type Bytes = Uint8Array<ArrayBuffer>

export async function sha256(bytes: Uint8Array): Promise<Bytes> {
  return new Uint8Array(await globalThis.crypto.subtle.digest('SHA-256', bytes as Bytes))
}

interface Recipe {
  readonly kind: string
  readonly seed?: string | number
  readonly length?: number
  readonly byte?: number
  readonly text?: string
}

/** Content by the recipes that the vectors state. */
export async function contentOf({ kind, seed = '', length = 0, byte = 0, text = '' }: Recipe): Promise<Bytes> {
  if (kind === 'utf8') return utf8Encode(text) as Bytes
  if (kind === 'repeat') return new Uint8Array(length).fill(byte)
  if (kind === 'xorshift32') return xorshift32(Number(seed), length)
  if (kind === 'stream') return stream(String(seed), length)
  throw new Error(`no recipe ${kind}`)
}

function xorshift32(seed: number, length: number): Bytes {
  let state = seed
  return new Uint8Array(length).map(() => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state & 0xff
  })
}

function stream(seed: string, length: number): Bytes {
  const label = utf8Encode(seed)
  const preimage = new Uint8Array(label.length + 8)
  preimage.set(label)
  const bytes = new Uint8Array(length)
  for (let at = 0, n = 0n; at < length; at += 32, n++) {
    new DataView(preimage.buffer).setBigUint64(label.length, n)
    bytes.set(sha256Now(preimage).subarray(0, length - at), at)
  }
  return bytes
}

export interface Hashed {
  readonly tree: Tree
  readonly blocks: readonly Uint8Array[]
}

/** Content as a data set: its zero-filled blocks and their tree. */
export async function hashed(content: Uint8Array, blockBytes: number): Promise<Hashed> {
  const builder = new TreeBuilder(blockCountOf(content.length, blockBytes))
  const blocks: Uint8Array[] = []
  for (let at = 0; at < content.length; at += blockBytes) {
    const block = padBlock(content.subarray(at, at + blockBytes), blockBytes)
    blocks.push(block)
    builder.append(await sha256(block))
  }
  return { tree: builder.finish(), blocks }
}
