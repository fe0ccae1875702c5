import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readConfig } from '../../relay/config.ts'
import { coturnConfig, type CoturnSettings } from '../../relay/turn/coturn-config.ts'
import { endLeftOver } from '../../relay/turn/coturn.ts'
import { turnCredentials, userOf } from '../../relay/turn/credentials.ts'
import { turnLifeMs } from '../../src/core/limits.ts'
import { temporaryFolder } from '../support/files.ts'
import { runProgram } from '../support/program.ts'

describe('TURN beside the relay', () => {
  it('[TU1] is asked for on a machine without coturn: the start ends with a sentence', async () => {
    await using folder = await temporaryFolder('turn')
    const env = { PATH: '/nowhere', QUIRE_PORT: '0', QUIRE_DATA: join(folder.path, 'data') }
    const { code, lines, said } = await runProgram('relay/main.ts', ['--turn', 'on'], env)
    expect([code, lines]).toEqual([2, []])
    expect(said).toMatch(/^TURN is asked for, and there is no coturn here\. Install it/)
  })

  it('[TU8] a coturn that a killed relay left is ended, and no other program that has its number by now', async () => {
    await using folder = await temporaryFolder('turn')
    const start = (...words: readonly string[]) => spawn(process.execPath, ['-e', 'setInterval(Date, 1e6)', ...words])
    const leftOver = start(join(folder.path, 'turnserver.conf'))
    const stranger = start('turnserver.conf')
    try {
      const pidPath = join(folder.path, 'turnserver.pid')
      await writeFile(pidPath, String(stranger.pid))
      await endLeftOver(folder.path)
      const ended = once(leftOver, 'exit')
      await writeFile(pidPath, String(leftOver.pid))
      await endLeftOver(folder.path)
      expect(await ended).toEqual([null, 'SIGTERM'])
      expect([stranger.exitCode, stranger.signalCode]).toEqual([null, null])
    } finally {
      for (const child of [leftOver, stranger]) child.kill('SIGKILL')
    }
  })

  it('[TU1] has settings, and tells what they may be', () => {
    expect(readConfig({}, [])).toMatchObject({ turn: 'auto', turnPort: 3478, turnAllowPrivate: false })
    const env = { QUIRE_TURN: 'off', QUIRE_TURN_PORT: '5000', QUIRE_TURN_ADDRESS: '203.0.113.7' }
    expect(readConfig(env, ['--turn-allow-private'])).toMatchObject({
      turn: 'off',
      turnPort: 5000,
      turnAddress: '203.0.113.7',
      turnAllowPrivate: true
    })
    expect(() => readConfig({}, ['--turn', 'yes'])).toThrow('--turn is "yes"; it must be one of auto, on, off.')
    expect(() => readConfig({ QUIRE_TURN_ADDRESS: 'here' }, [])).toThrow(
      'QUIRE_TURN_ADDRESS is "here"; it must be an IP address, as in 203.0.113.7.'
    )
  })

  it('[TU9] speaks TLS where there is a certificate for a name', () => {
    const settings = { port: 3478, host: '::', secret: 's', dir: '/d', allowPrivate: false }
    const lines = (tls?: CoturnSettings['tls']) => coturnConfig({ ...settings, tls }).split('\n')
    expect(lines()).toContain('no-tls')
    const secure = lines({ cert: '/c.pem', key: '/k.pem', port: 5349 })
    expect(secure).toEqual(expect.arrayContaining(['tls-listening-port=5349', 'cert=/c.pem', 'pkey=/k.pem']))
    expect(secure).not.toContain('no-tls')
    expect(readConfig({}, ['--turn-tls-port', '443'])).toMatchObject({ turnTlsPort: 443 })
  })

  it('[TU3] gives credentials as coturn reckons them', () => {
    // printf 43200:abc | openssl dgst -sha1 -hmac secret -binary | base64
    expect(turnCredentials('secret', 'abc', 0)).toEqual({
      username: '43200:abc',
      credential: 'ivGk4hcQtTSsehnPDx1V6Y2beTg=',
      lifeMs: turnLifeMs
    })
  })

  it('[TU5] counts a household as one user, and does not tell its address', () => {
    const user = (address: string) => userOf('secret', address)
    expect(user('::ffff:203.0.113.7')).toBe(user('203.0.113.7'))
    expect(user('203.0.113.8')).not.toBe(user('203.0.113.7'))
    expect(user('2001:db8:1:2:3:4:5:6')).toBe(user('2001:db8:1:2::9'))
    expect(user('2001:db8::1')).toBe(user('2001:db8:0:0:7::'))
    expect(user('2001:db8:1:3::9')).not.toBe(user('2001:db8:1:2::9'))
    expect(user('203.0.113.7')).toMatch(/^[\w-]{12}$/)
    expect(userOf('another', '203.0.113.7')).not.toBe(user('203.0.113.7'))
  })
})
