import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { base64urlOf } from '../../src/core/bytes.ts'
import type { PeerId } from '../../src/core/ids.ts'
import { formatInvitation } from '../../src/core/keep/invitation.ts'
import { readSignedRecord } from '../../src/core/keep/signed-record.ts'
import { makeTerms } from '../../src/core/keep/terms.ts'
import type { KeepPolicy } from '../../src/core/keep/types.ts'
import { keepTermMsMax } from '../../src/core/limits.ts'
import { utf8Encode } from '../../src/core/proto/utf8.ts'
import { Dormant } from '../../src/engine/dormant.ts'
import { QuireEngine } from '../../src/engine/engine.ts'
import { Keeping } from '../../src/engine/keep/keeping.ts'
import type { EngineOptions } from '../../src/engine/options.ts'
import { collectBytes } from '../../src/engine/reading.ts'
import { blobSource } from '../../src/engine/sources.ts'
import type { Item, KeepView } from '../../src/engine/types.ts'
import { whenState } from '../../src/engine/watch.ts'
import { sealRecord } from '../../src/network/libp2p/records.ts'
import { MemoryHub } from '../../src/network/memory.ts'
import type { NamedKeeper, Network } from '../../src/network/types.ts'
import { openFileSystem } from '../../src/store/filesystem.ts'
import { MemoryBlockStore } from '../../src/store/memory.ts'
import type { PagedCatalog } from '../../src/store/paged.ts'
import type { BlockStore } from '../../src/store/types.ts'
import { TrackerService } from '../../relay/tracker-service.ts'
import { PagedMemoryCatalog } from './paged-memory.ts'

export const policy: KeepPolicy = {
  bytesMax: 10_000_000,
  peerBytesMax: 10_000_000,
  dataSetBytesMax: 5_000_000,
  termMsMax: keepTermMsMax
}
export const [key, otherKey] = [await generateKeyPair('Ed25519'), await generateKeyPair('Ed25519')]
export const idOf = (of: typeof key): PeerId => peerIdFromPrivateKey(of).toString() as PeerId
export const keeperId = idOf(key)
const open: QuireEngine[] = []

/** For after each test. */
export const closeAll = () => Promise.all(open.splice(0).map((engine) => engine.close()))

export function hubWithTracker(over: Partial<KeepPolicy> = {}): MemoryHub {
  const tracker = new TrackerService(() => true)
  const hub = new MemoryHub((lane) => tracker.accept(lane))
  const { dataSetBytesMax, termMsMax } = { ...policy, ...over }
  const terms = { dataSetBytesMax, termMsMax, invited: false }
  hub.keepers = [named(keeperId, 'keeper.test', terms)]
  return hub
}

export const named = (peerId: PeerId, host: string, terms: NamedKeeper['terms']): NamedKeeper => ({
  peerId,
  record: base64urlOf(utf8Encode(peerId)),
  host,
  terms
})

/** An invitation as a keeper of these tests gives it. */
export async function invitationOf(
  token: Uint8Array,
  { own = key, record = sealRecord(own, []), terms = {} }: InvitationOver = {}
): Promise<string> {
  const { dataSetBytesMax, termMsMax } = { ...policy, ...terms }
  const said = await makeTerms(idOf(own), { dataSetBytesMax, termMsMax, invited: true }, (text) => own.sign(text))
  return formatInvitation('https://quire.test', { token, record: await record, terms: said })
}

interface InvitationOver {
  readonly own?: typeof key
  readonly record?: Promise<Uint8Array>
  readonly terms?: Partial<KeepPolicy>
}

/** As `hub.join`; signed records lead to those who signed them, too. */
export function joinByRecords(hub: MemoryHub, name: string): Network {
  const network = hub.join(name)
  const connect = network.connect.bind(network)
  network.connect = async (record, options) => connect(nameIn(record), options)
  return network
}

function nameIn(record: Uint8Array): Uint8Array {
  try {
    return utf8Encode(readSignedRecord(record).keeper)
  } catch {
    return record
  }
}

export async function partsIn(folder: string) {
  const { blocks, catalog } = await openFileSystem(folder)
  return { store: blocks, catalog }
}

export const freshParts = (): { store: BlockStore; catalog: PagedCatalog } => ({
  store: new MemoryBlockStore(),
  catalog: new PagedMemoryCatalog()
})

export async function openEngine(...given: Parameters<typeof newEngine>): Promise<QuireEngine> {
  const engine = await newEngine(...given)
  open.push(engine)
  return engine
}

/** One that whoever opens it ends. */
function newEngine(hub: MemoryHub, name: string, over: Partial<EngineOptions> = {}): Promise<QuireEngine> {
  return QuireEngine.open({
    ...freshParts(),
    network: hub.join(name),
    origin: 'https://quire.test',
    role: 'tab',
    flush: async () => undefined,
    room: { durable: true, freeBytes: async () => 1e12, persisted: async () => true },
    ...over
  })
}

type KeeperParts = ReturnType<typeof freshParts> & Partial<EngineOptions>
type KeeperOver = Partial<KeepPolicy> & { readonly unlisted?: boolean; readonly onKeeping?: (keeping: Keeping) => void }

export async function openKeeper(...given: Parameters<typeof newKeeper>): Promise<QuireEngine> {
  const engine = await newKeeper(...given)
  open.push(engine)
  return engine
}

/** Whoever is a keeper has to be found: it is online at once. One that whoever opens it ends. */
export async function newKeeper(
  hub: MemoryHub,
  parts: KeeperParts = freshParts(),
  over: KeeperOver = {},
  own = key
): Promise<QuireEngine> {
  const { unlisted, onKeeping, ...terms } = over
  const peerId = idOf(own)
  const network = parts.network ?? hub.join(peerId)
  const engine = await newEngine(hub, peerId, {
    ...parts,
    network,
    role: 'keeper',
    dormant: (engineParts) => new Dormant(engineParts, parts.catalog),
    keeper: (engineParts) => {
      const { catalog } = parts
      const keeping = new Keeping(engineParts, {
        policy: { ...policy, ...terms },
        unlisted,
        peerId,
        catalog,
        sign: (text) => own.sign(text)
      })
      onKeeping?.(keeping)
      return keeping
    }
  })
  await network.start()
  return engine
}

export const within = () => ({ signal: AbortSignal.timeout(10_000) })
export const untilKept = async (item: Item, state: KeepView['state']): Promise<KeepView> =>
  (await whenState(item, ({ keep }) => keep?.state === state, within())).keep!
export const addKept = (engine: QuireEngine, content: Uint8Array<ArrayBuffer>, name = 'kept.bin', keep = 1) =>
  engine.add([blobSource(name, new Blob([content]))], { keep })

export async function fetched(engine: QuireEngine, link: string): Promise<Uint8Array> {
  const item = await engine.open(link)
  await item.whenReady(within())
  const { sizeBytes } = (await item.files())[0]!
  return collectBytes(item.read(0, 0, sizeBytes), sizeBytes)
}
