import { generateKeyPair, privateKeyFromProtobuf, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { CannotWrite } from './errors.ts'

/** A key, made at the first start and kept: links name a relay by it, receipts a keeper. */
export async function loadIdentity(dataDir: string, name = 'relay.key'): Promise<PrivateKey> {
  const file = join(dataDir, name)
  try {
    await mkdir(dataDir, { recursive: true })
    const kept = await readFile(file).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
      throw error
    })
    if (kept) return privateKeyFromProtobuf(kept)
    const key = await generateKeyPair('Ed25519')
    await writeFile(file, privateKeyToProtobuf(key), { mode: 0o600, flag: 'wx' })
    return key
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST'].includes(code)) throw new CannotWrite(resolve(dataDir))
    throw error
  }
}
