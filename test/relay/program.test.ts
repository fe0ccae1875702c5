import { expect, it } from 'vitest'
import { openProgram } from '../../relay/program.ts'

const listeners = (): number => process.listenerCount('SIGINT') + process.listenerCount('SIGTERM')

it('a program that was closed hears no signals', async () => {
  const before = listeners()
  const programs = [await openProgram({ relays: [] }), await openProgram({ relays: [] })]
  expect(listeners()).toBe(before + 4)
  await Promise.all(programs.map((program) => program.close()))
  expect(listeners()).toBe(before)
})
