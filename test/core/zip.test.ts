import { crc32 as referenceCrc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { crc32 } from '../../src/core/zip/crc32.ts'
import { type ZipEntry, zipSize, ZipWriter } from '../../src/core/zip/zip.ts'
import { fc } from '../support/properties.ts'

const modifiedAtMs = Date.UTC(2024, 1, 29, 13, 37, 42)
const GiB = 1024 ** 3
const full32 = 0xffffffff

const entry = (path: string, sizeBytes: number): ZipEntry => ({ path, sizeBytes, modifiedAtMs })

const view = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)

/** The records of an archive without the files' bytes, which nothing looks at. */
function records(entries: readonly ZipEntry[], crc = 0x12345678) {
  const writer = new ZipWriter()
  const around = entries.map((each) => [view(writer.begin(each)), view(writer.end(each, crc))] as const)
  const directory = Buffer.concat([...writer.directory()])
  const filesBytes = entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  const aroundBytes = around.reduce((sum, [before, after]) => sum + before.length + after.length, 0)
  return { around, directory, sizeBytes: filesBytes + aroundBytes + directory.length }
}

/** What a reader learns from the end of an archive. */
function ending({ directory, sizeBytes }: ReturnType<typeof records>) {
  const end = directory.subarray(-22)
  expect(end.readUInt32LE(0)).toBe(0x06054b50)
  const narrow = { wide: false, count: end.readUInt16LE(10), bytes: end.readUInt32LE(12), offset: end.readUInt32LE(16) }
  const locator = directory.subarray(-42, -22)
  if (locator.length < 20 || locator.readUInt32LE(0) !== 0x07064b50) return narrow
  const end64 = directory.subarray(Number(locator.readBigUInt64LE(8)) - sizeBytes + directory.length)
  expect(end64.readUInt32LE(0)).toBe(0x06064b50)
  const wide = (at: number) => Number(end64.readBigUInt64LE(at))
  return { wide: true, count: wide(32), bytes: wide(40), offset: wide(48) }
}

/** What a reader learns from the directory. */
function listing(archive: ReturnType<typeof records>) {
  const { bytes, offset, wide } = ending(archive)
  expect(offset + bytes).toBe(archive.sizeBytes - (wide ? 98 : 22))
  const files: { path: string; size: number; offset: number; crc: number; version: number; dosTime: number }[] = []
  for (let at = 0; at < bytes;) {
    const record = archive.directory.subarray(at)
    const nameEnd = 46 + record.readUInt16LE(28)
    const extra = record.subarray(nameEnd, nameEnd + record.readUInt16LE(30))
    let wideAt = 4
    const read = (field: number) => {
      const value = record.readUInt32LE(field)
      return value === full32 ? Number(extra.readBigUInt64LE((wideAt += 8) - 8)) : value
    }
    const [size, stored, begin] = [read(24), read(20), read(42)]
    if (record.readUInt32LE(0) !== 0x02014b50 || stored !== size) throw new Error(`a bad record at ${at}`)
    const [crc, version, dosTime] = [record.readUInt32LE(16), record.readUInt16LE(6), record.readUInt32LE(12)]
    files.push({ path: record.toString('utf8', 46, nameEnd), size, offset: begin, crc, version, dosTime })
    at += nameEnd + extra.length
  }
  return files
}

describe('an archive', () => {
  it('[ZI1] stores files, their checksum after them', () => {
    const { around } = records([entry('a', 5)])
    const [before, after] = around[0]!
    expect([before.readUInt16LE(6) & 8, before.readUInt16LE(8)]).toEqual([8, 0])
    expect(after.toString('hex')).toBe('504b07087856341205000000' + '05000000')
  })

  it('[ZI2] says wide sizes where a file needs them', () => {
    const archive = records([entry('just not', full32 - 1), entry('wide', full32)])
    expect(archive.around.map(([before]) => before.readUInt16LE(4))).toEqual([20, 45])
    expect(archive.around.map(([, after]) => after.length)).toEqual([16, 24])
    expect(listing(archive).map(({ size }) => size)).toEqual([full32 - 1, full32])
  })

  it('[ZI3] says wide offsets where a file begins late', () => {
    const archive = records([entry('first', 3 * GiB), entry('second', 3 * GiB), entry('third', 1)])
    const files = listing(archive)
    expect(files.map(({ offset }) => offset)).toEqual([0, 3 * GiB + 51, 6 * GiB + 103])
    expect(files.map(({ version }) => version)).toEqual([20, 20, 45])
    expect(ending(archive).wide).toBe(true)
  })

  it('[ZI4] says how many files there are, also beyond 16 bits', () => {
    const named = (count: number) => Array<ZipEntry>(count).fill(entry('same', 0))
    expect(ending(records(named(0xfffe)))).toMatchObject({ count: 0xfffe, wide: false })
    expect(ending(records(named(0xffff)))).toMatchObject({ count: 0xffff, wide: true })
  })

  it('[ZI5] has the size that was told before', () => {
    const anyEntry = fc.tuple(fc.string({ unit: 'binary' }), fc.integer({ min: 0, max: 6 * GiB }))
    fc.assert(
      fc.property(fc.array(anyEntry, { maxLength: 12 }), (pairs) => {
        const entries = pairs.map(([path, sizeBytes]) => entry(path, sizeBytes))
        const archive = records(entries)
        expect(zipSize(entries)).toBe(archive.sizeBytes)
        expect(listing(archive).map(({ size }) => size)).toEqual(entries.map(({ sizeBytes }) => sizeBytes))
      })
    )
    const many = Array<ZipEntry>(0xffff).fill(entry('ü', 7))
    expect(zipSize(many)).toBe(records(many).sizeBytes)
  })

  it('[ZI6] has names in UTF-8 and times in steps of two seconds, from 1980 on', () => {
    const { around } = records([entry('ü', 1)])
    expect(around[0]![0].readUInt16LE(6) & 0x0800).toBe(0x0800)
    const times = [modifiedAtMs, 0, Date.UTC(2200)].map((at) => ({ ...entry('ü', 1), modifiedAtMs: at }))
    const files = listing(records(times))
    expect(files[0]).toMatchObject({ path: 'ü', crc: 0x12345678 })
    const read = (dos: number) => [
      1980 + (dos >>> 25),
      (dos >>> 21) & 15,
      (dos >>> 16) & 31,
      (dos >>> 11) & 31,
      (dos >>> 5) & 63,
      (dos & 31) * 2
    ]
    expect(files.map(({ dosTime }) => read(dosTime))).toEqual([
      [2024, 2, 29, 13, 37, 42],
      [1980, 1, 1, 0, 0, 0],
      [2107, 12, 31, 23, 59, 58]
    ])
  })

  it('[ZI1] has the checksums that others compute', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 99 }), fc.uint8Array({ maxLength: 99 }), (first, second) => {
        expect(crc32(first)).toBe(referenceCrc32(first))
        expect(crc32(second, crc32(first))).toBe(referenceCrc32(Buffer.concat([first, second])))
      })
    )
  })
})
