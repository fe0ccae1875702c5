import { blockCountOf } from '../block/blocks.ts'
import { cidCodec, encodeCidBytes, rootOfTreeCid, rootOfTreeCidBytes, sha256Code, treeCidOf } from '../block/cid.ts'
import { QuireError } from '../errors.ts'
import type { TreeCid } from '../ids.ts'
import {
  blockBytesMax,
  blockBytesMin,
  blockCountMax,
  manifestBytesMax,
  manifestFieldsMax,
  mimeBytesMax,
  nameBytesMax
} from '../limits.ts'
import { type ProtoField, ProtoWriter, readProto } from '../proto/proto.ts'
import { utf8Decode, utf8Length } from '../proto/utf8.ts'

/** Wire forms of a manifest: nim-codex to 2025, v0.3 (January 2026), v0.4 (mid-2026). */
export type ManifestWire = '2025' | '0.3' | '0.4'

export interface ManifestFields {
  readonly treeCid: TreeCid
  readonly blockBytes: number
  readonly datasetBytes: number
  readonly fileName?: string
  readonly mimeType?: string
}

/** Every size that the format knows can be written; those over 2⁵³ − 1 are not read. */
export type WritableManifest = Omit<ManifestFields, 'datasetBytes'> & { readonly datasetBytes: number | bigint }

export interface Manifest extends ManifestFields {
  /** The form it was read from. Where forms look alike (no name, no mime type) the oldest. */
  readonly wire: ManifestWire
  readonly root: Uint8Array
  readonly blockCount: number
  /** Its tree covers data and parity blocks (2025 erasure coding): not a plain file. */
  readonly isProtected: boolean
}

export class BadManifest extends QuireError {
  readonly code = 'bad-manifest'
  readonly fault = 'peer'
  readonly retryable = false
  constructor(reason: string) {
    super(`The description of this data set cannot be used: ${reason}.`, { reason })
  }
}

/** A manifest version that this program does not know. */
export class NewerManifest extends QuireError {
  readonly code = 'newer-version'
  readonly fault = 'user'
  readonly retryable = false
  constructor() {
    super('This was made by a newer version. Update Quire to open it.')
  }
}

/** A name or mime type that a manifest cannot hold. */
export class BadFileName extends QuireError {
  readonly code = 'bad-file-name'
  readonly fault = 'user'
  readonly retryable = false
  constructor(what: 'name' | 'mime type', reason: string) {
    super(`The file's ${what} cannot be used: ${reason}.`, { what, reason })
  }
}

/** An enum position: 2 stands for CIDv1. */
const cidV1 = 2

/**
 * The bytes of a manifest: one outer field 1 around the header. Numbers are always written, also when 0; an empty
 * text is left out. Throws BadFileName. [MF1] [MF2]
 */
export function encodeManifest(fields: WritableManifest, wire: ManifestWire): Uint8Array {
  checkTexts(fields)
  const header = new ProtoWriter()
  let next = 1
  if (wire === '0.4') header.uint(next++, 0)
  header.bytes(next++, encodeCidBytes(cidCodec.tree, rootOfTreeCid(fields.treeCid)))
  for (const value of [fields.blockBytes, fields.datasetBytes, cidCodec.block, sha256Code, cidV1])
    header.uint(next++, value)
  if (wire === '2025') next++ // the place of the erasure message
  if (fields.fileName) header.text(next, fields.fileName)
  if (fields.mimeType) header.text(next + 1, fields.mimeType)
  return new ProtoWriter().bytes(1, header.finish()).finish()
}

function checkTexts({ fileName = '', mimeType = '' }: WritableManifest): void {
  if (utf8Length(fileName) > nameBytesMax) throw new BadFileName('name', 'it is too long')
  // eslint-disable-next-line no-control-regex -- control characters are what this looks for
  if (/[/\u0000-\u001f]/.test(fileName)) throw new BadFileName('name', 'a character in it is not allowed in names')
  if (utf8Length(mimeType) > mimeBytesMax) throw new BadFileName('mime type', 'it is too long')
}

