import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { QuireEngine } from '../../src/engine/engine.ts'
import { blobSource } from '../../src/engine/sources.ts'
import { createNodeNetwork } from '../../src/network/libp2p/node.ts'
import { MemoryBlockStore, MemoryCatalog } from '../../src/store/memory.ts'
import { type RunningRelay, startRelay } from '../../relay/relay.ts'
import { seededBytes } from '../support/seeded.ts'
import { within } from '../support/waiting.ts'

let dataDir: string
let relay: RunningRelay

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'quire-relay-'))
  relay = await startRelay({ port: 0, host: '127.0.0.1', dataDir, json: false }, dataDir)
})

afterAll(async () => {
  await relay.stop()
  await rm(dataDir, { recursive: true })
})

async function openProgram(listen: readonly string[] = []) {
  const network = await createNodeNetwork({ relays: [`http://127.0.0.1:${relay.port}`], listen })
  return QuireEngine.open({
    store: new MemoryBlockStore(),
    catalog: new MemoryCatalog(),
    network,
    origin: 'https://quire.test',
    role: 'program',
    flush: async () => undefined,
    room: { durable: false, freeBytes: async () => 1e12, persisted: async () => false }
  })
}

describe('two programs at one relay', () => {
  it.each([
    ['by WebRTC', [], 'direct'],
    ['by TCP', ['/ip4/127.0.0.1/tcp/0'], 'socket']
  ])(
    'share %s',
    async (_way, listen, kind) => {
      const [alice, bob] = await Promise.all([openProgram(listen), openProgram(listen)])
      const content = seededBytes(1, 3_000_000)
      const link = await alice.add([blobSource('a.bin', new Blob([content]))]).whenLinked()
      const item = await bob.open(link)
      // A circuit may be there first, and carry it all; the better way comes nevertheless.
      const isReached = new Promise<void>((resolve) =>
        item.subscribe(({ peers }) => {
          if (peers.some((peer) => peer.kind === kind)) resolve()
        })
      )
      const view = await item.whenReady({ signal: AbortSignal.timeout(30_000) })
      expect(view.state).toBe('complete')
      await within(30_000, `a connection that is ${kind}`, isReached)
      await Promise.all([alice.close(), bob.close()])
    },
    100_000
  )
})
