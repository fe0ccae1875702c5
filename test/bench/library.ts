import type { Page } from 'playwright'
import type * as Library from '../../src/index.ts'

/** What the page of an application that uses the library has on its window here. */
interface LibraryWindow {
  library: typeof Library
  quire: Library.Quire
}
declare const window: LibraryWindow

/** Opens the application's page, its engine, and a file input to hand files over by. */
export async function openLibrary(page: Page, url: string): Promise<void> {
  await page.goto(url)
  await page.waitForFunction(() => 'library' in window)
  await page.evaluate(async () => {
    const input = document.createElement('input')
    input.type = 'file'
    document.body.append(input)
    window.quire = await window.library.openPageQuire()
  })
}

/** Hands the page a file on disk. */
export const choose = (page: Page, path: string): Promise<void> => page.setInputFiles('input', path)

/** Adds the chosen file; gives the link, and the milliseconds until it was known and everything stored. */
export function addChosen(page: Page): Promise<{ link: string; ms: number }> {
  return page.evaluate(async () => {
    const file = document.querySelector('input')!.files![0]!
    const startMs = performance.now()
    const link = await window.quire.add([window.library.fileSource(file)]).whenLinked()
    return { link, ms: performance.now() - startMs }
  })
}

/**
 * Fetches a link until everything is stored. Milliseconds from the first verified byte until then. With `reads` the
 * page reads the whole file meanwhile, decrypted.
 */
export function fetchLink(page: Page, link: string, reads: boolean): Promise<number> {
  return page.evaluate(
    async ([text, all]) => {
      const item = await window.quire.open(text)
      const first = item.read(0, 0, 1).getReader()
      await first.read()
      const startMs = performance.now()
      const readAll = async (): Promise<void> => {
        const [file] = await item.files()
        const reader = item.read(0, 0, file!.sizeBytes).getReader()
        while (!(await reader.read()).done);
      }
      await Promise.all([item.whenReady(), all ? readAll() : undefined])
      return performance.now() - startMs
    },
    [link, reads] as const
  )
}

export const forgetAll = (page: Page): Promise<void> =>
  page.evaluate(async () => {
    for (const item of window.quire.items()) await item.remove()
  })
