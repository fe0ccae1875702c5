import { t } from '../messages.ts'

/** Names the tab after what is on the screen, for as long as the component that calls it is there. */
export function titled(name: () => string): void {
  $effect(() => {
    document.title = t.app.titled(name())
    return () => (document.title = t.app.name)
  })
}
