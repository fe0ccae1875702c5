import { tick } from 'svelte'
import type { Router } from './router.svelte.ts'

/** The row of an item in the library. */
export const rowOf = (id: string): HTMLElement | null => document.querySelector(`[data-row="${CSS.escape(id)}"]`)

export const mainOf = (): HTMLElement | null => document.querySelector('main')

/** Gives the focus to the first of these that is there once the page is drawn, so that it is never lost. */
export async function focusFirst(...wanted: readonly (() => HTMLElement | null | undefined)[]): Promise<void> {
  await tick()
  const found = wanted.map((find) => find()).find((element) => element?.isConnected)
  found?.focus()
}

/** A place that a person came to from within the page takes the focus: keyboard and screen reader go on from its top. */
export function arrive(router: Router): (main: HTMLElement) => void {
  return (main) => {
    if (router.moved) main.focus({ preventScroll: true })
  }
}
