import type { BrowserContext, Page } from 'playwright'

declare const receivedByChannels: () => Promise<number>

/** From each page's beginning on, what its data channels receive is counted. */
export async function countReceived(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    const made: RTCPeerConnection[] = []
    class Counted extends RTCPeerConnection {
      constructor(configuration?: RTCConfiguration) {
        super(configuration)
        made.push(this)
      }
    }
    const received = async () => {
      let bytes = 0
      for (const each of made) {
        const stats = (await each.getStats()) as unknown as Map<string, { type: string; bytesReceived: number }>
        for (const { type, bytesReceived } of stats.values()) if (type === 'data-channel') bytes += bytesReceived
      }
      return bytes
    }
    Object.assign(globalThis, { RTCPeerConnection: Counted, receivedByChannels: received })
  })
}

/** Bytes that came over all data channels of this page that are open, since it was loaded. */
export const receivedBytes = (page: Page): Promise<number> => page.evaluate(() => receivedByChannels())
