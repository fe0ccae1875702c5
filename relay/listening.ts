import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { httpHeadersMs, refusalLogMs } from '../src/core/limits.ts'
import { listen } from './listen.ts'
import type { Log } from './log.ts'
import { followCertificate, readPair, type TlsFiles } from './tls.ts'

export interface Listening {
  readonly server: Server
  readonly port: number
  close(): Promise<void>
}

export interface ListenOptions {
  readonly host: string
  readonly port: number
  readonly tls: TlsFiles | undefined
  readonly log: Log
  /** How slow and how long a request may be. */
  readonly bounds: ServerOptions
  /** The certificate is another: for others that have it too. */
  readonly onRenewed?: () => void
  /** Called before anybody can connect. */
  readonly prepare: (server: Server) => void
}

/** An HTTP server, or an HTTPS server where there is a certificate. Throws PortTaken, CannotListen or BadCertificate. */
export async function listenHttp(handler: RequestListener, options: ListenOptions): Promise<Listening> {
  const { tls, bounds, log, prepare, onRenewed } = options
  const secure = tls && createSecureServer({ ...bounds, ...(await secureOptions(tls)) }, handler)
  const server = (secure as unknown as Server | undefined) ?? createServer(bounds, handler)
  prepare(server)
  const port = await listen(server, options)
  noteFailures(server, log)
  const following = secure && followCertificate(secure, tls, log, onRenewed)
  return {
    server,
    port,
    close() {
      following?.stop()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      return closed
    }
  }
}

/** A connection that cannot be taken, as where the system has no descriptors left, concerns who comes with it alone. [RL25] */
export function noteFailures(server: Server, log: Log): void {
  let nextAtMs = -Infinity
  server.on('error', ({ code = 'unknown' }: NodeJS.ErrnoException) => {
    if (performance.now() < nextAtMs) return
    nextAtMs = performance.now() + refusalLogMs
    log('accept-failed', { code })
  })
}

/** A client without a certificate is let in as far as to be told that it takes one. */
const secureOptions = async (tls: TlsFiles) => ({
  ...(await readPair(tls)),
  handshakeTimeout: httpHeadersMs,
  requestCert: tls.clientCa !== undefined,
  rejectUnauthorized: false
})
