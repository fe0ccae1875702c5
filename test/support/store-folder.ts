import { mkdtemp, open, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { vi } from 'vitest'
import { openFileSystem } from '../../src/store/filesystem.ts'

type Call = (...args: unknown[]) => Promise<unknown>

/** What all open files share. */
async function fileMethods(folder: string): Promise<{ read: Call; write: Call }> {
  const probe = await open(join(folder, 'probe'), 'w')
  await probe.close()
  await rm(join(folder, 'probe'))
  return Object.getPrototypeOf(probe) as { read: Call; write: Call }
}

/** Until the end of its scope a write to a file takes half of what it is given, as it does where there is no room for more. */
export async function halfWrites(folder: string): Promise<Disposable> {
  const file = await fileMethods(folder)
  const { write } = file
  const spy = vi.spyOn(file, 'write').mockImplementation(function (
    this: unknown,
    ...[bytes, from, count, at]: unknown[]
  ) {
    return write.call(this, bytes, from, Math.ceil((count as number) / 2), at)
  })
  return { [Symbol.dispose]: () => spy.mockRestore() }
}

/** The next read of a file, once it is released, begins or is done with. */
export async function holdRead(
  folder: string,
  held: 'beginning' | 'end'
): Promise<{ readonly begun: Promise<void>; release(): void }> {
  const file = await fileMethods(folder)
  const [begun, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const read = file.read
  const spy = vi.spyOn(file, 'read').mockImplementationOnce(async function (this: unknown, ...args: unknown[]) {
    const done = held === 'end' ? await read.apply(this, args) : undefined
    begun.resolve()
    await released.promise
    return done ?? read.apply(this, args)
  })
  return {
    begun: begun.promise,
    release: () => {
      spy.mockRestore()
      released.resolve()
    }
  }
}

/** A folder, opened again and again. */
export async function openPlace() {
  const folder = await mkdtemp(join(tmpdir(), 'quire-store-'))
  const opened: Awaited<ReturnType<typeof openFileSystem>>[] = []
  const open = async (path = folder) => {
    const fresh = await openFileSystem(path)
    opened.push(fresh)
    return fresh
  }
  const closeAll = async () => {
    for (const { blocks, catalog } of opened.splice(0)) await Promise.all([blocks.close(), catalog.close()])
  }
  return {
    ...(await open()),
    folder,
    open,
    closeAll,
    reopen: async () => {
      await closeAll()
      return open()
    },
    dispose: async () => {
      await closeAll()
      await rm(folder, { recursive: true, force: true })
      await rm(`${folder}-crashed`, { recursive: true, force: true })
    }
  }
}

export type Place = Awaited<ReturnType<typeof openPlace>>

export async function inPlace(work: (place: Place) => Promise<void>): Promise<void> {
  const place = await openPlace()
  try {
    await work(place)
  } finally {
    await place.dispose()
  }
}

/** Megabytes that differ are not worth printing. */
export const isSame = (read: readonly Uint8Array[], expected: readonly { readonly bytes: Uint8Array }[]): boolean =>
  Buffer.compare(Buffer.concat(read), Buffer.concat(expected.map(({ bytes }) => bytes))) === 0

export async function slabBytesOf(folder: string): Promise<number> {
  let bytes = 0
  for (const name of await readdir(join(folder, 'slabs'))) bytes += (await stat(join(folder, 'slabs', name))).size
  return bytes
}
