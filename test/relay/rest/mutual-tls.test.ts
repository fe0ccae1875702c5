import { writeFile } from 'node:fs/promises'
import { type IncomingMessage, request as httpRequest } from 'node:http'
import { request, type RequestOptions } from 'node:https'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readKeeperConfig } from '../../../relay/keeper-config.ts'
import { admit } from '../../../relay/rest/gate.ts'
import { authority, type Certified, selfSigned } from '../../support/certificates.ts'
import { temporaryFolder } from '../../support/files.ts'
import { startedKeeper, type StartedKeeper } from '../../support/keeper.ts'
import { startProgram } from '../../support/program.ts'

const ours = authority('clients of this keeper')
const client = ours.certify('one client')
const server = selfSigned(7)

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let flags: string[]
let one: StartedKeeper

beforeAll(async () => {
  folder = await temporaryFolder('mutual-tls')
  const put = async (name: string, text: string): Promise<string> => {
    const path = join(folder.path, name)
    await writeFile(path, text)
    return path
  }
  const [cert, key] = [await put('cert.pem', server.cert), await put('key.pem', server.key)]
  flags = ['--rest-tls-cert', cert, '--rest-tls-key', key, '--rest-client-ca', await put('ca.pem', ours.cert)]
  one = await startedKeeper(...flags, '--rest-host', '0.0.0.0')
})

afterAll(async () => {
  await one[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

type Answer = readonly [status: number, text: string]

/** What a client that trusts the keeper's certificate is told. */
function ask(rest: string, shown?: Certified, options: RequestOptions = {}): Promise<Answer> {
  const { port } = new URL(rest)
  const { cert, key } = shown ?? {}
  return new Promise((resolve, reject) => {
    const path = '/api/codex/v1/space'
    const tls = { cert, key, ca: server.cert, servername: 'localhost', agent: false as const }
    const sending = request({ host: '127.0.0.1', port, path, ...tls, ...options }, async (answer) => {
      resolve([answer.statusCode!, Buffer.concat(await answer.toArray()).toString()])
    })
    sending.once('error', reject).end()
  })
}

const wanted = 'This API takes a certificate of the client, signed by who signs them for this keeper'

it('[RE12] who shows a certificate of the CA is answered over TLS, and nobody else', async () => {
  const { rest } = one.keeper
  expect(rest).toMatch(/^https:\/\/0\.0\.0\.0:\d+$/)
  expect(await ask(rest, client)).toEqual([200, expect.stringContaining('quotaMaxBytes')])
  expect(await ask(rest)).toEqual([401, `${wanted}.`])
  const others = authority('clients of this keeper')
  for (const refused of [selfSigned(8), others.certify('one client'), ours.certify('late', '210101000000Z')]) {
    expect(await ask(rest, refused)).toEqual([401, `${wanted}.`])
  }
  const [status] = await ask(rest, client, { headers: { Origin: 'https://evil.example' } })
  expect(status).toBe(403)
})

it('[RE12] no session is taken up again, be it one with a certificate or without', async () => {
  const { port } = new URL(one.keeper.rest)
  const askOver = (shown: Certified | undefined, session?: Buffer) =>
    new Promise<{ status: number; isReused: boolean; session: Buffer }>((resolve, reject) => {
      const tls = { ...shown, session, ca: server.cert, servername: 'localhost', agent: false as const }
      const sending = request({ host: '127.0.0.1', port, path: '/api', ...tls }, async (answer) => {
        const socket = answer.socket as TLSSocket
        const isReused = socket.isSessionReused()
        await answer.toArray()
        resolve({ status: answer.statusCode!, isReused, session: socket.getSession()! })
      })
      sending.once('error', reject).end()
    })
  for (const [shown, status] of [
    [client, 200],
    [undefined, 401]
  ] as const) {
    const first = await askOver(shown)
    expect(first.status).toBe(status)
    expect(await askOver(undefined, first.session)).toMatchObject({ status: 401, isReused: false })
  }
})

it('[RE12] a socket that is called authorized and has no certificate is of nobody', () => {
  const admitted = (certificate?: object) => {
    const socket = { authorized: true, getPeerX509Certificate: () => certificate } as unknown as TLSSocket
    const headers = { host: 'localhost' }
    const asked = { socket, headers, method: 'GET' } as unknown as IncomingMessage
    admit(asked, { asksCertificates: true, origins: [], anyHost: false })
  }
  expect(() => admitted()).toThrow(`${wanted}.`)
  expect(() => admitted({})).not.toThrow()
})

it('[RE12] does not speak without TLS', async () => {
  const plain = new Promise((resolve, reject) => {
    httpRequest(`${one.keeper.rest.replace('https', 'http')}/api`, resolve)
      .once('error', reject)
      .end()
  })
  await expect(plain).rejects.toThrow()
})

it('[RE12] a token is as good where there is one, and says so', async () => {
  await using both = await startedKeeper(...flags, '--rest-token', 'word')
  const { rest } = both.keeper
  const local = { headers: { Host: 'localhost' } }
  expect(await ask(rest, client, local)).toEqual([200, expect.anything()])
  const bearer = { headers: { ...local.headers, Authorization: 'Bearer word' } }
  expect(await ask(rest, undefined, bearer)).toEqual([200, expect.anything()])
  expect(await ask(rest, undefined, local)).toEqual([
    401,
    `${wanted}, or a token, as in "Authorization: Bearer TOKEN".`
  ])
})

it('[RE12] another CA and another certificate are taken without a restart', async () => {
  const words = ['keeper', '--rest-port', '0', '--data', join(folder.path, 'data'), ...flags, '--json']
  await using program = startProgram('relay/quire.js', words)
  const { rest } = JSON.parse(await program.line()) as { rest: string }
  expect(rest).toMatch(/^https:\/\/127\.0\.0\.1:/)
  const local = { headers: { Host: 'localhost' } }
  expect((await ask(rest, client, local))[0]).toBe(200)
  const next = authority('the next ones')
  await writeFile(join(folder.path, 'ca.pem'), next.cert)
  program.process.kill('SIGHUP')
  await expect
    .poll(() => ask(rest, next.certify('one client'), local), { timeout: 60_000 })
    .toEqual([200, expect.anything()])
  expect((await ask(rest, client, local))[0]).toBe(401)
})

it('[RE12] settings that do not fit end the start with a sentence', async () => {
  const read = (...args: string[]) => readKeeperConfig({}, args)
  expect(() => read('--rest-tls-cert', 'a')).toThrow('--rest-tls-key is ""; it must be given with --rest-tls-cert.')
  expect(() => read('--rest-tls-key', 'a')).toThrow('--rest-tls-cert is ""; it must be given with --rest-tls-key.')
  expect(() => read('--rest-client-ca', 'a')).toThrow('--rest-tls-cert is ""; it must be given with --rest-client-ca.')
  const nonsense = join(folder.path, 'nonsense.pem')
  await writeFile(nonsense, 'nonsense')
  await expect(startedKeeper(...flags.slice(0, 4), '--rest-client-ca', nonsense)).rejects.toMatchObject({
    code: 'bad-certificate',
    fault: 'user'
  })
})
