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
import { relayHandshakeMs, relaySocketBufferBytesMax, relaySocketMessageBytesMax } from '../src/core/limits.ts'
import { clientAddress, limitKey, type TrustedProxies } from './limits/addresses.ts'
import type { Refuse } from './limits/refusals.ts'
import { type Admitted, SocketGate } from './limits/socket-gate.ts'

export interface WebSocketOptions {
  readonly server: Server
  readonly proxies: TrustedProxies | undefined
  readonly refuse: Refuse
  /** Whether nobody new is taken. */
  readonly isDraining: () => boolean
}

/** Takes libp2p connections from the upgrade requests of an HTTP server that also serves something else. */
export function webSocketsOn(options: WebSocketOptions): (components: { logger: ComponentLogger }) => Transport {
  return ({ logger }) => new UpgradeTransport(options, logger)
}

class UpgradeTransport implements Transport {
  readonly [transportSymbol] = true
  readonly [Symbol.toStringTag] = 'quire-web-sockets'
  readonly #options: WebSocketOptions
  readonly #logger: ComponentLogger

  constructor(options: WebSocketOptions, logger: ComponentLogger) {
    this.#options = options
    this.#logger = logger
  }

  dial(): Promise<Connection> {
    return Promise.reject(new Error('a relay dials nobody'))
  }

  createListener({ upgrader }: CreateListenerOptions): Listener {
    return new UpgradeListener(this.#options, upgrader, this.#logger)
  }

  listenFilter(addresses: Multiaddr[]): Multiaddr[] {
    return addresses.filter((address) => address.toString().endsWith('/ws'))
  }

  dialFilter(): Multiaddr[] {
    return []
  }
}

class UpgradeListener extends TypedEventEmitter<ListenerEvents> implements Listener {
  readonly #options: WebSocketOptions
  readonly #upgrader: Upgrader
  readonly #logger: ComponentLogger
  readonly #gate = new SocketGate()
  readonly #sockets = new WebSocketServer({ noServer: true, maxPayload: relaySocketMessageBytesMax })
  readonly #closing = new AbortController()
  /** Sockets that are no WebSocket yet, or never will be. */
  readonly #arriving = new Set<Duplex>()

  constructor(options: WebSocketOptions, upgrader: Upgrader, logger: ComponentLogger) {
    super()
    this.#options = options
    this.#upgrader = upgrader
    this.#logger = logger
  }

  async listen(): Promise<void> {
    this.#options.server.on('upgrade', this.#onUpgrade)
    this.safeDispatchEvent('listening')
  }

  /** None: those who reserve use the address by which they reached us, which may be that of a proxy. */
  getAddrs(): Multiaddr[] {
    return []
  }

  updateAnnounceAddrs(): void {}

  async close(): Promise<void> {
    this.#options.server.off('upgrade', this.#onUpgrade)
    this.#closing.abort()
    for (const socket of this.#sockets.clients) socket.terminate()
    for (const socket of this.#arriving) socket.destroy()
    this.#sockets.close()
    this.safeDispatchEvent('close')
  }

  readonly #onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const address = clientAddress(request, this.#options.proxies)
    const arrived = this.#arrive(socket)
    if (this.#options.isDraining()) return turnAway(socket, '503 Service Unavailable')
    const admitted = this.#gate.enter(performance.now(), limitKey(address))
    if (typeof admitted === 'string') {
      this.#options.refuse(admitted, address)
      return turnAway(socket, '429 Too Many Requests')
    }
    socket.once('close', admitted.closed)
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
      arrived()
      const port = request.socket.remotePort ?? 0
      void this.#accept(webSocket, ipPortToMultiaddr(address, port).encapsulate('/ws'), socket, admitted)
    })
  }

  /**
   * Node has let go of a socket that asks for an upgrade: nobody hears its errors, which would end the process, and
   * nobody ends it where its other end does not. Gives what says that it is a WebSocket, which looks after itself.
   */
  #arrive(socket: Duplex): () => void {
    const late = setTimeout(() => socket.destroy(), relayHandshakeMs)
    const arrived = (): void => {
      clearTimeout(late)
      this.#arriving.delete(socket)
    }
    this.#arriving.add(socket)
    socket.on('error', () => undefined)
    socket.once('close', arrived)
    return arrived
  }

  async #accept(webSocket: WebSocket, remoteAddr: Multiaddr, socket: Duplex, { shaken }: Admitted): Promise<void> {
    const log = this.#logger.forComponent('quire:web-sockets')
    const connection = new SocketConnection(webSocket, socket, { remoteAddr, direction: 'inbound', log })
    try {
      await this.#upgrader.upgradeInbound(connection, { signal: this.#closing.signal })
    } catch (error) {
      connection.abort(error as Error)
    } finally {
      shaken()
    }
  }
}

/** It is not waited for: who goes on sending would hold its place for as long as it likes. */
function turnAway(socket: Duplex, status: string): void {
  socket.once('finish', () => socket.destroy())
  socket.end(`HTTP/1.1 ${status}\r\nRetry-After: 5\r\nConnection: close\r\n\r\n`)
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