/** Reads any of the three forms, at most `manifestBytesMax` long; throws BadManifest or NewerManifest for everything else. [MF3] */
export function decodeManifest(bytes: Uint8Array): Manifest {
  if (bytes.length > manifestBytesMax) throw new BadManifest('it is too long')
  const outer = readProto(bytes, manifestFieldsMax)
  const inner = outer?.find((field) => field.number === 1)?.bytes
  const header = inner && readProto(inner, manifestFieldsMax)
  if (!header) throw new BadManifest('it is not well formed')
  const layout = layoutOf(header)
  const base = layout.wire === '0.4' ? 1 : 0
  if (base === 1 && header.find((field) => field.number === 1)!.value !== 0n) throw new NewerManifest()
  return checked(header, base, layout)
}

interface Layout {
  readonly wire: ManifestWire
  readonly nameField: number
  readonly mimeField: number
  readonly isProtected: boolean
}

/** Tells the forms apart by what stands in fields 1, 7, 8 and 9. [MF4] */
function layoutOf(header: readonly ProtoField[]): Layout {
  const field = (number: number) => header.find((each) => each.number === number)
  if (field(1)?.value !== undefined) return { wire: '0.4', nameField: 8, mimeField: 9, isProtected: false }
  const year2025 = { wire: '2025', nameField: 8, mimeField: 9, isProtected: false } as const
  const v03 = { wire: '0.3', nameField: 7, mimeField: 8, isProtected: false } as const
  const seventh = field(7)?.bytes
  if (seventh && seventh[0] === 0x08) return { ...year2025, isProtected: true }
  if (field(9)) return year2025
  if (seventh) return v03
  const eighth = field(8)?.bytes
  return eighth?.includes(0x2f) ? v03 : year2025
}

/** [MF5] [MF6] */
function checked(header: readonly ProtoField[], base: number, layout: Layout): Manifest {
  const number = (field: number) => header.find((each) => each.number === field + base)?.value
  const text = (field: number) => {
    const raw = header.find((each) => each.number === field)?.bytes
    const decoded = raw && utf8Decode(raw)
    if (raw && decoded === undefined) throw new BadManifest('a text in it is not UTF-8')
    return decoded || undefined
  }
  const cid = header.find((each) => each.number === 1 + base)?.bytes
  if (!cid) throw new BadManifest('it names no tree')
  const root = rootOf(cid)
  const blockBytes = Number(number(2) ?? 0n)
  const datasetBytes = Number(number(3) ?? 0n)
  if (blockBytes < blockBytesMin || blockBytes > blockBytesMax || (blockBytes & (blockBytes - 1)) !== 0) {
    throw new BadManifest('its block size is not one of those in use')
  }
  if (datasetBytes === 0 || datasetBytes > Number.MAX_SAFE_INTEGER) throw new BadManifest('its size is impossible')
  const blockCount = blockCountOf(datasetBytes, blockBytes)
  if (blockCount > blockCountMax) throw new BadManifest('it has more blocks than can be handled')
  if (number(4) !== BigInt(cidCodec.block)) throw new BadManifest('its blocks are of an unknown kind')
  if (number(5) !== BigInt(sha256Code)) throw new BadManifest('its hash is not SHA-256')
  if (number(6) !== BigInt(cidV1)) throw new BadManifest('its address form is unknown')
  return {
    wire: layout.wire,
    treeCid: treeCidOf(root),
    root,
    blockBytes,
    datasetBytes,
    blockCount,
    fileName: text(layout.nameField),
    mimeType: text(layout.mimeField),
    isProtected: layout.isProtected
  }
}

function rootOf(cid: Uint8Array): Uint8Array {
  try {
    return rootOfTreeCidBytes(cid)
  } catch {
    throw new BadManifest('it does not name a tree')
  }
}
