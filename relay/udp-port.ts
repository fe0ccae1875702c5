import { createSocket } from 'node:dgram'

/** The UDP port, or a free one for 0; undefined where another program has it. */
export async function freeUdpPort(host: string, wanted: number): Promise<number | undefined> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
  try {
    await new Promise<void>((resolve, reject) => socket.once('error', reject).bind(wanted, host, resolve))
    return socket.address().port
  } catch {
    return undefined
  } finally {
    socket.close()
  }
}
