import { generateKeyPair, privateKeyFromRaw } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { pureJsCrypto } from '@libp2p/noise'
import { bytesOfBase64url, joinBytes } from '../../core/bytes.ts'

/*
 * Keys of the two kinds that a tab makes when it starts. libp2p computes tables for each kind first, 30 and 50 ms on the
 * thread that draws the page, which pay for those who make many.
 */

/** A new key to be known by, from WebCrypto where that can. */
export async function freshKey(): Promise<PrivateKey> {
  try {
    const { privateKey } = await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])
    const { d, x } = await crypto.subtle.exportKey('jwk', privateKey)
    return privateKeyFromRaw(joinBytes(bytesOfBase64url(d!)!, bytesOfBase64url(x!)!))
  } catch {
    return generateKeyPair('Ed25519') // a browser from before 2025, or a page that is not secure
  }
}

/** The base point of X25519. RFC 7748, 4.1 */
const basePoint = Uint8Array.of(9, ...new Uint8Array(31))

/** For Noise: public keys in 3 ms without tables. */
export const handshakeCrypto = {
  ...pureJsCrypto,
  generateX25519KeyPair() {
    const privateKey = crypto.getRandomValues(new Uint8Array(32))
    return { privateKey, publicKey: pureJsCrypto.generateX25519SharedKey(privateKey, basePoint) }
  }
}
