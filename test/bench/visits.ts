import type { Page } from 'playwright'

/** What `watchForNames` puts on a page's window. */
export interface WatchedWindow {
  /** Milliseconds, by the page's clock, when its main part first shows a text. */
  untilShown(text: string): Promise<number>
  shownAtMs: Promise<number>
}
declare const window: WatchedWindow

/** The next visit of this site is the first one. */
export async function forgetSite(page: Page, url: string): Promise<void> {
  await page.goto('about:blank')
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('Network.clearBrowserCache')
  await devtools.send('Storage.clearDataForOrigin', { origin: new URL(url).origin, storageTypes: 'all' })
  await devtools.detach()
}

/** Runs in the page before all else. */
export function watchForNames(first: string): void {
  window.untilShown = (text) =>
    new Promise((resolve) => {
      const look = () => {
        if (document.querySelector('main')?.textContent.includes(text) !== true) return
        observer.disconnect()
        resolve(performance.now())
      }
      const observer = new MutationObserver(look)
      observer.observe(document, { subtree: true, childList: true, characterData: true })
    })
  window.shownAtMs = window.untilShown(first)
}

/** Runs in the page: goes where a link leads. Milliseconds until the name is shown. */
export async function followLink([link, name]: readonly [string, string]): Promise<number> {
  const startMs = performance.now()
  const shown = window.untilShown(name)
  location.hash = new URL(link).hash
  return (await shown) - startMs
}
