import { mount } from 'svelte'
import type { Quire } from '../engine/types.ts'
import App from './App.svelte'
import { t } from './messages.ts'
import { Client } from './state/client.svelte.ts'
import type { Saving } from './state/page.ts'
import type { Shell } from './state/shell.svelte.ts'
import './styles/tokens.css'
import './styles/base.css'
import './styles/controls.css'
import './styles/leaves.css'
import './styles/list.css'

export interface PageParts {
  readonly quire: Promise<Quire>
  readonly shell: Shell
  readonly saving: Saving
}

/** Draws the page at once; it fills when the engine is there. */
export function mountPage(target: HTMLElement, { quire, shell, saving }: PageParts): void {
  document.documentElement.lang = t.lang
  mount(App, { target, props: { client: new Client(quire), shell, saving } })
  // After the first paint: text stands in the system's font until then.
  requestAnimationFrame(() => requestAnimationFrame(() => void import('./styles/fonts.css').catch(() => {})))
}
