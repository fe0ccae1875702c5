import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { expect, it } from 'vitest'
import { checkFolder } from '../../src/store/fsck.ts'
import { temporaryFolder } from '../support/files.ts'
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
