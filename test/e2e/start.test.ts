import { describe, expect, it } from 'vitest'
import { createNodeNetwork } from '../../src/network/libp2p/node.ts'
import { temporaryFolder } from '../support/files.ts'
import { startProgram } from '../support/program.ts'
import { within } from '../support/waiting.ts'

describe('npm start', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    'prints one line with its address, and ends in order on %s',
    async (signal) => {
      await using folder = await temporaryFolder('start')
      const env = { QUIRE_PORT: '0', QUIRE_HOST: '127.0.0.1', QUIRE_DATA: folder.path }
      await using program = startProgram('relay/start.js', [], env)
      const line = await within(60_000, 'the line', program.line())
      const [url] = /http:\/\/localhost:\d+$/.exec(line) ?? expect.fail(line)
      const page = await fetch(url.replace('localhost', '127.0.0.1'))
      expect(await page.text()).toContain('<title>Quire</title>')
      const network = await createNodeNetwork({ relays: [url], webrtc: false })
      const joined = new Promise<unknown>((resolve) => (network.onLane = resolve))
      await network.start()
      await within(10_000, 'a tab joins', joined)
      const ended = new Promise((resolve) => program.process.once('exit', (...how) => resolve(how)))
      program.process.kill(signal)
      expect(await within(2_000, 'it ends', ended)).toEqual([0, null])
      await expect(program.line()).rejects.toThrow() // there was no other line
      await network.stop()
    }
  )

  it('[RL4] prints the same as JSON, by either name, with the host that it is known by', async () => {
    await using folder = await temporaryFolder('start')
    const env = { QUIRE_PORT: '0', QUIRE_HOST: '127.0.0.1', QUIRE_DATA: folder.path }
    const linesOf = async (file: string, args: readonly string[]) => {
      await using program = startProgram(file, args, env)
      return JSON.parse(await within(60_000, 'the line', program.line())) as Record<string, string | null>
    }
    const { url, stun } = await linesOf('relay/start.js', ['--json'])
    expect(url).toMatch(/^http:\/\/localhost:\d+$/)
    expect(stun).toBe(url!.replace('http://', 'stun:'))
    const other = await linesOf('relay/cli.ts', ['relay', '--json', '--turn', 'off', '--public-host', '2001:db8::1'])
    expect(other.url).toMatch(/^http:\/\/\[2001:db8::1\]:\d+$/)
    expect(other).toMatchObject({ stun: other.url!.replace('http://', 'stun:'), turn: null })
    expect(other.peerId).toMatch(/^12D3/)
  })
})
