import { QuireError } from '../errors.ts'
import type { ManifestCid, TreeCid } from '../ids.ts'
import { base58Decode, base58Encode } from './base58.ts'

/** Multicodec numbers of what a Codex CID names. */
export const cidCodec = { manifest: 0xcd01, block: 0xcd02, tree: 0xcd03 } as const
export type CidKind = keyof typeof cidCodec
export type CidCodec = (typeof cidCodec)[CidKind]

export interface Cid {
  readonly codec: CidCodec
  /** 32 bytes: SHA-256 of a manifest or block, or a Merkle root. */
  readonly digest: Uint8Array
}

export const digestBytes = 32
/** Hash code of SHA-256. */
export const sha256Code = 0x12
/** Version 1, codec in 3 bytes, hash code, digest length. */
const headBytes = 6
const cidBytesLength = headBytes + digestBytes
/** `z` and 51 digits: with its first bytes fixed, a CID of ours always has this length. */
export const cidTextLength = 52

export class BadCid extends QuireError {
  readonly code = 'bad-cid'
  readonly fault = 'user'
  readonly retryable = false
  constructor(reason: string) {
    super(`This is not the address of a data set: ${reason}.`, { reason })
  }
}

/** `01` ‖ codec as varint ‖ `12 20` ‖ digest: 38 bytes. [CI1] */
export function encodeCidBytes(codec: CidCodec, digest: Uint8Array): Uint8Array {
  if (digest.length !== digestBytes) throw new RangeError('a digest has 32 bytes')
  const bytes = new Uint8Array(cidBytesLength)
  bytes.set([1, (codec & 0x7f) | 0x80, ((codec >> 7) & 0x7f) | 0x80, codec >> 14, sha256Code, digestBytes])
  bytes.set(digest, headBytes)
  return bytes
}

/** Reads the 38 bytes of a manifest, block or tree CID; throws BadCid for any others. [CI2] */
export function decodeCidBytes(bytes: Uint8Array): Cid {
  if (bytes.length !== cidBytesLength) throw new BadCid('its length is wrong')
  if (bytes[0] !== 1) throw new BadCid('its version is not 1')
  if (bytes[4] !== sha256Code || bytes[5] !== digestBytes) throw new BadCid('its hash is not SHA-256')
  const named = ((bytes[1]! & 0x7f) | ((bytes[2]! & 0x7f) << 7) | (bytes[3]! << 14)) as CidCodec
  const isMinimal = bytes[1]! >= 0x80 && bytes[2]! >= 0x80 && bytes[3]! < 0x80
  const codec = Object.values(cidCodec).find((each) => each === named)
  if (codec === undefined || !isMinimal) throw new BadCid('it names something else than a manifest, block or tree')
  return { codec, digest: bytes.slice(headBytes) }
}

/** Text form: `z` and base58btc of the bytes. [CI1] */
export const encodeCid = (codec: CidCodec, digest: Uint8Array): string =>
  `z${base58Encode(encodeCidBytes(codec, digest))}`

/** Throws BadCid for anything but the one text of a manifest, block or tree CID. [CI2] */
export function decodeCid(text: string): Cid {
  if (text.length !== cidTextLength) throw new BadCid('its length is wrong')
  if (!text.startsWith('z')) throw new BadCid('it does not begin with z')
  const bytes = base58Decode(text.slice(1))
  if (!bytes) throw new BadCid('it has a character that none has')
  return decodeCidBytes(bytes)
}

function digestOfKind(kind: CidKind, { codec, digest }: Cid): Uint8Array {
  if (codec !== cidCodec[kind]) throw new BadCid(`it does not name a ${kind}`)
  return digest
}

/** `digest`: SHA-256 of the encoded manifest. */
export const manifestCidOf = (digest: Uint8Array): ManifestCid => encodeCid(cidCodec.manifest, digest) as ManifestCid
/** `root`: the Merkle root itself. */
export const treeCidOf = (root: Uint8Array): TreeCid => encodeCid(cidCodec.tree, root) as TreeCid
/** `digest`: SHA-256 of the whole, zero-filled block. */
export const blockCidOf = (digest: Uint8Array): string => encodeCid(cidCodec.block, digest)

export const digestOfManifestCid = (cid: ManifestCid): Uint8Array => digestOfKind('manifest', decodeCid(cid))
export const rootOfTreeCid = (cid: TreeCid): Uint8Array => digestOfKind('tree', decodeCid(cid))
/** The root named by the bytes of a tree CID; BadCid for any other. */
export const rootOfTreeCidBytes = (bytes: Uint8Array): Uint8Array => digestOfKind('tree', decodeCidBytes(bytes))

/** Checks a text from outside; throws BadCid. */
export function parseManifestCid(text: string): ManifestCid {
  digestOfKind('manifest', decodeCid(text))
  return text as ManifestCid
}

/** Checks a text from outside; throws BadCid. */
export function parseTreeCid(text: string): TreeCid {
  digestOfKind('tree', decodeCid(text))
  return text as TreeCid
}

/** Bytes of a manifest's address, as hashes over it take them. */
export const manifestCidBytes = (cid: ManifestCid): Uint8Array =>
  encodeCidBytes(cidCodec.manifest, digestOfManifestCid(cid))
