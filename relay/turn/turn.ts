import { randomBytes } from 'node:crypto'
import { createServer, isIP } from 'node:net'
import { join } from 'node:path'
import type { RelayConfig } from '../config.ts'
import { TurnMissing, TurnPortTaken } from '../errors.ts'
import type { Log } from '../log.ts'
import { freeUdpPort } from '../udp-port.ts'
import type { CoturnSettings } from './coturn-config.ts'
import { Coturn, endLeftOver, findCoturn } from './coturn.ts'
import { type TurnCredentials, turnCredentials, userOf } from './credentials.ts'

/** What `/config.json` says of TURN. [TU4] */
export type TurnOffer = TurnCredentials & { readonly port: number; readonly tlsPort?: number }

export interface Turn {
  readonly port: number
  /** For who has this address; undefined while coturn is not up. */
  offer(address: string): TurnOffer | undefined
  /** The relay's certificate is another. */
  renewCertificate(): void
  stop(): Promise<void>
}

export type TurnSettings = Pick<
  RelayConfig,
  | 'turn'
  | 'turnPort'
  | 'turnTlsPort'
  | 'turnAddress'
  | 'turnAllowPrivate'
  | 'publicHost'
  | 'host'
  | 'dataDir'
  | 'tlsCert'
  | 'tlsKey'
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
  const tls = await tlsOf(settings, log)
  const rest = { secret, dir, allowPrivate: turnAllowPrivate, externalAddress: turnAddress }
  const coturn = await Coturn.start(program, { port, tls, host, ...rest }, log)
  const ports = { port, tlsPort: tls?.port }
  return {
    port,
    offer: (address) =>
      coturn.isUp ? { ...ports, ...turnCredentials(secret, userOf(secret, address), Date.now()) } : undefined,
    renewCertificate: () => tls && coturn.renewCertificate(),
    stop: () => coturn.stop()
  }
}

/** Browsers take a certificate by the name that it is for. Where the port is taken there is TURN without TLS. [TU9] */
async function tlsOf(settings: TurnSettings, log: Log): Promise<CoturnSettings['tls']> {
  const { tlsCert: cert, tlsKey: key, turnTlsPort = 5349, publicHost, host } = settings
  if (cert === undefined || key === undefined || publicHost === undefined || isIP(publicHost) !== 0) return undefined
  const port = await freePort(host, turnTlsPort)
  if (port === undefined) log('turn-port-taken', { port: turnTlsPort })
  return port === undefined ? undefined : { cert, key, port }
}

/** The port, or a free one for 0, where both TCP and UDP can be had; undefined where another program has it. */
async function freePort(host: string, wanted: number): Promise<number | undefined> {
  const server = createServer()
  try {
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(wanted, host, resolve))
    const { port } = server.address() as { port: number }
    return await freeUdpPort(host, port)
  } catch {
    return undefined
  } finally {
    server.close()
  }
}
