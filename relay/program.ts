import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { UploadLimit } from '../src/core/swarm/upload-limit.ts'
import type { QuireEngine } from '../src/engine/engine.ts'
import type { EngineOptions } from '../src/engine/options.ts'
import { isMultiaddr } from '../src/network/relay-config.ts'
import type { Network } from '../src/network/types.ts'
import type { PagedCatalog } from '../src/store/paged.ts'
import type { BucketPlace } from '../src/store/s3.ts'
import type { Additions } from './additions.ts'
import { storePlace } from './commands/data-folder.ts'
import { openDisk } from './disk.ts'
import { dropHalfAdded } from './half-added.ts'

export interface ProgramOptions {
  readonly relays: readonly string[]
  /** Where blocks lie; by default a folder that goes with the program. */
  readonly dataDir?: string
  /** Where blocks lie instead. */
  readonly bucket?: BucketPlace
  readonly uploadLimit?: UploadLimit
}

/** Where links point: the page of a relay, or, where relays are named by multiaddrs alone, to no page but to these. */
export function placeOfLinks(relays: readonly string[]): Pick<EngineOptions, 'origin' | 'linkRelays'> {
  const page = relays.find((relay) => !isMultiaddr(relay))
  return page === undefined ? { origin: '', linkRelays: relays } : { origin: page }
}

export interface Program {
  readonly quire: QuireEngine
  readonly catalog: PagedCatalog
  readonly network: Network
  /** Resolves at SIGINT or SIGTERM. */
  untilStopped(): Promise<void>
  close(): Promise<void>
}

const signals = ['SIGINT', 'SIGTERM'] as const

/** What is gathered in memory is on disk well within this. */
const closeTimeoutMs = 3_000

/**
 * The engine without a window: files on disk, libp2p for Node. Both are loaded here, so that a command that only asks
 * a running program, or is given a bad link, takes a fourth of the time.
 */
export async function openProgram({ relays, dataDir, bucket, uploadLimit }: ProgramOptions): Promise<Program> {
  const [{ QuireEngine }, { createNodeNetwork }] = await Promise.all([
    import('../src/engine/engine.ts'),
    import('../src/network/libp2p/node.ts')
  ])
  const stopped = Promise.withResolvers<void>()
  const stop = () => stopped.resolve()
  await using opening = new AsyncDisposableStack()
  // Before anything is made: whoever stops it while it begins leaves nothing either.
  for (const signal of signals) process.once(signal, stop)
  // At its end: of two signals the second, of another kind, must not cut that short. The same again does.
  opening.defer(() => signals.forEach((signal) => process.off(signal, stop)))
  const dir = dataDir ?? (await mkdtemp(join(tmpdir(), 'quire-')))
  if (!dataDir) opening.defer(() => rm(dir, { recursive: true, force: true }))
  const disk = await openDisk(await storePlace(dir), bucket)
  const network = await createNodeNetwork({ relays, listen: ['/ip4/0.0.0.0/tcp/0'] })
  const quire = await QuireEngine.open({ ...disk, network, ...placeOfLinks(relays), role: 'program', uploadLimit })
  opening.defer(() => closeSoon(quire))
  await dropHalfAdded(quire)
  const ends = opening.move()
  return {
    quire,
    catalog: disk.catalog,
    network,
    untilStopped: () => stopped.promise,
    close: () => ends.disposeAsync()
  }
}

/** A peer or relay that does not answer must not keep a program from ending. */
export async function closeSoon(quire: QuireEngine, additions?: Additions): Promise<void> {
  const dropped = Promise.allSettled([additions?.end(), dropHalfAdded(quire)]) // whoever begins next tries again
  const closed = dropped.then(() => quire.close())
  await Promise.race([closed, new Promise<void>((resolve) => setTimeout(resolve, closeTimeoutMs))])
}
