import type {
  Connection,
  CreateListenerOptions,
  Listener,
  ListenerEvents,
  Transport,
  Upgrader
} from '@libp2p/interface'
import { transportSymbol, TypedEventEmitter } from '@libp2p/interface'
import type { ComponentLogger } from '@libp2p/interface'
import { AbstractMultiaddrConnection, ipPortToMultiaddr, type SendResult } from '@libp2p/utils'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { relaySocketBufferBytesMax, relaySocketMessageBytesMax, relaySocketsMax } from '../src/core/limits.ts'

/** Takes libp2p connections from the upgrade requests of an HTTP server that also serves something else. */
export function webSocketsOn(server: Server): (components: { logger: ComponentLogger }) => Transport {
  return ({ logger }) => new UpgradeTransport(server, logger)
}

class UpgradeTransport implements Transport {
  readonly [transportSymbol] = true
  readonly [Symbol.toStringTag] = 'quire-web-sockets'
  readonly #server: Server
  readonly #logger: ComponentLogger

  constructor(server: Server, logger: ComponentLogger) {
    this.#server = server
    this.#logger = logger
  }

  dial(): Promise<Connection> {
    return Promise.reject(new Error('a relay dials nobody'))
  }

  createListener({ upgrader }: CreateListenerOptions): Listener {
    return new UpgradeListener(this.#server, upgrader, this.#logger)
  }

  listenFilter(addresses: Multiaddr[]): Multiaddr[] {
    return addresses
  }

  dialFilter(): Multiaddr[] {
    return []
  }
}

class UpgradeListener extends TypedEventEmitter<ListenerEvents> implements Listener {
  readonly #http: Server
  readonly #upgrader: Upgrader
  readonly #logger: ComponentLogger
  readonly #sockets = new WebSocketServer({ noServer: true, maxPayload: relaySocketMessageBytesMax })
  readonly #closing = new AbortController()

  constructor(http: Server, upgrader: Upgrader, logger: ComponentLogger) {
    super()
    this.#http = http
    this.#upgrader = upgrader
    this.#logger = logger
  }

  async listen(): Promise<void> {
    this.#http.on('upgrade', this.#onUpgrade)
    this.safeDispatchEvent('listening')
  }

  /** None: those who reserve use the address by which they reached us, which may be that of a proxy. */
  getAddrs(): Multiaddr[] {
    return []
  }

  updateAnnounceAddrs(): void {}

  async close(): Promise<void> {
    this.#http.off('upgrade', this.#onUpgrade)
    this.#closing.abort()
    for (const socket of this.#sockets.clients) socket.terminate()
    this.#sockets.close()
    this.safeDispatchEvent('close')
  }

  readonly #onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (this.#sockets.clients.size >= relaySocketsMax) {
      socket.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n')
      return
    }
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => this.#accept(webSocket, request, socket))
  }

  #accept(webSocket: WebSocket, { socket: { remoteAddress, remotePort } }: IncomingMessage, socket: Duplex): void {
    const log = this.#logger.forComponent('quire:web-sockets')
    const remoteAddr = ipPortToMultiaddr(remoteAddress ?? '0.0.0.0', remotePort ?? 0).encapsulate('/ws')
    const connection = new SocketConnection(webSocket, socket, { remoteAddr, direction: 'inbound', log })
    this.#upgrader
      .upgradeInbound(connection, { signal: this.#closing.signal })
      .catch((error: Error) => connection.abort(error))
  }
}

/** A WebSocket as libp2p sees a connection, with back-pressure both ways. */
class SocketConnection extends AbstractMultiaddrConnection {
  readonly #webSocket: WebSocket

  constructor(
    webSocket: WebSocket,
    socket: Duplex,
    init: ConstructorParameters<typeof AbstractMultiaddrConnection>[0]
  ) {
    super(init)
    this.#webSocket = webSocket
    webSocket.on('message', (data, isBinary) => {
      if (isBinary) this.onData(data as Buffer)
      else this.abort(new Error('text came where bytes were expected'))
    })
    webSocket.on('close', () => this.onTransportClosed())
    webSocket.on('error', (error) => this.abort(error))
    socket.on('drain', () => this.writableNeedsDrain && this.safeDispatchEvent('drain'))
  }

  sendData(data: Iterable<Uint8Array> & { byteLength: number }): SendResult {
    const sentBytes = data.byteLength
    // One message: a length and what it counts come as two parts, and each message costs the other side a turn.
    this.#webSocket.send(Buffer.concat([...data]))
    return { sentBytes, canSendMore: this.#webSocket.bufferedAmount < relaySocketBufferBytesMax }
  }

  sendReset(): void {
    this.#webSocket.terminate()
  }

  async sendClose(): Promise<void> {
    this.#webSocket.close()
  }

  sendPause(): void {
    this.#webSocket.pause()
  }

  sendResume(): void {
    this.#webSocket.resume()
  }
}
