import { sha256Of } from './files.ts'

const endOfDirectory = 0x06054b50
const directoryEntry = 0x02014b50
const localHeaderBytes = 30

/** Path and SHA-256 of every file in a ZIP archive of stored files without zip64, as its directory lists them. */
export function zipEntries(archive: Buffer): Map<string, string> {
  const end = archive.lastIndexOf(Buffer.from(Uint32Array.of(endOfDirectory).buffer))
  const count = archive.readUInt16LE(end + 10)
  let at = archive.readUInt32LE(end + 16)
  const entries = new Map<string, string>()
  for (let i = 0; i < count; i++) {
    if (archive.readUInt32LE(at) !== directoryEntry) throw new Error(`no directory entry at ${at}`)
    if (archive.readUInt16LE(at + 10) !== 0) throw new Error(`entry ${i} is compressed`)
    const sizeBytes = archive.readUInt32LE(at + 24)
    const [name, extra, comment] = [28, 30, 32].map((field) => archive.readUInt16LE(at + field)) as [
      number,
      number,
      number
    ]
    const header = archive.readUInt32LE(at + 42)
    const start = header + localHeaderBytes + archive.readUInt16LE(header + 26) + archive.readUInt16LE(header + 28)
    const path = archive.toString('utf8', at + 46, at + 46 + name)
    entries.set(path, sha256Of(archive.subarray(start, start + sizeBytes)))
    at += 46 + name + extra + comment
  }
  return entries
}
