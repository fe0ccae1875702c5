/**
 * The little of protobuf that Quire's formats use: varints and length-delimited fields, read within bounds.
 * Reading never throws: a malformed message is `undefined`.
 */

/** One field as read: `value` for a varint, `bytes` (a view) for a length-delimited one. Fixed-width fields are skipped. */
export interface ProtoField {
  readonly number: number
  readonly value?: bigint
  readonly bytes?: Uint8Array
}

export class ProtoWriter {
  #bytes = new Uint8Array(256)
  #length = 0

  /** A varint, also when 0. `value` is a whole number from 0 to 2⁶⁴ − 1. */
  uint(field: number, value: number | bigint): this {
    return this.#varint(BigInt(field) << 3n).#varint(BigInt(value))
  }

  bytes(field: number, bytes: Uint8Array): this {
    this.#varint((BigInt(field) << 3n) | 2n).#varint(BigInt(bytes.length))
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

  #varint(value: bigint): this {
    this.#room(10)
    for (let rest = value; ; rest >>= 7n) {
      const more = rest > 0x7fn
      this.#bytes[this.#length++] = Number(rest & 0x7fn) | (more ? 0x80 : 0)
      if (!more) return this
    }
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

export function utf8Encode(text: string): Uint8Array {
  const bytes: number[] = []
  for (const char of text) {
    const raw = char.codePointAt(0)!
    const code = raw >= 0xd800 && raw <= 0xdfff ? 0xfffd : raw // a lone surrogate has no UTF-8
    if (code < 0x80) bytes.push(code)
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 63))
    else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63))
    else bytes.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63))
  }
  return Uint8Array.from(bytes)
}

/** Strict: undefined for overlong forms, surrogates, cut sequences. */
export function utf8Decode(bytes: Uint8Array): string | undefined {
  let text = ''
  for (let at = 0; at < bytes.length; ) {
    const first = bytes[at]!
    const length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0
    if (length === 0 || at + length > bytes.length) return undefined
    let code = length === 1 ? first : first & (0x7f >> length)
    for (let i = 1; i < length; i++) {
      const next = bytes[at + i]!
      if ((next & 0xc0) !== 0x80) return undefined
      code = (code << 6) | (next & 63)
    }
    const overlong = (length === 3 && code < 0x800) || (length === 4 && code < 0x10000)
    if (overlong || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return undefined
    text += String.fromCodePoint(code)
    at += length
  }
  return text
}
