import { hexOf } from '../../src/core/bytes.ts'
import type { LaneId, PeerId, SwarmId } from '../../src/core/ids.ts'
import { announceTtlMs } from '../../src/core/limits.ts'
import { TrackerServer } from '../../src/core/tracker/server.ts'
import type { TrackerEffect, TrackerFrame, TrackerServerInput } from '../../src/core/tracker/types.ts'
import { luckOf } from './seeded.ts'

export const swarmId = 'ab'.repeat(32) as SwarmId
export const recordOf = (peerId: string): Uint8Array => Uint8Array.from([...peerId].map((char) => char.charCodeAt(0)))

/** A tracker and what it answered, lane by lane. */
export class Desk {
  nowMs = 0
  readonly server = new TrackerServer(luckOf(5), (peerId, record) => hexOf(record).startsWith(hexOf(recordOf(peerId))))
  /** What lanes are sent, or that they are closed; and what concerns other relays. */
  effects: TrackerEffect[] = []
  served: TrackerEffect[] = []
  #lanes = 0

  join(name: string, announcement: Partial<Extract<TrackerFrame, { type: 'announce' }>> = {}): LaneId {
    const laneId = this.open(name)
    this.say(laneId, { type: 'record', record: recordOf(name) })
    this.announce(laneId, announcement)
    return laneId
  }

  open(name: string, isRelay = false): LaneId {
    const laneId = ++this.#lanes as LaneId
    this.do({ type: 'opened', laneId, peerId: name as PeerId, isRelay })
    return laneId
  }

  do(input: TrackerServerInput): TrackerEffect[] {
    const effects = this.server.handle(this.nowMs, input)
    this.effects = effects.filter((effect) => 'laneId' in effect && effect.type !== 'watched')
    this.served = effects.filter((effect) => !this.effects.includes(effect))
    return this.effects
  }

  announce(laneId: LaneId, announcement: Partial<Extract<TrackerFrame, { type: 'announce' }>> = {}): TrackerEffect[] {
    return this.say(laneId, {
      type: 'announce',
      swarmId,
      role: 'tab',
      holder: false,
      watch: false,
      ttlMs: announceTtlMs,
      ...announcement
    })
  }

  say(laneId: LaneId, frame: TrackerFrame): TrackerEffect[] {
    return this.do({ type: 'frame', laneId, frame })
  }

  close(laneId: LaneId): void {
    this.do({ type: 'closed', laneId })
  }

  /** Names that the last answers told, by lane. */
  told(): [LaneId, string[]][] {
    return this.effects.flatMap((effect) =>
      effect.type === 'send' && effect.frame.type === 'peers'
        ? [[effect.laneId, effect.frame.peers.map((peer) => peer.peerId as string)] as [LaneId, string[]]]
        : []
    )
  }
}
