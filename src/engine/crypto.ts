import { counterAt } from '../core/envelope/counter.ts'

/** SHA-256 of a block, on the platform's threads. */
export async function digest(bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>))
}

export function randomBytes(length: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(length))
}

/**
 * Turns plaintext of a sealed data set into ciphertext and back, anywhere in it: AES-256-CTR with the counter
 * at byte position / 16 (core/envelope/SPEC.md). Both directions are the same operation.
 */
export class ContentCipher {
  readonly #key: Promise<CryptoKey>

  /** `contentKey`: 32 bytes. */
  constructor(contentKey: Uint8Array) {
    const raw = contentKey as Uint8Array<ArrayBuffer>
    this.#key = crypto.subtle.importKey('raw', raw, 'AES-CTR', false, ['encrypt', 'decrypt'])
  }

  /** `offsetBytes` is the position of `bytes` in the data set, a multiple of 16. */
  async apply(offsetBytes: number, bytes: Uint8Array): Promise<Uint8Array> {
    const counter = counterAt(offsetBytes) as Uint8Array<ArrayBuffer>
    const algorithm = { name: 'AES-CTR', counter, length: 64 }
    return new Uint8Array(await crypto.subtle.encrypt(algorithm, await this.#key, bytes as Uint8Array<ArrayBuffer>))
  }
}
