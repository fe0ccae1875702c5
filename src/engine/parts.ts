import type { SetId, SwarmId } from '../core/ids.ts'
import type { UploadLimit } from '../core/swarm/upload-limit.ts'
import type { Lane, Network } from '../network/types.ts'
import type { BlockStore, Catalog, ItemRecord } from '../store/types.ts'
import type { Discovery } from './discovery.ts'
import type { DataItem } from './item.ts'
import type { Room } from './room.ts'
import type { SwarmDriver } from './swarm-driver.ts'
import type { Timers } from './watch.ts'

/** What an engine is put together from; the platform comes in here and nowhere else. */
export interface EngineParts {
  readonly store: BlockStore
  readonly catalog: Catalog
  readonly network: Network
  readonly discovery: Discovery
  readonly room: Room
  readonly timers: Timers
  /** Evenly distributed in [0, 1). */
  readonly random: () => number
  /** Where links point: origin and path of the page, or of the relay for a program without a page. */
  readonly origin: string
  /** Where others are met, said in links: of a program whose relays have no page that is known. */
  readonly linkRelays?: readonly string[]
  readonly role: 'tab' | 'keeper' | 'program'
  /** Makes durable now what is gathered in memory of a data set. */
  readonly flush: (set: SetId) => Promise<void>
  /** How fast all data sets together are sent to others. Absent: as fast as the network takes it. */
  readonly uploadLimit?: UploadLimit
  /** Structured log; never addresses, names or secrets. */
  readonly log: (event: string, fields?: Readonly<Record<string, string | number | boolean>>) => void
}

/** What makes an engine a keeper: it holds data sets for others that are no items of its library. */
export interface KeeperPart {
  /** Takes up copies of an earlier run: records that have `kept`. */
  restore(records: readonly ItemRecord[]): Promise<void>
  /** The copy that lanes of a swarm are for. */
  find(swarmId: SwarmId): { driver(): SwarmDriver } | undefined
  /** The same, of a swarm of which nothing is in memory. */
  wake(swarmId: SwarmId): Promise<{ driver(): SwarmDriver } | undefined>
  /** A lane of the keep protocol. */
  accept(lane: Lane): void
  close(): Promise<void>
}

/** What the engine does for its dormant items. */
export interface DormantHost {
  /** Those in memory. */
  led(): readonly DataItem[]
  /** Nothing is to be done about it any more: it leaves memory. */
  putToRest(item: DataItem): void
}

/** What lets an engine have a library that is larger than memory: most of its items are in the catalog alone. */
export interface DormantPart {
  /** What is taken up at the start. */
  restless(): Promise<ItemRecord[]>
  bySwarm(swarmId: SwarmId): Promise<ItemRecord | undefined>
  begin(host: DormantHost): void
  /** Somebody asked for it, and may go on using it for a while. */
  touch(id: SetId): void
  close(): void
}
