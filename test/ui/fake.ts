import { mountPage } from '../../src/ui/mount.ts'
import { Shell } from '../../src/ui/state/shell.svelte.ts'
import { scenes } from './scenes.ts'

/** The page over an engine that only looks like one: `fake.html?scene=full#/share/lisbon`. Served by `npm run dev`. */
const query = new URLSearchParams(location.search)
const shell = new Shell()
const theme = query.get('theme')
if (theme !== null) document.documentElement.dataset['theme'] = theme
if (query.has('update')) shell.offerUpdate(() => location.reload())
if (query.has('install')) shell.offerInstall(() => Promise.resolve())
shell.markOfflineReady()

const quire = (scenes[query.get('scene') ?? 'full'] ?? scenes['full']!)()
/** For tests: what happens to an item is told to `fakeQuire.item(…)`. */
void quire.then((fakeQuire) => Object.assign(globalThis, { fakeQuire })).catch(() => {})
const saving = {
  canSaveFolder: true,
  save: () => Promise.resolve('handed' as const),
  saveFolder: () => Promise.resolve('saved' as const)
}
mountPage(document.getElementById('app')!, { quire, shell, saving })
