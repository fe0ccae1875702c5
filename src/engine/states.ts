import { ReportedError } from '../core/errors.ts'
import type { ItemView } from './types.ts'

/** For `whenState`: everything is here and served; throws the item's error. */
export function isReady(view: ItemView): boolean {
  if (view.state === 'error' && view.error) throw new ReportedError(view.error)
  return view.state === 'sharing' || view.state === 'complete'
}

/** For `whenState`: the link is known; throws the item's error. */
export function isLinked(view: ItemView): boolean {
  if (view.state === 'error' && view.error) throw new ReportedError(view.error)
  return view.link !== undefined
}
