import { generateKeyPairSync } from 'node:crypto'
import { certified, type Certified } from '../../relay/certificates.ts'

export type { Certified }

/** A certificate that signs itself, for `localhost`, and its key, both PEM. `serial` tells one from another. */
export function selfSigned(serial: number): Certified {
  return certified(serial, 'localhost')
}

/** One who signs certificates of others. */
export interface Authority {
  readonly cert: string
  /** A certificate for `name`; by default one that lasts. */
  certify(name: string, until?: string): Certified
}

export function authority(name: string): Authority {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const signer = { name, key: keys.privateKey }
  let serial = 1
  return {
    cert: certified(serial, name, { signer, keys, isAuthority: true }).cert,
    certify: (subject, until) => certified(++serial, subject, { signer, until })
  }
}
