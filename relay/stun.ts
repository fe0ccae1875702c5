import { createSocket, type Socket } from 'node:dgram'
import { stunBurst, stunPerSecond } from '../src/core/limits.ts'
import { AddressBudgets } from './limits/address-budgets.ts'
import { limitKey } from './limits/addresses.ts'
import { type Refuse, refuseSilently } from './limits/refusals.ts'

const magicCookie = 0x2112a442
const bindingRequest = 0x0001
const bindingSuccess = 0x0101
const xorMappedAddress = 0x0020
const headerBytes = 20
/** A binding request is a header and a few attributes; longer ones are not answered, so that nobody is flooded by way of us. */
const requestBytesMax = 576

/**
 * The answer to a STUN binding request (RFC 8489): the address it came from, XORed. Undefined for anything else.
 * The answer is never more than 2.2 times as long as the request.
 */
export function stunAnswer(request: Uint8Array, address: string, port: number): Uint8Array | undefined {
  if (request.length < headerBytes || request.length > requestBytesMax) return undefined
  const view = new DataView(request.buffer, request.byteOffset, request.byteLength)
  if (view.getUint16(0) !== bindingRequest || view.getUint32(4) !== magicCookie) return undefined
  if (view.getUint16(2) !== request.length - headerBytes) return undefined
  const host = addressBytes(address)
  if (!host) return undefined
  const answer = new Uint8Array(headerBytes + 8 + host.length)
  const out = new DataView(answer.buffer)
  out.setUint16(0, bindingSuccess)
  out.setUint16(2, 8 + host.length)
  answer.set(request.subarray(4, headerBytes), 4) // cookie and transaction id
  out.setUint16(20, xorMappedAddress)
  out.setUint16(22, 4 + host.length)
  out.setUint8(25, host.length === 4 ? 1 : 2)
  out.setUint16(26, port ^ (magicCookie >>> 16))
  host.forEach((byte, i) => (answer[28 + i] = byte ^ answer[4 + i]!))
  return answer
}

/** 4 or 16 bytes of an address as the system writes it; IPv4 within IPv6 counts as IPv4. */
function addressBytes(address: string): Uint8Array | undefined {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')
  const four = /^(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(plain)
  if (four) return Uint8Array.from(four.slice(1).map(Number))
  const [head = '', tail] = plain.split('::')
  const before = head.split(':').filter(Boolean)
  const after = (tail ?? '').split(':').filter(Boolean)
  const zeros = 8 - before.length - after.length
  if (!plain.includes(':') || zeros < 0) return undefined
  const words = [...before, ...Array<string>(zeros).fill('0'), ...after].map((word) => parseInt(word, 16))
  return Uint8Array.from(words.flatMap((word) => [word >> 8, word & 0xff]))
}

/** Answers on UDP, same port number as the page; resolves with undefined when that port cannot be had. */
export async function serveStun(
  host: string,
  port: number,
  refuse: Refuse = refuseSilently
): Promise<Socket | undefined> {
  const asked = new AddressBudgets(stunBurst, stunPerSecond)
  const socket = createSocket(host.includes(':') ? { type: 'udp6' } : { type: 'udp4' })
  socket.on('message', (message, from) => {
    if (from.port === 0) return // a packet may name no port of its sender, and none can be answered there
    if (!asked.spend(performance.now(), limitKey(from.address))) return refuse('stun', from.address)
    const answer = stunAnswer(message, from.address, from.port)
    if (answer) socket.send(answer, from.port, from.address)
  })
  return new Promise((resolve) => {
    socket.once('error', () => {
      socket.close()
      resolve(undefined)
    })
    socket.bind(port, host, () => {
      socket.removeAllListeners('error')
      socket.on('error', () => undefined) // a send that failed concerns one client, who asks again
      resolve(socket)
    })
  })
}
