import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** Passes what comes to its port on to another, until what it carries then goes silent: open, and nothing arrives. */
export async function deadEndWire(toPort: number) {
  const sockets: Socket[] = []
  const server = createServer((near) => {
    const far = connect(toPort, '127.0.0.1')
    near.pipe(far).pipe(near)
    for (const socket of [near, far]) socket.on('error', () => undefined) // its other end was torn off
    sockets.push(near, far)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    /** Connections so far. */
    count: () => sockets.length / 2,
    goSilent: () => sockets.forEach((socket) => socket.unpipe()),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
    }
  }
}
