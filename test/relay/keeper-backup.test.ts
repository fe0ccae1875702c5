import { once } from 'node:events'
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, it } from 'vitest'
import { checkFolder } from '../../src/store/fsck.ts'
import { temporaryFolder } from '../support/files.ts'
import { startedKeeper } from '../support/keeper.ts'
import { startProgram } from '../support/program.ts'
import { seededBytes } from '../support/seeded.ts'

it('[ST23] a keeper that runs makes a backup of all that it holds when it is told to', async () => {
  await using folder = await temporaryFolder('keeper')
  const args = ['keeper', '--rest-port', '0', '--data', folder.path, '--json']
  await using program = startProgram('relay/cli.ts', args)
  const { rest } = JSON.parse(await program.line()) as { rest: string }
  await fetch(`${rest}/api/codex/v1/data`, { method: 'POST', body: seededBytes(1, 300_000) })
  const said = once(createInterface({ input: program.process.stderr! }), 'line')
  program.process.kill('SIGUSR2')
  const [line] = (await said) as [string]
  expect(line).toMatch(/^Backed up to /)
  expect(await checkFolder(line.slice('Backed up to '.length))).toMatchObject({
    setCount: 1,
    verifiedBlocks: 5,
    problemCount: 0
  })
})

it('[ST23] a keeper that ends calls off a backup, and one that begins removes what a killed one left', async () => {
  await using folder = await temporaryFolder('keeper')
  const backups = join(folder.path, 'backups')
  await mkdir(join(backups, 'left.unfinished', 'slabs'), { recursive: true })
  const started = await startedKeeper('--data', folder.path)
  expect(await readdir(backups)).toEqual([])
  await fetch(`${started.base}/data`, { method: 'POST', body: seededBytes(1, 300_000) })
  const [made] = await Promise.allSettled([started.keeper.backUp(), started[Symbol.asyncDispose]()])
  expect(made).toMatchObject({ status: 'rejected', reason: { code: 'stopped' } })
  expect(await readdir(backups)).toEqual([])
})
