import { cleanMimeType } from '../../src/core/envelope/mime.ts'
import { uploadNameBytesMax } from '../../src/core/limits.ts'
import { RestRefusal } from './refusal.ts'

const topLevel = ['application', 'audio', 'chemical', 'font', 'image', 'message', 'model', 'text', 'video']

/**
 * The type that an upload says it has, exactly as sent, since it is part of the address; empty where it says none.
 * @throws RestRefusal in the words that clients test for
 */
export function uploadType(header: string | undefined): string {
  if (header === undefined || header === '') return ''
  const isKnown = topLevel.some((each) => header.toLowerCase().startsWith(`${each}/`))
  if (isKnown && cleanMimeType(header) === header) return header
  throw new RestRefusal(422, `The MIME type '${printable(header)}' is not valid.`)
}

/** What is echoed of a header is bounded and has nothing but letters of ASCII that no program takes for markup. */
const printable = (text: string): string => text.slice(0, 80).replace(/[^\w/;=.+ -]/g, '?')

/** The name in a `Content-Disposition`, `filename*` before `filename`; undefined where there is none. @throws RestRefusal */
export function uploadName(header: string | undefined): string | undefined {
  if (header === undefined) return undefined
  const name = extended(header) ?? quoted(header) ?? /(?:^|[;\s])filename=([^\s;"]+)/i.exec(header)?.[1]
  if (name === undefined) return undefined
  const text = textOf(name)
  if (!isName(text)) throw new RestRefusal(422, 'The filename is not valid.')
  return text
}

function extended(header: string): string | undefined {
  const [, text] = /(?:^|[;\s])filename\*=UTF-8'[\w-]*'([^\s;]+)/i.exec(header) ?? []
  if (text === undefined) return undefined
  try {
    return Buffer.from(decodeURIComponent(text)).toString('latin1')
  } catch {
    throw new RestRefusal(422, 'The filename is not valid.')
  }
}

/** Some clients leave quotation marks in a name as they are: what stands last in the header ends at its last one. */
function quoted(header: string): string | undefined {
  const [, strict] = /(?:^|[;\s])filename="((?:[^"\\]|\\.)*)"\s*(?:;|$)/i.exec(header) ?? []
  const [, loose] = /(?:^|[;\s])filename="(.*)"\s*$/i.exec(header) ?? []
  return (strict ?? loose)?.replace(/\\(["\\])/g, '$1')
}

/** Node reads headers as latin1: the bytes behind that are UTF-8, or else were latin1. */
function textOf(latin1: string): string {
  const bytes = Buffer.from(latin1, 'latin1')
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return latin1
  }
}

const reserved = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i
// eslint-disable-next-line no-control-regex
const strange = /[/\\:*?"<>|^\u0000-\u001f\u007f]/

/** A name that every system can give a file. */
function isName(name: string): boolean {
  if (name === '' || Buffer.byteLength(name) > uploadNameBytesMax) return false
  return !strange.test(name) && !reserved.test(name) && name === name.trim() && !name.endsWith('.')
}
