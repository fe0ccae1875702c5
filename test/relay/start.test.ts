import { mkdir, readdir, stat, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadIdentity } from '../../relay/identity.ts'
import { temporaryFolder } from '../support/files.ts'
import { runProgram } from '../support/program.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>

beforeAll(async () => {
  folder = await temporaryFolder('start')
})

afterAll(() => folder[Symbol.asyncDispose]())

/** Starts it as `npm start` does, and expects that it ends with one sentence. */
async function refusal(env: Record<string, string>, status = 1): Promise<string> {
  const { code, lines, said } = await runProgram('relay/start.js', [], {
    QUIRE_HOST: '127.0.0.1',
    QUIRE_DATA: folder.path,
    ...env
  })
  expect(code).toBe(status)
  expect(lines).toEqual([])
  expect(said.split('\n')).toHaveLength(1)
  return said
}

describe('npm start says in one sentence why it cannot start', () => {
  it('when its port is taken', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as AddressInfo
    expect(await refusal({ QUIRE_PORT: String(port) })).toBe(
      `Port ${port} is in use by another program. Stop it, or choose another port with QUIRE_PORT.`
    )
    other.close()
  })

  it('when its folder cannot be written', async () => {
    const file = join(folder.path, 'file')
    await writeFile(file, '')
    const said = await refusal({ QUIRE_PORT: '0', QUIRE_DATA: join(file, 'data') })
    expect(said).toBe(
      `Quire cannot write to its folder ${join(file, 'data')}. Change its owner, or choose another with QUIRE_DATA.`
    )
  })

  it.each([
    ['is empty, as a power cut can leave it', Buffer.alloc(0)],
    ['is cut off', Buffer.from('080112408d', 'hex')]
  ])('when its key %s', async (_what, bytes) => {
    const dataDir = join(folder.path, `key of ${bytes.length} bytes`)
    await mkdir(dataDir)
    await writeFile(join(dataDir, 'relay.key'), bytes)
    expect(await refusal({ QUIRE_PORT: '0', QUIRE_DATA: dataDir })).toBe(
      `The key in ${join(dataDir, 'relay.key')} is damaged. Put a copy of it back, or remove it: then a new one is made, and what names the old one is void.`
    )
  })

  it('when it cannot listen there', async () => {
    const said = await refusal({ QUIRE_PORT: '0', QUIRE_HOST: '192.0.2.99' })
    expect(said).toBe('Quire cannot listen at 192.0.2.99, port 0: this machine has no such address.')
  })

  it.each(['70000', '-1', '80a', '1e3'])('[RL26] when the port makes no sense: %s', async (port) => {
    const said = await refusal({ QUIRE_PORT: port }, 2)
    expect(said).toBe(`QUIRE_PORT is "${port}"; it must be a number from 0 to 65535.`)
  })

  it('when Node is too old', async () => {
    const check = `import('./relay/node-version.js').then(({ checkNode }) => checkNode('20.19.0'))`
    const { code, said } = await runProgram('-e', [check])
    expect(code).toBe(1)
    expect(said).toBe('Quire needs Node 24, and this is Node 20.19.0. "npm ci" brings one, and "npm start" runs it.')
  })
})

it('a key is made once, whole, for its owner alone, however many programs begin at once', async () => {
  const dataDir = join(folder.path, 'many')
  const keys = await Promise.all(Array.from({ length: 5 }, () => loadIdentity(dataDir)))
  expect(new Set(keys.map(({ publicKey }) => publicKey.toString())).size).toBe(1)
  expect((await loadIdentity(dataDir)).equals(keys[0]!)).toBe(true)
  expect(await readdir(dataDir)).toEqual(['relay.key'])
  expect((await stat(join(dataDir, 'relay.key'))).mode & 0o777).toBe(0o600)
})
