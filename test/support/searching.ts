import { open, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { base58Encode } from '../../src/core/block/base58.ts'
import { deriveKeys } from '../../src/core/envelope/keys.ts'
import { parseLink } from '../../src/core/link/link.ts'

/** What is searched for, under the name that a failure tells. */
export type Needles = Readonly<Record<string, Buffer>>

/** Bytes as they are, and in the texts that programs write bytes in, also when they stand amid others. */
export function bytesForms(name: string, bytes: Uint8Array): Needles {
  const raw = Buffer.from(bytes)
  const texts: Record<string, string> = {
    hex: raw.toString('hex'),
    HEX: raw.toString('hex').toUpperCase(),
    base58: base58Encode(bytes),
    decimal: [...bytes].join(',')
  }
  for (const before of [0, 1, 2]) {
    const amid = inBase64(raw, before)
    texts[`base64, ${before} bytes in`] = amid
    texts[`base64url, ${before} bytes in`] = amid.replaceAll('+', '-').replaceAll('/', '_')
  }
  const forms = Object.entries(texts).map(([form, text]) => [`${name} in ${form}`, Buffer.from(text)])
  return { [name]: raw, ...Object.fromEntries(forms) }
}

/** The digits that these bytes alone decide, so many bytes after where three of them become four digits. */
function inBase64(bytes: Buffer, before: number): string {
  const digits = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64')
  return digits.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6))
}

/** A text as UTF-8 in all those forms, and in UTF-16, as a script's memory has it. */
export const textForms = (name: string, text: string): Needles => ({
  ...bytesForms(name, Buffer.from(text)),
  [`${name} in UTF-16`]: Buffer.from(text, 'utf16le')
})

/** What only those who have a link may know: its secret, as it is and as the link says it, and the key of the content. */
export function secretsOf(link: string): Needles {
  const secret = parseLink(link).secret!
  const said = /[?&]k=([^&]+)/.exec(link)![1]!
  const key = bytesForms('content key', deriveKeys(secret).contentKey)
  return { ...bytesForms('secret', secret), 'secret as the link says it': Buffer.from(said), ...key }
}

/** Names of the needles that stand somewhere in these parts. */
export const foundIn = (parts: readonly Buffer[], needles: Needles): string[] =>
  Object.entries(needles).flatMap(([name, needle]) => (parts.some((part) => part.includes(needle)) ? [name] : []))

/** Contents and names of all files below a folder. */
export async function filesBelow(folder: string): Promise<Buffer[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries.map((entry) => join(entry.parentPath, entry.name))
  const files = entries.flatMap((entry, at) => (entry.isFile() ? [readFile(paths[at]!)] : []))
  return [...(await Promise.all(files)), Buffer.from(paths.join('\n'))]
}

const page = Buffer.alloc(4096)

/** The runs of pages that hold anything: most of what a process may write to is empty. */
function written(part: Buffer): Buffer[] {
  const runs: Buffer[] = []
  let start = 0
  for (let at = 0; at < part.length; at += page.length) {
    if (!part.subarray(at, at + page.length).equals(page)) continue
    if (at > start) runs.push(part.subarray(start, at))
    start = at + page.length
  }
  return start < part.length ? [...runs, part.subarray(start)] : runs
}

/** What a process that this one started has in memory that it can write to: its heaps, stacks and buffers. Linux. */
export async function memoryOf(pid: number): Promise<Buffer[]> {
  const maps = await readFile(`/proc/${pid}/maps`, 'utf8')
  await using memory = await open(`/proc/${pid}/mem`)
  const parts: Buffer[] = []
  for (const [, start, end] of maps.matchAll(/^([0-9a-f]+)-([0-9a-f]+) rw/gm)) {
    const [from, to] = [BigInt(`0x${start}`), BigInt(`0x${end}`)]
    const part = Buffer.allocUnsafe(Number(to - from))
    // It lives on: what was given back since the list was made cannot be read.
    const { bytesRead } = await memory.read(part, 0, part.length, from).catch(() => ({ bytesRead: 0 }))
    parts.push(...written(part.subarray(0, bytesRead)))
  }
  return parts
}
