import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { turnCredentials } from '../../relay/turn/credentials.ts'
import { turnLifeMs } from '../../src/core/limits.ts'
import { selfSigned } from '../support/certificates.ts'
import { TurnTown } from './turn-town.ts'

// The client goes on sending where it is accepted, and ends by itself where it is refused.
const accepted = 'Received relay addr'
const refused = 'ERROR: Cannot complete Allocation'

let town: TurnTown

beforeAll(async () => {
  town = await TurnTown.found()
})

afterEach(() => town.stopAll())

afterAll(() => town[Symbol.asyncDispose]())

/** Becomes true some time after, and nothing tells when. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) continue
}

it('[TU4] /config.json offers it, and says for how long', async () => {
  await town.start()
  expect(await town.offer()).toMatchObject({ port: 3478, lifeMs: turnLifeMs })
})

it('[TU3] who has no credentials, or had them long ago, is refused', async () => {
  const { dataDir } = await town.start()
  const secret = /static-auth-secret=(.*)/.exec(await readFile(join(dataDir, 'turn/turnserver.conf'), 'utf8'))![1]!
  expect(await town.use(['-y', '-c'], { credential: 'guessed' })).toContain(refused)
  expect(await town.use(['-y', '-c'], turnCredentials(secret, 'early', Date.now() - turnLifeMs - 60_000))).toContain(
    refused
  )
  expect(await town.use(['-v', '-y', '-c'], turnCredentials(secret, 'now', Date.now()), 5)).toContain(accepted)
})

it('[TU6] private addresses are not relayed to', async () => {
  await town.start()
  const addresses = ['10.0.2.2', '127.0.0.1', '192.168.1.1', '169.254.169.254']
  for (const said of await Promise.all(addresses.map((address) => town.use(['-e', address], {}, 2)))) {
    expect(said).toMatch(/error 403 \(Forbidden IP\)/)
  }
})

it('[TU8] coturn comes back when it ends, and goes with the relay', async () => {
  const quire = await town.start()
  const pidPath = join(quire.dataDir, 'turn/turnserver.pid')
  const pid = async () => Number(await readFile(pidPath, 'utf8').catch(() => '0'))
  const first = await pid()
  process.kill(first, 'SIGKILL')
  await until(async () => (await town.offer()) === undefined)
  await until(async () => (await town.offer()) !== undefined)
  const second = await pid()
  expect(second).not.toBe(first)
  await town.kill(quire)
  await until(async () => !runs(second))
  const again = await town.start()
  const third = await pid()
  await town.stop(again)
  expect(runs(third)).toBe(false)
})

/** One that has ended and that nobody has asked after yet has no words. */
function runs(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== ''
  } catch {
    return false
  }
}

it("[TU9] is spoken over TLS too, with the relay's certificate, and takes a renewed one", async () => {
  const { files, put } = await town.certificate(selfSigned(1))
  const quire = await town.start(
    { QUIRE_PUBLIC_HOST: 'quire.example', QUIRE_TLS_CERT: files.cert, QUIRE_TLS_KEY: files.key },
    443
  )
  const { tlsPort } = (await town.offer(443))!
  expect(tlsPort).toBe(5349)
  expect(await town.useOverTls(['-v', '-y', '-c'], {}, 5)).toContain(accepted)
  expect(await town.useOverTls(['-y', '-c'], { credential: 'guessed' })).toContain(refused)
  expect(await town.serialAt(tlsPort!)).toBe(1)
  await put(selfSigned(2))
  quire.program.process.kill('SIGHUP')
  await until(async () => (await town.serialAt(tlsPort!)) === 2)
})

it('[TU1] goes without where its port is taken, or says so where it was asked for', async () => {
  await town.start()
  const other = await town.start({}, 81)
  expect(other.turn).toBeNull()
  await expect(town.start({ QUIRE_TURN: 'on' }, 82)).rejects.toThrow('Port 3478 for TURN is in use by another program')
})
