import { createHmac } from 'node:crypto'
import { turnLifeMs } from '../../src/core/limits.ts'

/** What lets a client use the TURN server for a while. */
export interface TurnCredentials {
  readonly username: string
  readonly credential: string
  /** For how long it may begin to. */
  readonly lifeMs: number
}

/** Credentials that coturn checks by the secret alone, without being told of them. [TU3] */
export function turnCredentials(secret: string, user: string, nowMs: number): TurnCredentials {
  const username = `${Math.floor((nowMs + turnLifeMs) / 1000)}:${user}`
  const credential = createHmac('sha1', secret).update(username).digest('base64')
  return { username, credential, lifeMs: turnLifeMs }
}

/** A name for who has this address, which does not tell it: quotas are by user. [TU5] */
export function userOf(secret: string, address: string): string {
  return createHmac('sha256', secret).update(networkOf(address)).digest('base64url').slice(0, 12)
}

/** A household has one IPv4 address, and 64 bits of IPv6. */
function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')
  if (!plain.includes(':')) return plain
  const [head = '', tail] = plain.split('::')
  const before = head.split(':').filter(Boolean)
  const after = tail?.split(':').filter(Boolean) ?? []
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length
  return [...before, ...Array<string>(zeros).fill('0'), ...after].slice(0, 4).join(':')
}
