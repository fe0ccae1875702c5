import type { DormantPart, EngineParts, KeeperPart } from './parts.ts'
import type { RoomProbe } from './room.ts'
import type { TabGround } from './tabs.ts'

/** What `QuireEngine.open` needs; the rest has a sensible value. */
export type EngineOptions = Pick<EngineParts, 'store' | 'catalog' | 'network' | 'origin' | 'role' | 'flush'> &
  Partial<Pick<EngineParts, 'timers' | 'random' | 'log' | 'uploadLimit' | 'linkRelays'>> & {
    readonly room: RoomProbe
    /** Where others work on the same store and catalog at the same time. */
    readonly tabs?: TabGround
    /** Makes it a keeper. */
    readonly keeper?: (parts: EngineParts) => KeeperPart
    /** For a library that is larger than memory; not where there are `tabs`. */
    readonly dormant?: (parts: EngineParts) => DormantPart
  }
