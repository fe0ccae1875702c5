import { privateKeyFromProtobuf, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import { pureJsCrypto } from '@libp2p/noise'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { freshKey, handshakeCrypto } from '../../src/network/libp2p/page-crypto.ts'

describe('keys of a tab', () => {
  afterEach(() => {
    vi.restoreAllMocks()
  })

  it.each(['can', 'cannot'])(
    'are new, sign, and go with their public key, where WebCrypto %s make them',
    async (way) => {
      if (way === 'cannot') vi.spyOn(crypto.subtle, 'generateKey').mockRejectedValue(new Error('unknown algorithm'))
      const [key, other] = await Promise.all([freshKey(), freshKey()])
      const message = new TextEncoder().encode('from this tab')
      const signature = await key.sign(message)
      expect(await key.publicKey.verify(message, signature)).toBe(true)
      expect(await other.publicKey.verify(message, signature)).toBe(false)
      expect(privateKeyFromProtobuf(privateKeyToProtobuf(key)).publicKey.equals(key.publicKey)).toBe(true)
    }
  )

  it('shake hands with those that libp2p makes', () => {
    const ours = handshakeCrypto.generateX25519KeyPair()
    const theirs = pureJsCrypto.generateX25519KeyPair()
    const shared = [
      pureJsCrypto.generateX25519SharedKey(ours.privateKey, theirs.publicKey),
      pureJsCrypto.generateX25519SharedKey(theirs.privateKey, ours.publicKey)
    ]
    expect(shared[0]).toEqual(shared[1])
    expect(handshakeCrypto.generateX25519KeyPair().privateKey).not.toEqual(ours.privateKey)
  })
})
