import { t } from '../messages.ts'

/** Names the tab after what is on the screen, for as long as the component that calls it is there. */
export function titled(name: () => string): void {
  // The whole browser is told of each title: only of another one, not with each view of what it is about.
  const title = $derived(t.app.titled(name()))
  $effect(() => {
    document.title = title
  })
  $effect(() => () => (document.title = t.app.name))
}
