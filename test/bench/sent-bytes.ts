import type { BrowserContext, Page } from 'playwright'

interface CountingWindow {
  connections: Set<RTCPeerConnection>
  /** What went into WebSockets. */
  socketBytes: number
}
declare const window: CountingWindow & { RTCPeerConnection: typeof RTCPeerConnection }

/** Pages that this context opens from now on remember their connections, whoever makes them. */
export const countSentBytes = (context: BrowserContext): Promise<unknown> => context.addInitScript(rememberConnections)

/**
 * Bytes that a page sent so far: over all its WebRTC connections, by the browser's own count, without what a closed one
 * sent; and over WebSockets, by which it goes through a relay.
 */
export const sentBytes = (page: Page): Promise<number> =>
  page.evaluate(async () => {
    let bytes = window.socketBytes
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
  const { send } = WebSocket.prototype
  window.socketBytes = 0
  WebSocket.prototype.send = function (data) {
    window.socketBytes += data instanceof Blob ? data.size : typeof data === 'string' ? data.length : data.byteLength
    send.call(this, data)
  }
}
