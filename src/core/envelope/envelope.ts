import { bytesEqual } from '../bytes.ts'
import { blockBytes, blockCountMax, entryFieldsMax, indexBytesMax, indexFilesMax, timeMsMax } from '../limits.ts'
import { type ProtoField, ProtoWriter, readProto } from '../proto/proto.ts'
import { utf8Decode, utf8Encode } from '../proto/utf8.ts'
import { BadEnvelope, EmptyContent, NamesTooLong, NewerEnvelope, TooLarge, TooManyFiles } from './errors.ts'
import { cleanMimeType } from './mime.ts'
import { cleanPath, distinctPaths } from './path.ts'

/** A file as it is given to be sealed. */
export interface EnvelopeInput {
  readonly path: string
  readonly sizeBytes: number
  readonly mimeType: string
  readonly modifiedAtMs: number
}

/** A file in a sealed data set; `offsetBytes` is where its first byte stands in the plaintext, on a block's start. */
export interface EnvelopeFile extends EnvelopeInput {
  readonly offsetBytes: number
}

export interface EnvelopePlan {
  /** Magic, version, index length, index, zeros to a whole block. */
  readonly header: Uint8Array
  /** Sorted by path; `sourceIndex` is the position in what was given. */
  readonly files: readonly (EnvelopeFile & { readonly sourceIndex: number })[]
  readonly datasetBytes: number
}

const magic = utf8Encode('QUIRE')
const version = 1
/** Magic, version byte, index length as 4 bytes little-endian. */
const prefixBytes = magic.length + 1 + 4

const wholeBlocks = (bytes: number): number => Math.ceil(bytes / blockBytes) * blockBytes

/**
 * Lays files out as one plaintext. Paths are cleaned and made distinct. Throws EmptyContent, TooManyFiles,
 * NamesTooLong, TooLarge. [EN1] [EN6] [EN7]
 */
export function planEnvelope(inputs: readonly EnvelopeInput[]): EnvelopePlan {
  if (inputs.length > indexFilesMax) throw new TooManyFiles(inputs.length, indexFilesMax)
  if (inputs.every((input) => input.sizeBytes === 0)) throw new EmptyContent()
  const paths = distinctPaths(inputs.map((input) => cleanPath(input.path)))
  const order = inputs.map((input, sourceIndex) => ({ sourceIndex, file: cleaned(input, paths[sourceIndex]!) }))
  order.sort((a, b) => (a.file.path < b.file.path ? -1 : 1))

  // Offsets count from the end of the header, so that the header's own length does not change them.
  const index = new ProtoWriter()
  let relative = 0
  const files = order.map(({ file, sourceIndex }) => {
    const placed = { ...file, sourceIndex, offsetBytes: relative }
    index.bytes(1, encodeEntry(placed))
    relative += wholeBlocks(file.sizeBytes)
    return placed
  })
  const indexBytes = index.finish()
  if (indexBytes.length > indexBytesMax) throw new NamesTooLong()
  const header = headerOf(indexBytes)
  if ((header.length + relative) / blockBytes > blockCountMax) throw new TooLarge()
  const last = files.findLast((file) => file.sizeBytes > 0)!
  return {
    header,
    files: files.map((file) => ({ ...file, offsetBytes: file.offsetBytes + header.length })),
    datasetBytes: header.length + last.offsetBytes + last.sizeBytes
  }
}

function cleaned(input: EnvelopeInput, path: string): EnvelopeInput {
  const { sizeBytes, modifiedAtMs } = input
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0) throw new RangeError('a size is a whole number of bytes')
  const isTime = modifiedAtMs >= 0 && modifiedAtMs <= timeMsMax
  const mimeType = cleanMimeType(input.mimeType)
  return { path, sizeBytes, mimeType, modifiedAtMs: isTime ? Math.max(0, Math.floor(modifiedAtMs)) : 0 }
}

function headerOf(index: Uint8Array): Uint8Array {
  const header = new Uint8Array(wholeBlocks(prefixBytes + index.length))
  header.set(magic)
  header[magic.length] = version
  new DataView(header.buffer).setUint32(magic.length + 1, index.length, true)
  header.set(index, prefixBytes)
  return header
}

/** Entry: 1 path, 2 size, 3 mime type, 4 modified time (ms), 5 offset after the header. [EN5] */
function encodeEntry(file: EnvelopeFile): Uint8Array {
  const entry = new ProtoWriter().text(1, file.path).uint(2, file.sizeBytes)
  if (file.mimeType) entry.text(3, file.mimeType)
  return entry.uint(4, file.modifiedAtMs).uint(5, file.offsetBytes).finish()
}

/** How many bytes the header takes, from the first block of the plaintext. Throws BadEnvelope, NewerEnvelope. [EN8] */
export function headerBytesOf(start: Uint8Array): number {
  if (start.length < prefixBytes || !bytesEqual(start.subarray(0, magic.length), magic)) {
    throw new BadEnvelope('it does not begin as it must')
  }
  if (start[magic.length] !== version) throw new NewerEnvelope()
  const indexBytes = new DataView(start.buffer, start.byteOffset).getUint32(magic.length + 1, true)
  if (indexBytes > indexBytesMax) throw new BadEnvelope('its index is too long')
  return wholeBlocks(prefixBytes + indexBytes)
}

/**
 * The files of a data set, in the order they lie in it, from its whole header. Foreign paths are cleaned again.
 * Throws BadEnvelope, NewerEnvelope. [EN8] [EN9]
 */
export function decodeEnvelope(header: Uint8Array, datasetBytes: number): EnvelopeFile[] {
  const headerBytes = headerBytesOf(header)
  if (header.length < headerBytes) throw new BadEnvelope('its index is cut')
  const indexBytes = new DataView(header.buffer, header.byteOffset).getUint32(magic.length + 1, true)
  const entries = readProto(header.subarray(prefixBytes, prefixBytes + indexBytes), indexFilesMax)
  if (!entries || entries.length === 0) throw new BadEnvelope('its index is not well formed')
  let end = headerBytes
  const files = entries.flatMap((field) => {
    if (field.number !== 1) return []
    const file = decodeEntry(field, headerBytes)
    const fits = file.offsetBytes >= end && file.offsetBytes <= wholeBlocks(datasetBytes)
    if (!fits || file.offsetBytes % blockBytes !== 0) throw new BadEnvelope('a file in its index lies where it cannot')
    end = file.offsetBytes + file.sizeBytes
    if (file.sizeBytes > 0 && end > datasetBytes) throw new BadEnvelope('a file in its index is longer than it can be')
    return [file]
  })
  const paths = distinctPaths(files.map((file) => file.path))
  return files.map((file, i) => ({ ...file, path: paths[i]! }))
}

function decodeEntry(field: ProtoField, headerBytes: number): EnvelopeFile {
  const fields = field.bytes && readProto(field.bytes, entryFieldsMax)
  if (!fields) throw new BadEnvelope('an entry of its index is not well formed')
  const text = (number: number) => {
    const bytes = fields.find((each) => each.number === number)?.bytes
    return bytes ? utf8Decode(bytes) : ''
  }
  const uint = (number: number) => Number(fields.find((each) => each.number === number)?.value ?? 0n)
  const path = text(1)
  const mimeType = text(3)
  if (path === undefined || mimeType === undefined) throw new BadEnvelope('a name in its index is not UTF-8')
  return {
    path: cleanPath(path),
    sizeBytes: uint(2),
    mimeType: cleanMimeType(mimeType),
    modifiedAtMs: Math.min(uint(4), timeMsMax),
    offsetBytes: headerBytes + uint(5)
  }
}
