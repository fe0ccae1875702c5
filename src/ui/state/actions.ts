import type { FileView, Item, ItemView } from '../../engine/types.ts'
import { t } from '../messages.ts'
import type { MenuEntry } from '../parts/menu.ts'
import { hashOf } from '../routes.ts'
import { hasWords, wordsOfError } from '../words.ts'
import { reportOf } from '../../core/errors.ts'
import type { SaveOutcome } from '../stream-host.ts'
import type { Page } from './page.ts'

export interface ItemActions {
  pause(): void
  resume(): void
  retry(): void
  /** All files, or the one of this index. */
  save(index?: number): Promise<void>
  /** Pauses what runs, resumes what is paused. */
  toggle(): void
  readonly menu: readonly MenuEntry[]
}

/** What a person can do with an item now; failures are told in words. */
export function itemActions(page: Page, item: Item, view: ItemView): ItemActions {
  const attempt = (work: () => Promise<unknown>) => () =>
    void work().catch((thrown) => page.announcer.noteFailure(thrown))
  const can = (action: ItemView['can'][number]) => view.can.includes(action)

  const pause = attempt(() => item.pause())
  const resume = attempt(() => item.resume())
  const retry = attempt(() => item.retry())
  async function saveWith(write: (files: readonly FileView[]) => Promise<SaveOutcome>): Promise<void> {
    try {
      const outcome = await page.visit.saving(item.files().then(write))
      if (outcome !== 'declined') page.announcer.note(t.receive.done[outcome])
    } catch (thrown) {
      const { code } = reportOf(thrown)
      const words = hasWords(code) ? wordsOfError(reportOf(thrown)).line : t.receive.saveFailed
      page.announcer.interrupt(words)
      page.announcer.note(words)
    }
  }
  const save = (index?: number) =>
    saveWith((files) => page.saving.save(item, index === undefined ? files : files.slice(index, index + 1)))
  const saveFolder = () => saveWith((files) => page.saving.saveFolder(item, files))

  const w = t.item.actions.menu
  const menu: MenuEntry[] = []
  menu.push({ label: w.open, act: () => page.router.go(hashOf.item(view.id)) })
  if (view.link) menu.push({ label: w.share, act: () => page.router.go(hashOf.share(view.id)) })
  if (can('save')) menu.push({ label: w.save, act: () => void save() })
  if (can('save') && view.fileCount > 1 && page.saving.canSaveFolder)
    menu.push({ label: w.saveFolder, act: () => void saveFolder() })
  if (can('pause')) menu.push({ label: w.pause, act: pause })
  if (can('resume')) menu.push({ label: w.resume, act: resume })
  if (can('retry')) menu.push({ label: w.retry, act: retry })
  if (can('remove')) menu.push({ label: w.remove, act: () => page.askToRemove(view.id) })

  const toggle = () => (can('resume') ? resume() : can('pause') ? pause() : undefined)
  return { pause, resume, retry, save, toggle, menu }
}
