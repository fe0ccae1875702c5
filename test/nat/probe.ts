/**
 * What a host sees of its NAT, asked of `echo.ts` with the same arguments: prints a line of JSON, a `Seen`.
 * Run inside a lab.
 */
import { createSocket, type Socket } from 'node:dgram'
import { connect } from 'node:net'

export interface Seen {
  /** Whether one socket looks the same to all whom it speaks to; none where nobody hears it. */
  readonly mapping: 'same' | 'changes' | 'none'
  /** Whether answers come from a port, and from an address, that the socket has not spoken to. */
  readonly fromOtherPort: boolean
  readonly fromOtherAddress: boolean
  /** TCP ports of 80 and 443 that can be reached. */
  readonly tcp: readonly number[]
}

const answerMsMax = 400
const [here, there, first, second] = process.argv.slice(2) as [string, string, string, string]

/** What the socket hears when it asks `address port` for an answer from `by`. */
function ask(socket: Socket, address: string, port: string, by = `${address} ${port}`): Promise<string | undefined> {
  return new Promise((resolve) => {
    const late = setTimeout(() => resolve(undefined), answerMsMax)
    socket.once('message', (answer) => {
      clearTimeout(late)
      resolve(answer.toString())
    })
    socket.send(by, Number(port), address)
  })
}

function reaches(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: here, timeout: answerMsMax }, () => resolve(true))
    for (const event of ['error', 'timeout']) socket.on(event, () => (resolve(false), socket.destroy()))
    socket.on('connect', () => socket.destroy())
  })
}

async function mapping(): Promise<Seen['mapping']> {
  const socket = createSocket('udp4')
  const heard: (string | undefined)[] = []
  for (const [address, port] of [
    [here, first],
    [here, second],
    [there, first]
  ] as const) {
    heard.push(await ask(socket, address, port))
  }
  socket.close()
  const different = new Set(heard)
  if (different.has(undefined)) return 'none'
  return different.size === 1 ? 'same' : 'changes'
}

async function hearsFrom(by: string): Promise<boolean> {
  const socket = createSocket('udp4')
  const heard = await ask(socket, here, first, by)
  socket.close()
  return heard !== undefined
}

const [mapped, fromOtherPort, fromOtherAddress, http, https] = await Promise.all([
  mapping(),
  hearsFrom(`${here} ${second}`),
  hearsFrom(`${there} ${first}`),
  reaches(80),
  reaches(443)
])
const tcp = [...(http ? [80] : []), ...(https ? [443] : [])]
console.log(JSON.stringify({ mapping: mapped, fromOtherPort, fromOtherAddress, tcp } satisfies Seen))
