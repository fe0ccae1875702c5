import type { Page } from 'playwright'
import { relayAddress } from './lab.ts'

/** What WebTorrent's page offers. */
export interface RivalWindow {
  seed(file: File, tracker: string): Promise<string>
  open(magnet: string): { first: Promise<number> }
  verifiedBytes(): number
}
declare const window: RivalWindow

/** Where `long-sites.ts` serves it from. */
export const siteOfRival = `http://${relayAddress}:8100`

/** Opens WebTorrent's page, which asks the STUN server of the relay at this address. */
export async function openRival(page: Page, relayUrl: string): Promise<void> {
  const { stunPort } = (await (await page.goto(`${relayUrl}/config.json`))!.json()) as { stunPort: number }
  await page.goto(`${siteOfRival}/rival.html?stun=stun:${relayAddress}:${stunPort}`)
  await page.waitForFunction(() => 'ready' in globalThis)
}

/** The magnet link of a file that its page seeds from now on. */
export async function seedOf(page: Page, file: string): Promise<string> {
  await page.locator('input').setInputFiles(file)
  return page.evaluate(
    (tracker) => window.seed(document.querySelector('input')!.files![0]!, tracker),
    `ws://${relayAddress}:8101`
  )
}
