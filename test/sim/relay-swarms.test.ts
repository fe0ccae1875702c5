import { describe, expect, it } from 'vitest'
import { Events } from './events.ts'
import { play, SwarmWorld } from './relay-swarms.ts'

/** What came of ten relays and 1,000 swarms. */
function run(seed: number) {
  const events = new Events(1)
  const world = new SwarmWorld(events, { seed, relays: 10 })
  play(events, world, { seed, swarms: 1_000, hours: 1 })
  const figures = world.relays.map(({ dhtRequests, frames, store, mesh }) => [
    dhtRequests,
    frames,
    store.count,
    mesh.load.peers
  ])
  return { world, events: events.count, foundMs: world.foundMs.toSorted((a, b) => a - b), figures }
}

describe('simulation: many swarms at relays that find each other', () => {
  it.each([1, 2, 3])(
    '[RN1] [RN5] seed %i: whoever has others elsewhere finds one, nearly always within 2 s',
    (seed) => {
      const { world, foundMs } = run(seed)
      expect(world.waiting).toBe(0)
      expect(foundMs.length).toBeGreaterThan(500)
      expect(foundMs[Math.floor(foundMs.length * 0.95)]).toBeLessThan(2_000)
    }
  )

  it('is the same for the same seed', () => {
    const [one, other] = [run(4), run(4)]
    expect(other.figures).toEqual(one.figures)
    expect([other.events, other.foundMs]).toEqual([one.events, one.foundMs])
  })
})
