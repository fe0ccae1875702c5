import { contentRange, parseRange } from '../range/http-range.ts'
import { contentDisposition } from './disposition.ts'

/** What the worker was asked for, of one stream. */
export interface StreamRequest {
  readonly range: string | null
  readonly ifRange: string | null
  readonly download: boolean
}

/** What a page says about the bytes that a stream names. */
export interface StreamSubject {
  readonly name: string
  readonly mimeType: string
  readonly sizeBytes: number
  /** The same tag, the same bytes. */
  readonly tag: string
  /** A part can be asked for. */
  readonly seekable: boolean
}

/** Status and headers of an answer, and which bytes `[start, end)` its body has. */
export interface StreamHead {
  readonly status: 200 | 206 | 416
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly start: number
  readonly end: number
}

/**
 * On every answer. The policy puts whatever a stranger shared into a place of its own without scripts, even where a
 * browser is made to show it; styles alone are let through, for drawings.
 */
const guards = [
  ['Content-Security-Policy', "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"],
  ['X-Content-Type-Options', 'nosniff'],
  ['Cross-Origin-Resource-Policy', 'same-origin'],
  ['Referrer-Policy', 'no-referrer'],
  ['Cache-Control', 'no-store']
] as const

/** Types that a page may show as they are. [SR6] */
const shown = /^(image|audio|video)\/[\w.+-]+(;.*)?$/

/** The answer to a request for `subject`. [SR4] to [SR7] */
export function streamHead(request: StreamRequest, subject: StreamSubject): StreamHead {
  const { sizeBytes, seekable, name } = subject
  const etag = `"${subject.tag}"`
  const current = request.ifRange === null || request.ifRange === etag
  const answer = parseRange(seekable && current ? request.range : null, sizeBytes)
  const ranged = [...guards, ['ETag', etag], ['Accept-Ranges', seekable ? 'bytes' : 'none']] as const
  if (answer.type === 'unsatisfiable') {
    const headers = [...ranged, ['Content-Range', contentRange(answer, sizeBytes)], ['Content-Length', '0']] as const
    return { status: 416, headers, start: 0, end: 0 }
  }
  const { start, end } = answer.type === 'part' ? answer : { start: 0, end: sizeBytes }
  const mimeType = shownType(subject.mimeType)
  const inline = mimeType !== undefined && !request.download
  const headers: StreamHead['headers'] = [
    ...ranged,
    ['Content-Type', mimeType ?? 'application/octet-stream'],
    ['Content-Disposition', contentDisposition(inline ? 'inline' : 'attachment', name)],
    ['Content-Length', String(end - start)],
    ...(answer.type === 'part' ? [['Content-Range', contentRange(answer, sizeBytes)] as const] : [])
  ]
  return { status: answer.type === 'part' ? 206 : 200, headers, start, end }
}

function shownType(mimeType: string): string | undefined {
  const lower = mimeType.toLowerCase()
  if (shown.test(lower)) return lower
  return /^text\/plain(;.*)?$/.test(lower) ? 'text/plain; charset=utf-8' : undefined
}
