import { rangeTextMax } from '../limits.ts'

/** What a `Range` header asks for of a body. `end` is exclusive. */
export type RangeAnswer =
  /** No range, or one that is to be ignored: answer 200 with the whole body. */
  | { readonly type: 'whole' }
  /** Answer 206. */
  | { readonly type: 'part'; readonly start: number; readonly end: number }
  /** Answer 416. */
  | { readonly type: 'unsatisfiable' }

const whole: RangeAnswer = { type: 'whole' }
const unsatisfiable: RangeAnswer = { type: 'unsatisfiable' }

/** Reads a `Range` header (RFC 9110, section 14) for a body of `sizeBytes`. Total: any text gives an answer. [HR1] to [HR6] */
export function parseRange(header: string | null | undefined, sizeBytes: number): RangeAnswer {
  if (header == null || header.length > rangeTextMax) return whole
  const match = /^bytes[ \t]*=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(header.trim())
  if (!match) return whole
  const [, first = '', last = ''] = match
  if (first === '' && last === '') return whole
  if (first === '') return suffix(Number(last), sizeBytes)
  const start = Number(first)
  if (last !== '' && Number(last) < start) return whole
  if (start >= sizeBytes) return unsatisfiable
  return { type: 'part', start, end: last === '' ? sizeBytes : Math.min(Number(last) + 1, sizeBytes) }
}

function suffix(lengthBytes: number, sizeBytes: number): RangeAnswer {
  if (lengthBytes === 0 || sizeBytes === 0) return unsatisfiable
  return { type: 'part', start: Math.max(0, sizeBytes - lengthBytes), end: sizeBytes }
}

/** Value of `Content-Range` for a part, or for an unsatisfiable range. [HR7] */
export const contentRange = (answer: RangeAnswer, sizeBytes: number): string =>
  answer.type === 'part' ? `bytes ${answer.start}-${answer.end - 1}/${sizeBytes}` : `bytes */${sizeBytes}`
