import type { Download, JSHandle, Page } from 'playwright'
import type { ItemState } from '../../src/engine/types.ts'
import { sha256OfFile } from './files.ts'
import { busyFactor, within } from './waiting.ts'

/** What is in the page by its test ids: the contract that automation builds on. */
export const byId = (page: Page, id: string) => page.getByTestId(id).first()

/** Goes to the library and shares what the input is given: paths of files, or one folder. Resolves with the link. */
export async function shareFiles(
  page: Page,
  url: string,
  paths: readonly string[],
  input: 'file-input' | 'folder-input' = 'file-input'
): Promise<string> {
  await page.goto(`${url}/#/`)
  await byId(page, input).setInputFiles(input === 'folder-input' ? paths[0]! : [...paths])
  return linkOf(page)
}

/** The link that the share sheet shows, once what is shared has one. */
export async function linkOf(page: Page): Promise<string> {
  return (await byId(page, 'share-link').textContent({ timeout: busyFactor * 60_000 }))!
}

/** Goes to a link as somebody who was sent it: the page is loaded anew. */
export async function openLink(page: Page, link: string): Promise<void> {
  if (page.url() !== 'about:blank') await page.goto('about:blank')
  await page.goto(link)
}

/** Resolves when the item on the screen is in this state. */
export async function untilState(page: Page, state: ItemState, timeoutMs = 30_000): Promise<void> {
  await page
    .locator(`[data-testid="item-state"]:text-is("${state}")`)
    .first()
    .waitFor({ state: 'attached', timeout: busyFactor * timeoutMs })
}

/**
 * Resolves when the item on the screen has a direct connection. On a busy machine the relay may carry the first of it, or
 * all that is small, until there is one.
 */
export async function untilDirect(page: Page): Promise<void> {
  const direct = page.locator('[data-testid="connection-kind"]:text-is("direct")')
  await direct.first().waitFor({ state: 'attached', timeout: busyFactor * 30_000 })
}

/** When the page first was as `isSo` tells, by the clock that all processes of a machine share: it looks at each frame drawn. */
export async function momentWhen(
  page: Page,
  isSo: (asked: string) => boolean,
  asked = '',
  timeoutMs = 30_000
): Promise<number> {
  const isSoThere = await page.evaluateHandle(`(${String(isSo)})`)
  const seen = page.evaluate(
    ([isSoHere, argument]) =>
      new Promise<number>((resolve) => {
        const look = () => (isSoHere(argument) ? resolve(Date.now()) : requestAnimationFrame(look))
        look()
      }),
    [isSoThere as JSHandle<(asked: string) => boolean>, asked] as const
  )
  return within(timeoutMs, 'what the page is to show', seen)
}

/** Resolves with the percentage when at least so many percent are verified and stored. */
export function untilPercent(page: Page, percent: number, timeoutMs = 60_000): Promise<number> {
  const seen = page.evaluate(
    (wanted) =>
      new Promise<number>((resolve) => {
        const look = () => {
          const shown = document.querySelector('[data-testid="progress"]')?.getAttribute('aria-valuenow')
          const now = Number(shown ?? -1)
          if (now < wanted) return
          observer.disconnect()
          resolve(now)
        }
        const observer = new MutationObserver(look)
        observer.observe(document, { subtree: true, childList: true, attributes: true })
        look()
      }),
    percent
  )
  return within(timeoutMs, `${percent} percent`, seen)
}

/** Clicks save and gives what the browser downloads. */
export async function save(page: Page): Promise<Download> {
  const begun = page.waitForEvent('download', { timeout: busyFactor * 30_000 })
  const [download] = await Promise.all([
    begun.catch(async (cause: unknown) => {
      const said = await page.locator('[aria-live], [role=alert]').allInnerTexts()
      throw new Error(`no download began; the page says: ${said.join(' ')}`, { cause })
    }),
    byId(page, 'save').click()
  ])
  return download
}

/** SHA-256 in hex of what is saved by a click. */
export async function savedSha256(page: Page): Promise<string> {
  return sha256OfFile(await (await save(page)).path())
}

/** Each name becomes a share of its own, a small text. */
export const shareEach = (page: Page, names: readonly string[]): Promise<void> => page.evaluate(addEach, names)

/** Runs in the page. */
function addEach(names: readonly string[]): void {
  const input = document.querySelector<HTMLInputElement>('[data-testid=file-input]')!
  for (const name of names) {
    const chosen = new DataTransfer()
    chosen.items.add(new File([`content of ${name}`], name, { type: 'text/plain' }))
    input.files = chosen.files
    input.dispatchEvent(new Event('change', { bubbles: true }))
  }
}
