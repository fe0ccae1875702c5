import { createSocket, type RemoteInfo } from 'node:dgram'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { serveStun, stunAnswer } from '../../relay/stun.ts'
import { stunBurst, stunPerSecond } from '../../src/core/limits.ts'

const transaction = 'b7e7a701bc34d686fa87dfae'
const request = Buffer.from(`000100002112a442${transaction}`, 'hex')
const from = (address: string, port: number): RemoteInfo => ({ address, port, family: 'IPv4', size: request.length })
const hex = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString('hex')

describe('STUN', () => {
  // The transaction and both addresses are those of RFC 5769, sections 2.2 and 2.3.
  it('answers with the address and port that a request came from', () => {
    const four = stunAnswer(request, '192.0.2.1', 32853)
    expect(hex(four)).toBe(`0101000c2112a442${transaction}002000080001a147e112a643`)
    const six = stunAnswer(request, '2001:db8:1234:5678:11:2233:4455:6677', 32853)
    const address = '0113a9faa5d3f179bc25f4b5bed2b9d9'
    expect(hex(six)).toBe(`010100182112a442${transaction}002000140002a147${address}`)
  })

  it('takes an IPv4 address within IPv6 as IPv4', () => {
    expect(hex(stunAnswer(request, '::ffff:192.0.2.1', 32853))).toBe(hex(stunAnswer(request, '192.0.2.1', 32853)))
    expect(stunAnswer(request, '::1', 1)).toHaveLength(44)
    expect(stunAnswer(request, 'fe80::1%eth0', 1)).toHaveLength(44)
  })

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['a short one', request.subarray(0, 19)],
    ['an answer', Buffer.from(`010100002112a442${transaction}`, 'hex')],
    ['another protocol', Buffer.from(`0001000000000000${transaction}`, 'hex')],
    ['a wrong length', Buffer.from(`000100082112a442${transaction}`, 'hex')],
    ['a long one', Buffer.concat([Buffer.from(`000102582112a442${transaction}`, 'hex'), Buffer.alloc(600)])]
  ])('does not answer %s', (_what, bytes) => {
    expect(stunAnswer(bytes, '192.0.2.1', 1)).toBeUndefined()
  })

  it('never sends much more than it got, so that nobody is flooded by way of it', () => {
    expect(stunAnswer(request, '2001:db8::1', 1)!.length).toBeLessThanOrEqual(2.2 * request.length)
  })

  it('answers on its port', async () => {
    const server = await serveStun('127.0.0.1', 0)
    const client = createSocket('udp4')
    client.send(request, server!.address().port, '127.0.0.1')
    const [answer] = (await once(client, 'message')) as [Buffer]
    expect(hex(answer)).toBe(hex(stunAnswer(request, '127.0.0.1', client.address().port)))
    client.close()
    server!.close()
  })

  it('answers one address so often and no more, and others meanwhile', async () => {
    const refused: unknown[] = []
    const server = await serveStun('127.0.0.1', 0, (limit, whom) => refused.push(limit, whom))
    const answered: string[] = []
    server!.send = ((_answer: Uint8Array, _port: number, address: string) => answered.push(address)) as never
    const ask = (address: string) => server!.emit('message', request, from(address, 7))
    const beganMs = performance.now()
    for (let n = 0; n < stunBurst + 400; n++) ask('203.0.113.1')
    const grown = (stunPerSecond * (performance.now() - beganMs)) / 1000
    expect(answered.length).toBeGreaterThanOrEqual(stunBurst)
    expect(answered.length).toBeLessThanOrEqual(stunBurst + grown + 1)
    expect(refused.slice(0, 2)).toEqual(['stun', '203.0.113.1'])
    ask('203.0.113.2')
    expect(answered.at(-1)).toBe('203.0.113.2')
    server!.close()
  })

  it('leaves a packet alone that names no port of its sender', async () => {
    const server = await serveStun('127.0.0.1', 0)
    expect(() => server!.emit('message', request, from('127.0.0.1', 0))).not.toThrow()
    server!.close()
  })

  it('is done without where its port is taken', async () => {
    const first = await serveStun('127.0.0.1', 0)
    expect(await serveStun('127.0.0.1', first!.address().port)).toBeUndefined()
    first!.close()
  })
})
