import type { BrowserContext, Page } from 'playwright'

interface CountingWindow {
  connections: Set<RTCPeerConnection>
}
declare const window: CountingWindow & { RTCPeerConnection: typeof RTCPeerConnection }

/** Pages that this context opens from now on remember their WebRTC connections, whoever makes them. */
export const countSentBytes = (context: BrowserContext): Promise<unknown> => context.addInitScript(rememberConnections)

/** Bytes that all WebRTC connections of a page sent so far, by the browser's own count; what a closed one sent is lost. */
export const sentBytes = (page: Page): Promise<number> =>
  page.evaluate(async () => {
    let bytes = 0
    for (const connection of window.connections) {
      const stats = await connection.getStats()
      stats.forEach((each: { type: string; bytesSent?: number }) => {
        if (each.type === 'transport') bytes += each.bytesSent ?? 0
      })
    }
    return bytes
  })

/** Runs in the page before all else. */
function rememberConnections(): void {
  const Plain = window.RTCPeerConnection
  window.connections = new Set()
  window.RTCPeerConnection = class extends Plain {
    constructor(configuration?: RTCConfiguration) {
      super(configuration)
      window.connections.add(this)
    }
  }
}
