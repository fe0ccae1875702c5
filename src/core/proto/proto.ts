/**
 * The little of protobuf that Quire's formats use: varints and length-delimited fields, read within bounds.
 * Reading never throws: a malformed message is `undefined`.
 */
import { utf8Encode } from './utf8.ts'

export { utf8Decode, utf8Encode } from './utf8.ts'

/** One field as read: `value` for a varint, `bytes` (a view) for a length-delimited one. Fixed-width fields are skipped. */
export interface ProtoField {
  readonly number: number
  readonly value?: bigint
  readonly bytes?: Uint8Array
}

/** Below this a number is exact. */
const safe = 1n << 53n

export class ProtoWriter {
  #bytes = new Uint8Array(256)
  #length = 0

  /** A varint, also when 0. `value` is a whole number from 0 to 2⁶⁴ − 1. */
  uint(field: number, value: number | bigint): this {
    return this.#varint(field * 8).#varint(value)
  }

  bytes(field: number, bytes: Uint8Array): this {
    this.#varint(field * 8 + 2).#varint(bytes.length)
    this.#room(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
    return this
  }

  text(field: number, text: string): this {
    return this.bytes(field, utf8Encode(text))
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }

  #varint(value: number | bigint): this {
    this.#room(10)
    let big = BigInt(value)
    for (; big >= safe; big >>= 7n) this.#bytes[this.#length++] = Number(big & 0x7fn) | 0x80
    let rest = Number(big)
    for (; rest > 0x7f; rest = Math.floor(rest / 128)) this.#bytes[this.#length++] = (rest % 128) | 0x80
    this.#bytes[this.#length++] = rest
    return this
  }

  #room(needed: number): void {
    if (this.#length + needed <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + needed))
    grown.set(this.#bytes)
    this.#bytes = grown
  }
}

/**
 * The fields of a message in order of appearance; undefined when the bytes are no message or hold more than
 * `fieldsMax` fields (a field takes as little as two bytes, and much more once it is an object).
 */
export function readProto(bytes: Uint8Array, fieldsMax: number): ProtoField[] | undefined {
  const fields: ProtoField[] = []
  let at = 0
  for (let count = 0; at < bytes.length; count++) {
    if (count === fieldsMax) return undefined
    const tag = readVarint(bytes, at)
    if (!tag || tag.value > 0xffff_ffffn) return undefined
    at = tag.next
    const number = Number(tag.value >> 3n)
    if (number === 0) return undefined
    switch (Number(tag.value & 7n)) {
      case 0: {
        const varint = readVarint(bytes, at)
        if (!varint) return undefined
        fields.push({ number, value: varint.value })
        at = varint.next
        break
      }
      case 2: {
        const length = readVarint(bytes, at)
        if (!length || length.value > BigInt(bytes.length - length.next)) return undefined
        at = length.next + Number(length.value)
        fields.push({ number, bytes: bytes.subarray(length.next, at) })
        break
      }
      case 1:
        at += 8
        break
      case 5:
        at += 4
        break
      default:
        return undefined
    }
  }
  return at === bytes.length ? fields : undefined
}

/** A varint of at most 64 bits; undefined when it is cut or longer. */
export function readVarint(bytes: Uint8Array, at: number): { value: bigint; next: number } | undefined {
  let value = 0n
  for (let i = 0; i < 10; i++) {
    const byte = bytes[at + i]
    if (byte === undefined) return undefined
    value |= BigInt(byte & 0x7f) << BigInt(7 * i)
    if (byte < 0x80) return value < 1n << 64n ? { value, next: at + i + 1 } : undefined
  }
  return undefined
}
