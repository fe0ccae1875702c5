import { createHash, createPrivateKey, randomInt, X509Certificate } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { base64urlOf } from '../../src/core/bytes.ts'
import { writeAtomically } from '../../src/store/folder.ts'
import { BadCertificate, CannotWrite } from '../errors.ts'
import { certified } from '../certificates.ts'

/** A certificate as libp2p's webrtc-direct takes it. */
export interface DirectCertificate {
  readonly privateKey: string
  readonly pem: string
  /** SHA-256 of the certificate, as a multihash in multibase: who dials knows the relay by it. */
  readonly certhash: string
}

/** Of SHA-256, as multiformats write it. */
const multihashHead = [0x12, 0x20]

/** The relay's certificate for webrtc-direct, made at the first start and kept: addresses name the relay by its hash. [RL22] */
export async function loadDirectCertificate(dataDir: string): Promise<DirectCertificate> {
  const file = join(dataDir, 'webrtc.pem')
  const kept = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw new BadCertificate(file, file, error.message, { cause: error })
  })
  return kept === undefined ? make(dataDir, file) : read(file, kept)
}

function read(file: string, text: string): DirectCertificate {
  const [cert = '', key = ''] = text.split(/(?=^-----BEGIN PRIVATE KEY-----$)/m)
  try {
    const parsed = new X509Certificate(cert)
    if (!parsed.checkPrivateKey(createPrivateKey(key))) throw new Error('the key is that of another')
    const hash = createHash('sha256').update(parsed.raw).digest()
    return { privateKey: key, pem: cert, certhash: `u${base64urlOf(Uint8Array.of(...multihashHead, ...hash))}` }
  } catch (cause) {
    throw new BadCertificate(file, file, (cause as Error).message, { cause })
  }
}

/** Whole or not at all: a relay that is killed meanwhile, or whose machine is, makes another. */
async function make(dataDir: string, file: string): Promise<DirectCertificate> {
  const { cert, key } = certified(randomInt(1, 128), 'quire')
  try {
    await mkdir(dataDir, { recursive: true })
    await writeAtomically(file, cert + key, 0o600)
  } catch (cause) {
    throw new CannotWrite(dataDir, { cause })
  }
  return read(file, cert + key)
}
