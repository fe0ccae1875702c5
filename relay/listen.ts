import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CannotListen, PortTaken } from './errors.ts'

export interface Place {
  readonly host: string
  readonly port: number
}

/** Resolves with the port; throws PortTaken or CannotListen. */
export async function listen(server: Server, { host, port }: Place): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(port, host, resolve)
  try {
    await promise
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'EADDRINUSE') throw new PortTaken(port)
    if (code === 'EACCES') throw new CannotListen(host, port, 'this port needs more rights')
    if (code === 'EADDRNOTAVAIL') throw new CannotListen(host, port, 'this machine has no such address')
    // Without IPv6 there is still everything that IPv4 reaches.
    if (code === 'EAFNOSUPPORT' && host === '::') return listen(server, { host: '0.0.0.0', port })
    throw new CannotListen(host, port, message)
  } finally {
    server.off('error', reject)
  }
  return (server.address() as AddressInfo).port
}
