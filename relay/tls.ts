import { readFile, stat } from 'node:fs/promises'
import type { Server } from 'node:https'
import { constants, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import { tlsFileBytesMax, tlsLookMs } from '../src/core/limits.ts'
import { BadCertificate } from './errors.ts'
import type { Log } from './log.ts'

export interface TlsFiles {
  readonly cert: string
  readonly key: string
  /** Whoever signs certificates of clients, where those are asked for. */
  readonly clientCa?: string
}

export interface Pair {
  readonly cert: Buffer
  readonly key: Buffer
  readonly ca?: Buffer
  readonly secureOptions?: number
}

/** Certificate and key as they are on disk, if they belong together. Throws BadCertificate. */
export async function readPair({ cert, key, clientCa }: TlsFiles): Promise<Pair> {
  const pair = { cert: await readPem(cert), key: await readPem(key) }
  try {
    createSecureContext(pair)
  } catch (cause) {
    throw new BadCertificate(cert, key, (cause as Error).message, { cause })
  }
  if (clientCa === undefined) return pair
  // No session is taken up again: each connection shows its certificate to the CA of that moment.
  return { ...pair, ca: await readCa(clientCa), secureOptions: constants.SSL_OP_NO_TICKET }
}

async function readCa(path: string): Promise<Buffer> {
  const ca = await readPem(path)
  try {
    new X509Certificate(ca)
  } catch (cause) {
    throw new BadCertificate(path, path, (cause as Error).message, { cause })
  }
  return ca
}

async function readPem(path: string): Promise<Buffer> {
  try {
    if ((await stat(path)).size > tlsFileBytesMax) throw new Error('it is too long')
    return await readFile(path)
  } catch (cause) {
    throw new BadCertificate(path, path, (cause as Error).message, { cause })
  }
}

/**
 * Takes a new certificate when the files change, without a restart: connections that stand keep theirs. Looks at the
 * clock of the files, since tools replace them by links and renames that a watch misses, and at SIGHUP. A pair that does
 * not fit, as in the moment between the two files, is left alone until it does. [RL14]
 */
export function followCertificate(
  server: Server,
  files: TlsFiles,
  log: Log,
  onRenewed: () => void = () => undefined
): { look(): Promise<void>; stop(): void } {
  let seen: Promise<string> = stampOf(files)
  const look = async () => {
    const [before, now] = [await seen, await stampOf(files)]
    if (before === now) return
    try {
      server.setSecureContext(await readPair(files))
      seen = Promise.resolve(now)
      log('certificate-renewed')
      onRenewed()
    } catch {
      log('certificate-not-usable')
    }
  }
  const timer = setInterval(() => void look(), tlsLookMs)
  timer.unref()
  const onHangUp = () => void look()
  process.on('SIGHUP', onHangUp)
  return {
    look,
    stop() {
      clearInterval(timer)
      process.off('SIGHUP', onHangUp)
    }
  }
}

async function stampOf({ cert, key, clientCa }: TlsFiles): Promise<string> {
  const stamps = await Promise.all(
    [cert, key, clientCa].map(async (path) => {
      if (path === undefined) return ''
      const facts = await stat(path).catch(() => undefined)
      return facts ? `${facts.mtimeMs} ${facts.size} ${facts.ino}` : ''
    })
  )
  return stamps.join()
}
