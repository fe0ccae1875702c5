import type { BrowserContext, Page } from 'playwright'

declare const receivedByChannels: () => Promise<number>
declare const connectionsUp: () => number

/** From each page's beginning on, what its data channels receive is counted, and its connections to peers. */
export async function countReceived(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    const made: RTCPeerConnection[] = []
    class Counted extends RTCPeerConnection {
      constructor(configuration?: RTCConfiguration) {
        super(configuration)
        made.push(this)
      }
    }
    // A connection that is closed has no statistics: what it was last seen to have received counts.
    const seen = new Map<RTCPeerConnection, number>()
    const received = async () => {
      for (const each of made) {
        let bytes = 0
        const stats = (await each.getStats()) as unknown as Map<string, { type: string; bytesReceived: number }>
        for (const { type, bytesReceived } of stats.values()) if (type === 'data-channel') bytes += bytesReceived
        seen.set(each, Math.max(bytes, seen.get(each) ?? 0))
      }
      return [...seen.values()].reduce((sum, bytes) => sum + bytes, 0)
    }
    const up = () => made.filter(({ connectionState }) => connectionState === 'connected').length
    Object.assign(globalThis, { RTCPeerConnection: Counted, receivedByChannels: received, connectionsUp: up })
  })
}

/** Bytes that came over all data channels of this page since it was loaded; of one that was closed, up to the last look. */
export const receivedBytes = (page: Page): Promise<number> => page.evaluate(() => receivedByChannels())

/** Connections to peers that are up. */
export const connectionCount = (page: Page): Promise<number> => page.evaluate(() => connectionsUp())
