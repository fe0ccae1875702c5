import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readConfig } from '../../relay/config.ts'
import { temporaryFolder } from '../support/files.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let path: string

beforeAll(async () => {
  folder = await temporaryFolder('settings')
  path = join(folder.path, 'quire.json')
})

afterAll(() => folder[Symbol.asyncDispose]())

const written = (content: unknown) => writeFile(path, typeof content === 'string' ? content : JSON.stringify(content))

describe('settings', () => {
  it('have defaults', () => {
    expect(readConfig({}, [])).toMatchObject({
      port: 8787,
      host: '::',
      dataDir: '.quire',
      json: false,
      keeper: true,
      webrtcPort: 'auto',
      log: false,
      logIds: false
    })
  })

  it('[RL1] come from the command line, else the environment, else the file', async () => {
    await written({ port: 1, host: '127.0.0.1', dataDir: 'file', keeper: false, publicHost: 'quire.example' })
    const env = { QUIRE_PORT: '2', QUIRE_DATA: 'environment', QUIRE_HOST: '', QUIRE_CONFIG: path }
    expect(readConfig(env, ['--port', '3', '--json'])).toMatchObject({
      port: 3,
      host: '127.0.0.1',
      dataDir: 'environment',
      json: true,
      keeper: false,
      publicHost: 'quire.example'
    })
    expect(readConfig({}, ['--config', path])).toMatchObject({ port: 1, dataDir: 'file' })
  })

  it.each([
    ['--no-keeper', {}, false],
    ['--log', { QUIRE_NO_KEEPER: '1' }, false],
    ['--log', { QUIRE_NO_KEEPER: '0' }, true]
  ])('[RL1] a keeper is built in unless it is left out: %s %o', (flag, env, keeper) => {
    expect(readConfig(env, [flag])).toMatchObject({ keeper })
  })

  it.each([
    [{ QUIRE_PORT: '80a' }, [], 'QUIRE_PORT is "80a"; it must be a number from 0 to 65535.'],
    [{ QUIRE_LOG: 'yes' }, [], 'QUIRE_LOG is "yes"; it must be 1 or 0 in the environment, true or false in a file.'],
    [{}, ['--port', '70000'], '--port is "70000"; it must be a number from 0 to 65535.'],
    [{}, ['--port'], '--port is ""; it must be followed by a value.'],
    [{}, ['--json=no'], '--json is "no"; it must be given alone.'],
    [{}, ['--public-host', 'https://a.example/'], '--public-host is "https://a.example/"; it must be a host name'],
    [{}, ['--public-url', 'quire.example'], '--public-url is "quire.example"; it must be the address of a page'],
    [{}, ['--bootstrap', 'quire.example'], '--bootstrap is "quire.example"; it must be addresses of relays'],
    [{}, ['--bootstrap', '/dnsaddr'], '--bootstrap is "/dnsaddr"; it must be addresses of relays'],
    [
      { QUIRE_WEBRTC_PORT: 'off' },
      [],
      'QUIRE_WEBRTC_PORT is "off"; it must be a number from 0 to 65535, or auto or none.'
    ],
    [{}, ['here'], 'quire relay takes no "here".']
  ])('[RL2] what is not allowed is told with what is: %o %o', (env, args, sentence) => {
    expect(() => readConfig(env, args)).toThrow(sentence)
  })

  it.each([
    ['none', 'none'],
    ['auto', 'auto'],
    ['0', 0],
    ['9000', 9000]
  ])('[RL22] webrtc-direct has a port of its own, or is left out: %s', async (given, webrtcPort) => {
    expect(readConfig({}, ['--webrtc-port', given])).toMatchObject({ webrtcPort })
    await written({ webrtcPort })
    expect(readConfig({ QUIRE_CONFIG: path }, [])).toMatchObject({ webrtcPort })
  })

  it('[RL19] whoever is to be found by other relays says where', () => {
    const bootstrap = ['https://quire.example', '/dnsaddr/quire.example', '/dns4/quire.example/tcp/443/tls/ws']
    const named = ['--bootstrap', bootstrap.join(', ')]
    expect(() => readConfig({}, named)).toThrow('--public-host is ""; it must be given with --bootstrap')
    expect(readConfig({}, [...named, '--public-host', 'a.example'])).toMatchObject({ bootstrap })
    expect(readConfig({ QUIRE_PUBLIC_URL: 'https://a.example' }, named)).toMatchObject({ bootstrap })
    expect(readConfig({}, [])).toMatchObject({ bootstrap: [] })
  })

  it.each([
    [{ port: '80' }, `"port" in PATH is "80"; it must be a number from 0 to 65535.`],
    [{ log: 1 }, `"log" in PATH is "1"; it must be 1 or 0 in the environment, true or false in a file.`],
    [{ host: { a: 1 } }, `"host" in PATH is "{"a":1}"; it must be a host name or an address alone`],
    [[], 'The file of settings PATH cannot be used: it must hold one JSON object.'],
    ['{', 'The file of settings PATH cannot be used: it is no JSON:'],
    [' '.repeat(100_000), 'The file of settings PATH cannot be used: it is longer than 65536 bytes.']
  ])('[RL2] so is what is wrong in a file: %j', async (content, sentence) => {
    await written(content)
    expect(() => readConfig({}, ['--config', path])).toThrow(sentence.replace('PATH', path))
  })

  it('[RL2] a file that is not there is told of', () => {
    expect(() => readConfig({ QUIRE_CONFIG: '/nowhere' }, [])).toThrow(
      'The file of settings /nowhere cannot be used: it cannot be read.'
    )
  })

  it('[RL3] a name that there is not is told with the nearest there is', async () => {
    expect(() => readConfig({}, ['--prot', '1'])).toThrow('There is no setting --prot. Is --port meant?')
    expect(() => readConfig({}, ['--quota', '1'])).toThrow(/^There is no setting --quota\.$/)
    expect(() => readConfig({ QUIRE_PROT: '1' }, [])).toThrow('There is no setting QUIRE_PROT. Is QUIRE_PORT meant?')
    expect(readConfig({ QUIRE_RELAY: 'https://other.example' }, [])).toMatchObject({ port: 8787 })
    await written({ publicHots: 'a' })
    expect(() => readConfig({}, ['--config', path])).toThrow(
      `There is no setting "publicHots" in ${path}. Is publicHost meant?`
    )
  })
})
