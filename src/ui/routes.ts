import type { SetId } from '../core/ids.ts'
import { notReceivedHash, receivedHash } from '../core/share-target.ts'

/** Places of the page. Every one has its own fragment, so that Back and reload always work. */
export type Route =
  | { readonly name: 'library' }
  /** Something that another program shared with this page waits to be taken, or could not be kept for it. */
  | { readonly name: 'received' }
  | { readonly name: 'not-received' }
  | { readonly name: 'share'; readonly id: SetId }
  | { readonly name: 'item'; readonly id: SetId }
  /** `link` is the whole fragment: the engine reads it. */
  | { readonly name: 'keeper'; readonly link: string }
  | { readonly name: 'receive'; readonly link: string }

/** @param hash `location.hash`, with or without its `#`. Anything unknown leads to the library. */
export function routeOf(hash: string): Route {
  const path = hash.replace(/^#/, '')
  // A later version of the link (`s2`) comes here too, so that it is told apart from a mistyped one.
  if (/^\/?s\d*(\/|$)/.test(path)) return { name: 'receive', link: `#${path.startsWith('/') ? '' : '/'}${path}` }
  if (path.startsWith('/keeper/')) return { name: 'keeper', link: path }
  if (path === receivedHash.slice(1)) return { name: 'received' }
  if (path === notReceivedHash.slice(1)) return { name: 'not-received' }
  const match = /^\/(share|i)\/([^/?]+)$/.exec(path)
  if (match?.[1] === 'share') return { name: 'share', id: match[2] as SetId }
  if (match?.[1] === 'i') return { name: 'item', id: match[2] as SetId }
  return { name: 'library' }
}

export const hashOf = {
  library: '#/',
  share: (id: SetId): string => `#/share/${id}`,
  item: (id: SetId): string => `#/i/${id}`
}

/** The fragment of a pasted link or invitation, whatever page it names; undefined for text that is no link at all. */
export function hashOfLink(text: string): string | undefined {
  const bare = text.replace(/[\s<>]/g, '')
  const at = bare.search(/(#?\/s\d*|#\/keeper)\//)
  if (at >= 0) return `#${bare.slice(at).replace(/^#/, '')}`
  return /^zDv[1-9A-HJ-NP-Za-km-z]{20,}(\?|$)/.test(bare) ? `#/s/${bare}` : undefined
}
