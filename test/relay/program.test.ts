import { mkdtemp, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { openProgram } from '../../relay/program.ts'
import { freshRecord } from '../../src/engine/describe.ts'
import { newSetId } from '../../src/engine/set-id.ts'
import { openStore } from '../../src/store/open.ts'
import { temporaryFolder } from '../support/files.ts'

const listeners = (): number => process.listenerCount('SIGINT') + process.listenerCount('SIGTERM')

it('a program that was closed hears no signals', async () => {
  const before = listeners()
  const programs = [await openProgram({ relays: [] }), await openProgram({ relays: [] })]
  expect(listeners()).toBe(before + 4)
  await Promise.all(programs.map((program) => program.close()))
  expect(listeners()).toBe(before)
})

/** Folders that programs make for themselves come here. */
async function temporaryPlace(): Promise<string> {
  const { path, [Symbol.asyncDispose]: remove } = await temporaryFolder('program')
  vi.stubEnv('TMPDIR', path)
  onTestFinished(async () => {
    vi.unstubAllEnvs()
    await remove()
  })
  return path
}

it('a program that is stopped while it begins, or cannot begin, leaves no folder and hears no signals', async () => {
  const [place, before] = [await temporaryPlace(), listeners()]
  const beginning = openProgram({ relays: [] })
  await expect.poll(() => readdir(place)).toHaveLength(1)
  process.emit('SIGTERM')
  const program = await beginning
  await program.untilStopped()
  await program.close()
  expect([await readdir(place), listeners()]).toEqual([[], before])
  vi.stubEnv('TMPDIR', join(place, 'nowhere'))
  await expect(openProgram({ relays: [] })).rejects.toThrow('nowhere')
  expect(listeners()).toBe(before)
})

it('[CT6] what is half read goes when its program ends, and when the next one begins', async () => {
  const dataDir = await mkdtemp(join(await temporaryPlace(), 'library-'))
  const heldIn = async () => {
    const { blocks, catalog } = await openStore(join(dataDir, 'store'))
    const held = [await catalog.items(), await blocks.sets(), await catalog.leaving()]
    await Promise.all([blocks.close(), catalog.close()])
    return held
  }
  const program = await openProgram({ relays: [], dataDir })
  const reading = Promise.withResolvers<void>()
  const read = async () => (reading.resolve(), new Promise<never>(() => undefined))
  program.quire.add([{ path: 'long.bin', sizeBytes: 500_000, mimeType: '', modifiedAtMs: 0, read }])
  await reading.promise
  await program.close()
  expect(await heldIn()).toEqual([[], [], []])

  const killed = await openStore(join(dataDir, 'store'))
  const id = newSetId()
  await killed.catalog.putItem({ ...freshRecord(id), origin: 'added', kind: 'sealed' })
  await killed.blocks.create(id, { blockCount: 8, blockBytes: 65_536 })
  await Promise.all([killed.blocks.close(), killed.catalog.close()])
  await (await openProgram({ relays: [], dataDir })).close()
  expect(await heldIn()).toEqual([[], [], []])
})
