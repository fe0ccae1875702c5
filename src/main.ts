import { mountPage } from './ui/mount.ts'
import { Shell } from './ui/state/shell.svelte.ts'

const shell = new Shell()
const target = document.getElementById('app')

if (target) {
  mountPage(target, {
    quire: import('./engine/browser.ts').then(({ openPageQuire }) => openPageQuire()),
    shell,
    save: async (item, files) => (await import('./ui/saving.ts')).saveItem(item, files)
  })
}
