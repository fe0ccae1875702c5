import { createContext } from 'svelte'
import type { SetId } from '../../core/ids.ts'
import type { FileView, Item } from '../../engine/types.ts'
import type { Announcer } from './announcer.svelte.ts'
import type { Client } from './client.svelte.ts'
import type { Router } from './router.svelte.ts'
import type { Shell } from './shell.svelte.ts'
import type { Shortcuts } from './shortcuts.svelte.ts'
import type { Visit } from './visit.svelte.ts'

/** Writes files of an item to disk: one as it is, many as a folder or an archive. Resolves when it is done or declined. */
export type Save = (item: Item, files: readonly FileView[]) => Promise<void>

/** Everything that screens share, handed down by context. */
export interface Page {
  readonly client: Client
  readonly router: Router
  readonly shell: Shell
  readonly announcer: Announcer
  readonly shortcuts: Shortcuts
  readonly visit: Visit
  readonly save: Save
  /** Adds files and opens the share sheet for them. */
  share(files: readonly { readonly path: string; readonly file: File }[]): Promise<void>
  /** Opens a pasted link; false when the text holds none. */
  openLink(text: string): boolean
  askToRemove(id: SetId): void
}

export const [getPage, setPage] = createContext<Page>()
