import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

/** A certificate and its key, both PEM. */
export interface Certified {
  readonly cert: string
  readonly key: string
}

export interface Signer {
  readonly name: string
  readonly key: KeyObject
}

export interface Wishes {
  /** By default itself. */
  readonly signer?: Signer | undefined
  readonly keys?: { readonly publicKey: KeyObject; readonly privateKey: KeyObject }
  /** It may sign others. */
  readonly isAuthority?: boolean
  /** Until when it is good, as certificates write it. */
  readonly until?: string | undefined
}

/** A certificate for `subject`, X.509 with a key on P-256, good from 2020 to the end of 2049. `serial` tells one from another. */
export function certified(serial: number, subject: string, wishes: Wishes = {}): Certified {
  const { publicKey, privateKey } = wishes.keys ?? generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { signer = { name: subject, key: privateKey }, isAuthority = false, until = '491231235959Z' } = wishes
  const algorithm = sequence(objectId(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02))
  const toSign = sequence(
    der(0xa0, integer(2)),
    integer(serial),
    algorithm,
    named(signer.name),
    sequence(time('200101000000Z'), time(until)),
    named(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    ...(isAuthority ? [der(0xa3, sequence(basicConstraints))] : [])
  )
  const signature = sign('sha256', toSign, signer.key)
  const cert = sequence(toSign, algorithm, der(0x03, Buffer.concat([Buffer.from([0]), signature])))
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${cert
      .toString('base64')
      .match(/.{1,64}/g)!
      .join('\n')}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  }
}

function der(tag: number, content: Uint8Array): Buffer {
  const { length } = content
  const head =
    length < 128 ? [tag, length] : length < 256 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.from(head), content])
}

const sequence = (...parts: Uint8Array[]): Buffer => der(0x30, Buffer.concat(parts))
const objectId = (...bytes: number[]): Buffer => der(0x06, Buffer.from(bytes))
const integer = (value: number): Buffer => der(0x02, Buffer.from([value]))
const time = (text: string): Buffer => der(0x17, Buffer.from(text))
const named = (name: string): Buffer =>
  sequence(der(0x31, sequence(objectId(0x55, 0x04, 0x03), der(0x0c, Buffer.from(name)))))
/** Critical; it may sign others. */
const basicConstraints = sequence(
  objectId(0x55, 0x1d, 0x13),
  der(0x01, Buffer.from([0xff])),
  der(0x04, sequence(der(0x01, Buffer.from([0xff]))))
)
