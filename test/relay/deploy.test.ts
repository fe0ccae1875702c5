import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { readConfig } from '../../relay/config.ts'
import { endBySignals } from '../../relay/early-signals.ts'
import { runProgram, type Quire, startQuire } from '../support/program.ts'

let quire: Quire

beforeAll(async () => {
  quire = await startQuire()
})

afterAll(() => quire.stop())

describe('what is deployed', () => {
  it('is asked how it is, and its end is noticed', async () => {
    const ask = async (port: number) =>
      (await runProgram('relay/deploy/healthcheck.ts', [], { QUIRE_PORT: String(port) })).code
    expect(await ask(quire.port)).toBe(0)
    expect(await ask(1)).toBe(1)
  })

  it.each(['Dockerfile', 'compose.yaml', 'quire-relay.service'])('%s gives settings that there are', async (name) => {
    const text = await readFile(`relay/deploy/${name}`, 'utf8')
    const sources = ['relay/config.ts', 'relay/deploy/healthcheck.ts'].map((path) => readFile(path, 'utf8'))
    const source = (await Promise.all(sources)).join()
    const variables = [...text.matchAll(/\bQUIRE_[A-Z_]+(?=[=:])/g)].map(([variable]) => variable)
    expect(variables.length).toBeGreaterThan(1)
    const ofCompose = ['QUIRE_HOST_NAME', 'QUIRE_CONFIG']
    for (const variable of variables)
      expect([...ofCompose, ...(source.match(/QUIRE_[A-Z_]+/g) ?? [])]).toContain(variable)
  })

  it('[RL26] is not started again with a wrong setting', async () => {
    const { code } = await runProgram('relay/quire.js', ['relay', '--turn', 'maybe'])
    expect(await readFile('relay/deploy/quire-relay.service', 'utf8')).toContain(`\nRestartPreventExitStatus=${code}\n`)
    expect(code).toBe(2)
  })

  it('trusts the proxy of the compose file, by IPv4 and IPv6', async () => {
    const text = await readFile('relay/deploy/compose.yaml', 'utf8')
    const networks = /QUIRE_TRUST_PROXY: (\S+)/.exec(text)![1]!
    const { trustProxy } = readConfig({ QUIRE_TRUST_PROXY: networks }, [])
    expect(trustProxy?.check('172.30.87.3')).toBe(true)
    expect(trustProxy?.check('fd51:17e0:87::3', 'ipv6')).toBe(true)
    for (const network of networks.split(',')) expect(text).toMatch(new RegExp(`subnet: '?${network}'?[ ,}]`))
  })

  it('meets the keeper of the compose file where people meet, and lets the relay look up its own name', async () => {
    const services = servicesOf(await readFile('relay/deploy/compose.yaml', 'utf8'))
    expect(services['relay']).toContain('QUIRE_PUBLIC_URL: https://${QUIRE_HOST_NAME}')
    expect(services['keeper']).toContain("--relay, 'https://${QUIRE_HOST_NAME}'")
    expect(services['proxy']).toContain("keeping:\n        aliases: ['${QUIRE_HOST_NAME}']")
    expect(services['relay']).toContain('networks: [inside]')
    expect(services['keeper']).toContain('networks: [keeping]')
  })

  it('is given longer to drain than it takes', async () => {
    const [compose, unit] = await Promise.all(
      ['compose.yaml', 'quire-relay.service'].map((name) => readFile(`relay/deploy/${name}`, 'utf8'))
    )
    const seconds = (text: string | undefined, what: RegExp) => Number(what.exec(text!)![1])
    expect(seconds(compose, /stop_grace_period: (\d+)s/)).toBeGreaterThan(seconds(compose, /DRAIN_SECONDS: (\d+)/) + 5)
    expect(seconds(unit, /TimeoutStopSec=(\d+)/)).toBeGreaterThan(seconds(unit, /DRAIN_SECONDS=(\d+)/) + 5)
  })

  it('has its page where the proxy has it, by the line at the start', async () => {
    await using behind = await startQuire({ env: { QUIRE_PUBLIC_URL: 'https://quire.example' } })
    expect(behind.url).toBe('https://quire.example') // [RL4]
  })
})

/** What the compose file says of each service, by its name. */
function servicesOf(compose: string): Readonly<Record<string, string>> {
  const [, services = ''] = /\nservices:\n([^]*?)\n(?=\S)/.exec(compose) ?? []
  return Object.fromEntries(services.split(/^ {2}(?=\w)/m).map((part) => [part.slice(0, part.indexOf(':')), part]))
}

describe('the first process of a container ends by a signal that nobody listens for [RL8]', () => {
  it.each([
    ['SIGTERM', 143],
    ['SIGINT', 130]
  ] as const)('%s', (signal, code) => {
    const others = process.listeners(signal)
    process.removeAllListeners(signal)
    const exit = vi.spyOn(process, 'exit').mockReturnValue(undefined as never)
    try {
      endBySignals(2)
      expect(process.listenerCount(signal)).toBe(0)
      endBySignals(1)
      const command = vi.fn()
      process.once(signal, command)
      process.emit(signal)
      expect([command.mock.calls.length, exit.mock.calls]).toEqual([1, []])
      process.emit(signal)
      expect(exit.mock.calls).toEqual([[code]])
    } finally {
      exit.mockRestore()
      for (const name of ['SIGTERM', 'SIGINT'] as const)
        for (const each of process.listeners(name)) if (!others.includes(each)) process.off(name, each)
      for (const other of others) process.on(signal, other as () => void)
    }
  })
})
