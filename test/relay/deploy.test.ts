import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readConfig } from '../../relay/config.ts'
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
    const source = await readFile('relay/config.ts', 'utf8')
    const variables = [...text.matchAll(/\bQUIRE_[A-Z_]+(?=[=:])/g)].map(([variable]) => variable)
    expect(variables.length).toBeGreaterThan(1)
    const ofCompose = ['QUIRE_HOST_NAME', 'QUIRE_CONFIG']
    for (const variable of variables)
      expect([...ofCompose, ...(source.match(/QUIRE_[A-Z_]+/g) ?? [])]).toContain(variable)
  })

  it('trusts the proxy of the compose file', async () => {
    const text = await readFile('relay/deploy/compose.yaml', 'utf8')
    const network = /QUIRE_TRUST_PROXY: (\S+)/.exec(text)![1]!
    expect(readConfig({ QUIRE_TRUST_PROXY: network }, []).trustProxy?.check('172.30.87.3')).toBe(true)
    expect(text).toContain(`subnet: ${network}`)
  })
})
