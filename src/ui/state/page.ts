import { createContext } from 'svelte'
import type { SetId } from '../../core/ids.ts'
import type { FileView, Item } from '../../engine/types.ts'
import type { SaveOutcome } from '../stream-host.ts'
import type { Announcer } from './announcer.svelte.ts'
import type { Client } from './client.svelte.ts'
import type { Router } from './router.svelte.ts'
import type { Shell } from './shell.svelte.ts'
import type { Shortcuts } from './shortcuts.svelte.ts'
import type { Visit } from './visit.svelte.ts'

/** Writes files of an item to disk. Each resolves when it is done or the person declined. */
export interface Saving {
  /** One file as it is, several as one archive. */
  save(item: Item, files: readonly FileView[]): Promise<SaveOutcome>
  readonly canSaveFolder: boolean
  /** Asks for a folder and writes the files there; to be called from a click. */
  saveFolder(item: Item, files: readonly FileView[]): Promise<SaveOutcome>
}

/** Everything that screens share, handed down by context. */
export interface Page {
  readonly client: Client
  readonly router: Router
  readonly shell: Shell
  readonly announcer: Announcer
  readonly shortcuts: Shortcuts
  readonly visit: Visit
  readonly saving: Saving
  /** Adds files and opens the share sheet for them. */
  share(files: readonly { readonly path: string; readonly file: File }[]): Promise<void>
  /** Opens a pasted link; false when the text holds none. */
  openLink(text: string): boolean
  /** Opens a sheet to share a text, which holds this to begin with. */
  write(text: string): void
  showKeys(): void
  askToRemove(id: SetId): void
}

export const [getPage, setPage] = createContext<Page>()
