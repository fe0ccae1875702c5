import { rename, symlink, writeFile } from 'node:fs/promises'
import { get } from 'node:https'
import type { Server } from 'node:https'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startRelay } from '../../relay/relay.ts'
import { followCertificate, readPair } from '../../relay/tls.ts'
import { selfSigned } from '../support/certificates.ts'
import { temporaryFolder } from '../support/files.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let files: { cert: string; key: string }

beforeAll(async () => {
  folder = await temporaryFolder('tls')
  files = { cert: join(folder.path, 'cert.pem'), key: join(folder.path, 'key.pem') }
})

afterAll(() => folder[Symbol.asyncDispose]())

async function put({ cert, key }: ReturnType<typeof selfSigned>): Promise<void> {
  await writeFile(files.cert, cert)
  await writeFile(files.key, key)
}

/** The serial number of the certificate that a server shows. */
const shownAt = (port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      resolve(parseInt(socket.getPeerCertificate().serialNumber, 16))
      socket.destroy()
    })
    socket.once('error', reject)
  })

it('[RL14] page, configuration and sockets are served over TLS', async () => {
  await put(selfSigned(7))
  const config = {
    port: 0,
    host: '127.0.0.1',
    dataDir: folder.path,
    json: false,
    tlsCert: files.cert,
    tlsKey: files.key
  }
  const relay = await startRelay(config, folder.path)
  expect(relay.url).toBe(`https://localhost:${relay.port}`)
  const text = await new Promise<string>((resolve, reject) => {
    get({ port: relay.port, host: '127.0.0.1', path: '/config.json', rejectUnauthorized: false }, async (response) => {
      resolve(Buffer.concat(await response.toArray()).toString())
    }).once('error', reject)
  })
  expect(JSON.parse(text)).toMatchObject({ peerId: relay.peerId })
  expect(await shownAt(relay.port)).toBe(7)
  await relay.stop()
})

it('[RL14] a certificate is taken when its files change, and one that does not fit its key is left alone', async () => {
  await put(selfSigned(1))
  const server: Server = createServer(await readPair(files))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const events: string[] = []
  const following = followCertificate(server, files, (event) => events.push(event))
  await following.look()
  expect([await shownAt(port), events]).toEqual([1, []])
  const second = selfSigned(2)
  await writeFile(files.cert, second.cert) // its key is not there yet
  await following.look()
  expect([await shownAt(port), events]).toEqual([1, ['certificate-not-usable']])
  await writeFile(files.key, second.key)
  await following.look()
  expect([await shownAt(port), events]).toEqual([2, ['certificate-not-usable', 'certificate-renewed']])
  // As tools do that keep several and point at one.
  const third = selfSigned(3)
  for (const [name, text] of [['cert', third.cert] as const, ['key', third.key] as const]) {
    await writeFile(join(folder.path, `third-${name}`), text)
    await symlink(join(folder.path, `third-${name}`), join(folder.path, `link-${name}`))
    await rename(join(folder.path, `link-${name}`), files[name])
  }
  await following.look()
  expect(await shownAt(port)).toBe(3)
  following.stop()
  server.close()
})

it('[RL14] files that cannot be used end the start with a sentence', async () => {
  await put({ cert: 'nonsense', key: 'nonsense' })
  await expect(readPair(files)).rejects.toMatchObject({ code: 'bad-certificate', fault: 'user' })
  await expect(readPair({ ...files, cert: join(folder.path, 'nowhere.pem') })).rejects.toThrow(
    /nowhere\.pem.*no such file/
  )
})
