import type { SetId } from '../ids.ts'

/** Which bytes of an item: a file by its number, or all its files as a zip archive. */
export type StreamPart = number | 'zip'

/** What a `/stream/…` URL names. */
export interface StreamAddress {
  readonly itemId: SetId
  readonly part: StreamPart
  /** For the disk, not to be shown. */
  readonly download: boolean
  /** The save that a page waits for; only that page answers. */
  readonly saveId?: string
}

const pathPattern = /^stream\/([\w-]{1,64})\/(zip|0|[1-9]\d{0,8})\/[^/]*$/
const saveIdPattern = /^[\w-]{1,64}$/

/** The URL of a stream, relative to the page's home; `name` is for people, nothing reads it back. [SR1] */
export function streamPath({ itemId, part, download, saveId }: StreamAddress, name: string): string {
  const query = [...(download ? ['download=1'] : []), ...(saveId === undefined ? [] : [`save=${saveId}`])].join('&')
  return `stream/${itemId}/${part}/${segment(name)}${query && `?${query}`}`
}

/** Reads `path` (relative to the page's home) and `query` (after the question mark). Total. [SR1] */
export function parseStreamPath(path: string, query: string): StreamAddress | undefined {
  const match = pathPattern.exec(path)
  if (!match) return undefined
  const [, itemId = '', part = ''] = match
  const values = new Map(query.split('&').map((pair) => pair.split('=', 2) as [string, string | undefined]))
  const saveId = values.get('save')
  return {
    itemId: itemId as SetId,
    part: part === 'zip' ? part : Number(part),
    download: values.get('download') === '1',
    ...(saveId !== undefined && saveIdPattern.test(saveId) ? { saveId } : {})
  }
}

/** A name as one segment of a path; browsers would resolve `.` and `..` even when escaped. */
function segment(name: string): string {
  const last = name.split('/').at(-1)!
  return last === '.' || last === '..' ? '_' : encodeURIComponent(last.toWellFormed())
}
