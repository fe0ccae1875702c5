import { generateKeyPair, privateKeyFromProtobuf, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { randomUUID } from 'node:crypto'
import { link, mkdir, readFile, rename, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { codeOf, flushFolder, writeAtomically } from '../src/store/folder.ts'
import { BadKeyFile, CannotWrite } from './errors.ts'

/**
 * A key, made at the first start and kept: links name a relay by it, receipts a keeper.
 * @throws CannotWrite, BadKeyFile
 */
export async function loadIdentity(dataDir: string, name = 'relay.key'): Promise<PrivateKey> {
  const file = join(dataDir, name)
  try {
    await mkdir(dataDir, { recursive: true })
    return keyIn(file, (await bytesOrUndefined(file)) ?? (await make(dataDir, file)))
  } catch (error) {
    if (['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST'].includes(codeOf(error))) {
      throw new CannotWrite(resolve(dataDir))
    }
    throw error
  }
}

function keyIn(file: string, bytes: Uint8Array): PrivateKey {
  try {
    return privateKeyFromProtobuf(bytes)
  } catch (cause) {
    throw new BadKeyFile(resolve(file), { cause })
  }
}

/** It is durable before anybody hears of it. Of two programs that begin at once both have the key of the first. */
async function make(dataDir: string, file: string): Promise<Uint8Array> {
  const own = `${file}.${randomUUID()}`
  await writeAtomically(own, privateKeyToProtobuf(await generateKeyPair('Ed25519')), 0o600)
  // A link does not replace what is there; a disk that knows none takes the name.
  await link(own, file).catch((error: unknown) => (codeOf(error) === 'EEXIST' ? undefined : rename(own, file)))
  await rm(own, { force: true })
  await flushFolder(dataDir)
  return readFile(file)
}

function bytesOrUndefined(file: string): Promise<Uint8Array | undefined> {
  return readFile(file).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  })
}
