import { t } from '../messages.ts'

/** One for each component that names the tab: a sheet comes after what it lies over. */
const names: { title: string }[] = []
const show = () => (document.title = names.at(-1)?.title ?? t.app.name)

/** Names the tab after what is on the screen, for as long as the component that calls it is there. */
export function titled(name: () => string): void {
  const own = { title: '' }
  // The whole browser is told of each title: only of another one, not with each view of what it is about.
  const title = $derived(t.app.titled(name()))
  $effect(() => {
    own.title = title
    show()
  })
  $effect(() => {
    names.push(own)
    show()
    return () => {
      names.splice(names.indexOf(own), 1)
      show()
    }
  })
}
