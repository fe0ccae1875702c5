import { randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { RelayConfig } from '../config.ts'
import { TurnMissing, TurnPortTaken } from '../errors.ts'
import type { Log } from '../log.ts'
import { Coturn, endLeftOver, findCoturn } from './coturn.ts'
import { type TurnCredentials, turnCredentials, userOf } from './credentials.ts'

/** What `/config.json` says of TURN. [TU4] */
export type TurnOffer = TurnCredentials & { readonly port: number }

export interface Turn {
  readonly port: number
  /** For who has this address; undefined while coturn is not up. */
  offer(address: string): TurnOffer | undefined
  stop(): Promise<void>
}

export type TurnSettings = Pick<
  RelayConfig,
  'turn' | 'turnPort' | 'turnAddress' | 'turnAllowPrivate' | 'publicHost' | 'host' | 'dataDir'
>

/** Starts coturn where that is wanted. Throws TurnMissing or TurnPortTaken where it was asked for and cannot be. [TU1] */
export async function startTurn(settings: TurnSettings, log: Log): Promise<Turn | undefined> {
  const { turn = 'off', turnPort = 3478, turnAddress, turnAllowPrivate = false, publicHost, host, dataDir } = settings
  const isWanted = turn === 'on' || (turn === 'auto' && publicHost !== undefined)
  if (!isWanted) return undefined
  const program = findCoturn()
  if (program === undefined) {
    if (turn === 'on') throw new TurnMissing()
    return undefined
  }
  const dir = join(dataDir, 'turn')
  await endLeftOver(dir)
  const port = await freePort(host, turnPort)
  if (port === undefined) {
    if (turn === 'on') throw new TurnPortTaken(turnPort)
    log('turn-port-taken', { port: turnPort })
    return undefined
  }
  const secret = randomBytes(32).toString('hex')
  const rest = { secret, dir, allowPrivate: turnAllowPrivate, externalAddress: turnAddress }
  const coturn = await Coturn.start(program, { port, host, ...rest }, log)
  return {
    port,
    offer: (address) =>
      coturn.isUp ? { port, ...turnCredentials(secret, userOf(secret, address), Date.now()) } : undefined,
    stop: () => coturn.stop()
  }
}

/** The port, or a free one for 0, where both TCP and UDP can be had; undefined where another program has it. */
async function freePort(host: string, wanted: number): Promise<number | undefined> {
  const server = createServer()
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
  try {
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(wanted, host, resolve))
    const { port } = server.address() as { port: number }
    await new Promise<void>((resolve, reject) => socket.once('error', reject).bind(port, host, resolve))
    return port
  } catch {
    return undefined
  } finally {
    server.close()
    socket.close()
  }
}
