import { busyFactor } from '../waiting.ts'

/**
 * A browser that Playwright does not drive, with one tab, in a process of its own with a new profile.
 * `await using` ends it and removes its profile.
 */
export interface DrivenBrowser extends AsyncDisposable {
  /** Where it puts what is downloaded, without asking. */
  readonly downloadDir: string
  /** Resolves when the page has loaded. */
  open(url: string): Promise<void>
  /** The value of an expression in the page, which may be a promise; it has to survive JSON. */
  evaluate<T>(expression: string): Promise<T>
  /** Gives files to the file input with this test id, as a person's choice in its dialog would. */
  chooseFiles(testId: string, paths: readonly string[]): Promise<void>
}

/** Selector of what carries a test id. */
export function selectorOf(testId: string): string {
  return `[data-testid="${testId}"]`
}

/** Resolves with the trimmed text of the first element with this test id, once it has one that matches `pattern`. */
export function untilText(browser: DrivenBrowser, testId: string, pattern: RegExp, timeoutMs: number): Promise<string> {
  return browser.evaluate<string>(`new Promise((resolve, reject) => {
    const look = () => {
      const text = document.querySelector(${JSON.stringify(selectorOf(testId))})?.textContent?.trim()
      if (text === undefined || !${String(pattern)}.test(text)) return false
      observer.disconnect()
      clearTimeout(timer)
      resolve(text)
      return true
    }
    const observer = new MutationObserver(look)
    const late = () => {
      observer.disconnect()
      reject(new Error('${testId}: not within ${timeoutMs} ms. The page says: ' + document.body.innerText.slice(0, 400)))
    }
    const timer = setTimeout(late, ${busyFactor * timeoutMs})
    if (!look()) observer.observe(document, { subtree: true, childList: true, characterData: true })
  })`)
}

/** Clicks the first element with this test id. */
export function click(browser: DrivenBrowser, testId: string): Promise<null> {
  return browser.evaluate(`(document.querySelector(${JSON.stringify(selectorOf(testId))}).click(), null)`)
}
