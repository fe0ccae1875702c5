import { cleanMimeType } from '../envelope/mime.ts'
import type { SetId } from '../ids.ts'
import type { StreamPart } from './address.ts'

/** From the worker to a page, with a port for all that follows. */
export interface StreamOpening {
  readonly type: 'quire-stream'
  readonly itemId: SetId
  readonly part: StreamPart
  readonly saveId?: string
}

/** On the port, from the worker: after `start`, a chunk for each `pull`. */
export type ToStreamPage =
  | { readonly type: 'start'; readonly start: number; readonly end: number }
  | { readonly type: 'pull' }
  | { readonly type: 'cancel' }
  | { readonly type: 'ping' }

/** On the port, from the page. */
export type FromStreamPage =
  | {
      readonly type: 'subject'
      readonly name: string
      readonly mimeType: string
      readonly sizeBytes: number
      readonly seekable: boolean
    }
  /** This page has no such item or file. */
  | { readonly type: 'absent' }
  | { readonly type: 'chunk'; readonly bytes: Uint8Array }
  | { readonly type: 'failed'; readonly code: string }
  | { readonly type: 'pong' }

/** From a page to the worker itself. */
export type ToWorker =
  /** A stream is still wanted: the event alone keeps the browser from ending the worker. */
  | { readonly type: 'keep-alive' }
  /** The person asked for the new version. */
  | { readonly type: 'skip-waiting' }
  /** A page that was loaded past the worker wants it after all. */
  | { readonly type: 'claim' }

/** Reads an opening; undefined for anything else. */
export function readOpening(data: unknown): StreamOpening | undefined {
  if (!isRecord(data) || data['type'] !== 'quire-stream' || typeof data['itemId'] !== 'string') return undefined
  const { part, saveId } = data
  if (part !== 'zip' && !isCount(part)) return undefined
  if (saveId !== undefined && typeof saveId !== 'string') return undefined
  const opening = { type: 'quire-stream', itemId: data['itemId'] as SetId, part } as const
  return saveId === undefined ? opening : { ...opening, saveId }
}

/** Reads what a page sent on the port; undefined for anything else. A mime type that is none becomes empty. */
export function readFromPage(data: unknown): FromStreamPage | undefined {
  if (!isRecord(data)) return undefined
  const { type, name, mimeType, sizeBytes, seekable, bytes, code } = data
  switch (type) {
    case 'absent':
    case 'pong':
      return { type }
    case 'chunk':
      return bytes instanceof Uint8Array ? { type, bytes } : undefined
    case 'failed':
      return typeof code === 'string' ? { type, code } : undefined
    case 'subject':
      if (typeof name !== 'string' || typeof mimeType !== 'string') return undefined
      if (!isCount(sizeBytes) || typeof seekable !== 'boolean') return undefined
      return { type, name, mimeType: cleanMimeType(mimeType), sizeBytes, seekable }
    default:
      return undefined
  }
}

/** Reads what the worker sent on the port; undefined for anything else. */
export function readFromWorker(data: unknown): ToStreamPage | undefined {
  if (!isRecord(data)) return undefined
  const { type, start, end } = data
  if (type === 'pull' || type === 'cancel' || type === 'ping') return { type }
  return type === 'start' && isCount(start) && isCount(end) && start <= end ? { type, start, end } : undefined
}

/** Reads what a page sent to the worker; undefined for anything else. */
export function readToWorker(data: unknown): ToWorker | undefined {
  const type = isRecord(data) ? data['type'] : undefined
  return type === 'keep-alive' || type === 'skip-waiting' || type === 'claim' ? { type } : undefined
}

function isRecord(data: unknown): data is Readonly<Record<string, unknown>> {
  return typeof data === 'object' && data !== null
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
