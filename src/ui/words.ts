import type { ErrorReport } from '../core/errors.ts'
import { t } from './messages.ts'

export interface ErrorWords {
  readonly title: string
  readonly line: string
}

type Known = keyof typeof t.errors

/** A hash group that fails, and a proof that fails, look to a person like a block that fails. */
const alike = new Map<string, Known>([
  ['bad-hash-group', 'bad-block'],
  ['bad-key', 'link-bad-key'],
  ['no-key', 'link-no-key'],
  ['bad-cid', 'link-bad-cid'],
  ['wrong-manifest', 'bad-manifest']
])

const isKnown = (code: string): code is Known => Object.hasOwn(t.errors, code)

/** Whether there are words made for it. */
export const hasWords = (code: string): boolean => code !== 'unexpected' && (alike.has(code) || isKnown(code))

/** A title and a sentence for any error; one that has no words yet gets a sane sentence, never its message or stack. */
export function wordsOfError({ code, params }: Pick<ErrorReport, 'code' | 'params'>): ErrorWords {
  const name = alike.get(code) ?? (isKnown(code) ? code : 'unexpected')
  const { title, line } = t.errors[name]
  return { title, line: line(params) }
}
