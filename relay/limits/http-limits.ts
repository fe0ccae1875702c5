import type { IncomingMessage, Server, ServerOptions } from 'node:http'
import type { Socket } from 'node:net'
import {
  httpHeadersMs,
  httpIdleMs,
  httpRequestBurst,
  httpRequestsPerSecond,
  relayConnectionsMax,
  relayConnectionsPerAddressMax
} from '../../src/core/limits.ts'
import { AddressBudgets, AddressCounts } from './address-budgets.ts'
import { clientAddress, limitKey, plainAddress, type TrustedProxies } from './addresses.ts'
import type { Refuse } from './refusals.ts'

/** Who sends a request slowly, or takes an answer slowly, is cut. */
export const slowness: ServerOptions = {
  headersTimeout: httpHeadersMs,
  requestTimeout: 2 * httpHeadersMs,
  connectionsCheckingInterval: httpHeadersMs / 4
}

export interface HttpLimits {
  readonly proxies: TrustedProxies | undefined
  readonly refuse: Refuse
}

/** Bounds what one address may have open, before a byte of it is read. Connections of a trusted proxy are many people's. */
export function limitConnections(server: Server, { proxies, refuse }: HttpLimits): void {
  server.setTimeout(httpIdleMs)
  server.maxConnections = relayConnectionsMax
  const open = new AddressCounts(relayConnectionsPerAddressMax)
  server.on('connection', (socket: Socket) => {
    const address = plainAddress(socket.remoteAddress ?? '')
    const isProxy = proxies?.check(address, address.includes(':') ? 'ipv6' : 'ipv4') === true
    const key = isProxy ? undefined : limitKey(address)
    if (!open.enter(key)) {
      refuse('connections', address)
      socket.destroy()
      return
    }
    socket.once('close', () => open.leave(key))
  })
}

/** Whether whoever sends a request may send one more. */
export function requestGate({ proxies, refuse }: HttpLimits): (request: IncomingMessage) => boolean {
  const requests = new AddressBudgets(httpRequestBurst, httpRequestsPerSecond)
  return (request) => {
    const address = clientAddress(request, proxies)
    const isRoom = requests.spend(performance.now(), limitKey(address))
    if (!isRoom) refuse('http-requests', address)
    return isRoom
  }
}
