/**
 * ZIP archives of stored (not compressed) files, with ZIP64 wherever a 16 or 32 bit field would overflow, and of a size
 * that is known before the first byte. Format: PKWARE APPNOTE 6.3.10, sections 4.3 to 4.5. [ZI rules in SPEC.md]
 */
import { utf8Encode, utf8Length } from '../proto/utf8.ts'

/** A file that goes into an archive. */
export interface ZipEntry {
  /** Folders and name, parted by slashes; at most 65,535 bytes of UTF-8. */
  readonly path: string
  readonly sizeBytes: number
  /** The archive holds local time: this instant's UTC reading is what the archive says. */
  readonly modifiedAtMs: number
}

const full16 = 0xffff
const full32 = 0xffffffff
/** Name in UTF-8; checksum and sizes follow the file. */
const flags = 0x0808
const versionPlain = 20
const versionZip64 = 45
const madeOnUnix = 3 << 8
const regularFile = 0o100644 << 16

const localBytes = 30
const centralBytes = 46
const end64Bytes = 56 + 20
const endBytes = 22

/** Bytes of the archive that `ZipWriter` makes of these entries. [ZI5] */
export function zipSize(entries: Iterable<ZipEntry>): number {
  let count = 0
  let offset = 0
  let directoryBytes = 0
  for (const entry of entries) {
    const nameBytes = utf8Length(entry.path)
    count++
    directoryBytes += centralBytes + nameBytes + extraBytes(wideFields(entry, offset).length)
    offset += localBytes + nameBytes + localExtraBytes(entry) + entry.sizeBytes + descriptorBytes(entry)
  }
  const wide = count >= full16 || offset >= full32 || directoryBytes >= full32
  return offset + directoryBytes + (wide ? end64Bytes : 0) + endBytes
}

/** Makes the records around the files' bytes: for each file `begin`, its bytes, `end`; at last the `directory`. */
export class ZipWriter {
  readonly #directory: Uint8Array[] = []
  #offset = 0
  #directoryBytes = 0

  /** What stands before a file's bytes. */
  begin(entry: ZipEntry): Uint8Array {
    const name = utf8Encode(entry.path)
    const wide = isWide(entry)
    const record = new Record(localBytes + name.length + localExtraBytes(entry))
    record
      .u32(0x04034b50)
      .u16(wide ? versionZip64 : versionPlain)
      .u16(flags)
      .u16(0)
      .dosTime(entry.modifiedAtMs)
    // Zero until the file is read; a full field points to the ZIP64 sizes, and makes those that follow the file wide.
    const size = wide ? full32 : 0
    record.u32(0).u32(size).u32(size).u16(name.length).u16(localExtraBytes(entry)).put(name)
    return record.extra(wide ? [entry.sizeBytes, entry.sizeBytes] : []).bytes
  }

  /** What stands after a file's bytes, whose checksum is `crc`. */
  end(entry: ZipEntry, crc: number): Uint8Array {
    const { sizeBytes } = entry
    const record = new Record(descriptorBytes(entry)).u32(0x08074b50).u32(crc)
    if (isWide(entry)) record.u64(sizeBytes).u64(sizeBytes)
    else record.u32(sizeBytes).u32(sizeBytes)
    this.#list(entry, crc)
    return record.bytes
  }

  /** What stands after the last file. */
  *directory(): Generator<Uint8Array> {
    yield* this.#directory
    const count = this.#directory.length
    const [bytes, offset] = [this.#directoryBytes, this.#offset]
    if (count >= full16 || offset >= full32 || bytes >= full32) yield this.#end64(count)
    const record = new Record(endBytes).u32(0x06054b50).u16(0).u16(0)
    record.u16(Math.min(count, full16)).u16(Math.min(count, full16))
    yield record.u32(Math.min(bytes, full32)).u32(Math.min(offset, full32)).u16(0).bytes
  }

  #end64(count: number): Uint8Array {
    const record = new Record(end64Bytes)
    record
      .u32(0x06064b50)
      .u64(44)
      .u16(madeOnUnix | versionZip64)
      .u16(versionZip64)
      .u32(0)
      .u32(0)
    record.u64(count).u64(count).u64(this.#directoryBytes).u64(this.#offset)
    return record
      .u32(0x07064b50)
      .u32(0)
      .u64(this.#offset + this.#directoryBytes)
      .u32(1).bytes
  }

  #list(entry: ZipEntry, crc: number): void {
    const name = utf8Encode(entry.path)
    const wide = wideFields(entry, this.#offset)
    const version = wide.length > 0 ? versionZip64 : versionPlain
    const size = Math.min(entry.sizeBytes, full32)
    const record = new Record(centralBytes + name.length + extraBytes(wide.length))
    record
      .u32(0x02014b50)
      .u16(madeOnUnix | versionZip64)
      .u16(version)
      .u16(flags)
      .u16(0)
      .dosTime(entry.modifiedAtMs)
    record.u32(crc).u32(size).u32(size).u16(name.length).u16(extraBytes(wide.length)).u16(0).u16(0).u16(0)
    record.u32(regularFile).u32(Math.min(this.#offset, full32)).put(name).extra(wide)
    this.#directory.push(record.bytes)
    this.#directoryBytes += record.bytes.length
    this.#offset += localBytes + name.length + localExtraBytes(entry) + entry.sizeBytes + descriptorBytes(entry)
  }
}

const isWide = (entry: ZipEntry): boolean => entry.sizeBytes >= full32
const extraBytes = (fields: number): number => (fields === 0 ? 0 : 4 + 8 * fields)
const localExtraBytes = (entry: ZipEntry): number => (isWide(entry) ? extraBytes(2) : 0)
const descriptorBytes = (entry: ZipEntry): number => (isWide(entry) ? 24 : 16)

/** The values that a directory record holds in its ZIP64 extra field, in the format's order. */
function wideFields(entry: ZipEntry, offset: number): readonly number[] {
  const sizes = isWide(entry) ? [entry.sizeBytes, entry.sizeBytes] : []
  return offset >= full32 ? [...sizes, offset] : sizes
}

/** A record of known length, filled from its start, little-endian. Byte by byte: a view costs more than it saves in records this short. */
class Record {
  readonly bytes: Uint8Array
  #at = 0

  constructor(length: number) {
    this.bytes = new Uint8Array(length)
  }

  u16(value: number): this {
    this.bytes[this.#at++] = value & 0xff
    this.bytes[this.#at++] = (value >>> 8) & 0xff
    return this
  }

  u32(value: number): this {
    return this.u16(value & full16).u16((value >>> 16) & full16)
  }

  u64(value: number): this {
    return this.u32(value % 2 ** 32).u32(Math.floor(value / 2 ** 32))
  }

  put(bytes: Uint8Array): this {
    this.bytes.set(bytes, this.#at)
    this.#at += bytes.length
    return this
  }

  /** The ZIP64 extra field; nothing when it has no values. */
  extra(values: readonly number[]): this {
    if (values.length === 0) return this
    this.u16(1).u16(8 * values.length)
    for (const value of values) this.u64(value)
    return this
  }

  /** Time, then date, in steps of two seconds, from 1980 to 2107. */
  dosTime(atMs: number): this {
    const date = new Date(Math.min(Math.max(atMs, Date.UTC(1980)), Date.UTC(2107, 11, 31, 23, 59, 58)))
    this.u16((date.getUTCHours() << 11) | (date.getUTCMinutes() << 5) | (date.getUTCSeconds() >> 1))
    return this.u16(((date.getUTCFullYear() - 1980) << 9) | ((date.getUTCMonth() + 1) << 5) | date.getUTCDate())
  }
}
