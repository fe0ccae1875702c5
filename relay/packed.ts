import { readFile } from 'node:fs/promises'
import type { IncomingHttpHeaders } from 'node:http'
import { promisify } from 'node:util'
import { constants, gzip } from 'node:zlib'

/** What is text shrinks to a third; pictures and fonts are as small as they get. */
const shrinks = /^(?:text\/|application\/(?:json|manifest|wasm)|image\/svg)/
/** Less fits a packet as it is. */
const worthBytes = 1_024

const pack = promisify(gzip)

/** The page's files as they go to browsers that unpack them: packed once for each version of a file, and kept. */
export class Packed {
  readonly #kept = new Map<string, { readonly tag: string; readonly body: Promise<Buffer> }>()

  /** Whether a file of this type and size is sent so, to whoever takes it. */
  isWorth(type: string, sizeBytes: number): boolean {
    return sizeBytes >= worthBytes && shrinks.test(type)
  }

  async bodyOf(file: string, tag: string): Promise<Buffer> {
    const known = this.#kept.get(file)
    if (known?.tag === tag) return known.body
    const body = readFile(file).then((bytes) => pack(bytes, { level: constants.Z_BEST_COMPRESSION }))
    this.#kept.set(file, { tag, body })
    body.catch(() => this.#kept.delete(file)) // who asks next tries again
    return body
  }
}

/** Whether who asks unpacks gzip: named, and not with a weight of nothing. */
export function takesGzip({ 'accept-encoding': accepted = '' }: IncomingHttpHeaders): boolean {
  return String(accepted)
    .split(',')
    .some((each) => /^\s*(?:gzip|x-gzip)\s*(?:;\s*q=(?!0(?:\.0*)?\s*$)[\d.]+\s*)?$/i.test(each))
}
