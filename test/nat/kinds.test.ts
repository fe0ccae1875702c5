import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Program, startProgram } from '../support/program.ts'
import { type NatKind, natKinds } from './kinds.ts'
import { Lab, otherAddress, relayAddress } from './lab.ts'
import type { Seen } from './probe.ts'

/** What is known of each kind, as a host behind it sees it. */
const known: Readonly<Record<NatKind, Seen>> = {
  'none': { mapping: 'same', fromOtherPort: true, fromOtherAddress: true, tcp: [80, 443] },
  'firewall': { mapping: 'same', fromOtherPort: false, fromOtherAddress: false, tcp: [80, 443] },
  'full-cone': { mapping: 'same', fromOtherPort: true, fromOtherAddress: true, tcp: [80, 443] },
  'address-restricted': { mapping: 'same', fromOtherPort: true, fromOtherAddress: false, tcp: [80, 443] },
  'port-restricted': { mapping: 'same', fromOtherPort: false, fromOtherAddress: false, tcp: [80, 443] },
  'symmetric': { mapping: 'changes', fromOtherPort: false, fromOtherAddress: false, tcp: [80, 443] },
  'udp-blocked': { mapping: 'none', fromOtherPort: false, fromOtherAddress: false, tcp: [80, 443] },
  'tcp-443-only': { mapping: 'none', fromOtherPort: false, fromOtherAddress: false, tcp: [443] }
}
const words = [relayAddress, otherAddress, '7001', '7002']

let lab: Lab
let echo: Program

beforeAll(async () => {
  lab = await Lab.build()
  echo = startProgram('test/nat/echo.ts', words, {}, lab.spaces.within('internet'))
  await echo.line()
})

afterAll(async () => {
  await echo.kill()
  await lab[Symbol.asyncDispose]()
})

it.each(natKinds)('a router of the kind %s is one', async (kind) => {
  lab.setKind('a', kind)
  await using probe = startProgram('test/nat/probe.ts', words, {}, lab.spaces.within('host-a'))
  expect(JSON.parse(await probe.line())).toEqual(known[kind])
})
