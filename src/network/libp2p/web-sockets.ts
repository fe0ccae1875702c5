import type { MultiaddrConnection, Transport, Upgrader } from '@libp2p/interface'
import type { webSockets } from '@libp2p/websockets'

type MakeWebSockets = ReturnType<typeof webSockets>

/** The socket beneath a connection: a browser's, or one of a server, which can be ended without asking its other end. */
interface Socketed {
  readonly websocket: Pick<WebSocket, 'close'> & { terminate?(): void }
}

/**
 * libp2p's WebSockets whose sockets end with their connections. To cut a connection libp2p closes its socket with the
 * code 1006, which every socket refuses to send: it would stay open, and its relay would think that we are there. [NW48]
 */
export function ending(make: MakeWebSockets): MakeWebSockets {
  return (components) => {
    const transport: Transport = make(components)
    const dial = transport.dial.bind(transport)
    const createListener = transport.createListener.bind(transport)
    transport.dial = (address, options) => dial(address, { ...options, upgrader: above(options.upgrader) })
    transport.createListener = (options) => createListener({ ...options, upgrader: above(options.upgrader) })
    return transport
  }
}

/** What becomes of a socket once libp2p has it. */
function above(upgrader: Upgrader): Upgrader {
  return Object.create(upgrader, {
    upgradeInbound: {
      value: (...[socket, options]: Parameters<Upgrader['upgradeInbound']>) =>
        upgrader.upgradeInbound(withEnd(socket), options)
    },
    upgradeOutbound: {
      value: (...[socket, options]: Parameters<Upgrader['upgradeOutbound']>) =>
        upgrader.upgradeOutbound(withEnd(socket), options)
    }
  }) as Upgrader
}

function withEnd(connection: MultiaddrConnection): MultiaddrConnection {
  const { websocket } = connection as unknown as Socketed
  const sendReset = (): void => (websocket.terminate ? websocket.terminate() : websocket.close())
  return Object.assign(connection, { sendReset })
}
