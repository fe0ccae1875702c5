import { describe, expect, it } from 'vitest'
import {
  clockTickMs,
  relayProbeMs,
  relayRetryMs,
  relayRetryMsMax,
  relaysMax,
  spareAfterMs,
  spareFailuresMax,
  spareRestMs
} from '../../src/core/limits.ts'
import { RelaySupervisor, type SupervisorInput } from '../../src/network/relay-supervisor.ts'

const a = 'https://a.example'
const b = 'https://b.example'

/** A supervisor with a clock of its own that is woken when it asks to be, as a driver does. */
class Watch {
  nowMs = 1_000_000
  readonly supervisor: RelaySupervisor
  constructor(luck = 1, enough?: number) {
    this.supervisor = new RelaySupervisor(() => luck, enough)
  }

  tell(input: SupervisorInput): string[] {
    return this.supervisor.handle(this.nowMs, input).map(({ type, url }) => `${type} ${url}`)
  }

  /** What it wants done within `ms`, with when. */
  pass(ms: number): { atMs: number; want: string }[] {
    const startMs = this.nowMs
    const wants: { atMs: number; want: string }[] = []
    while (this.supervisor.wakeAtMs() <= startMs + ms) {
      this.nowMs = this.supervisor.wakeAtMs()
      wants.push(...this.tell({ type: 'wake' }).map((want) => ({ atMs: this.nowMs - startMs, want })))
    }
    this.nowMs = startMs + ms
    return wants
  }

  state(url = a) {
    return this.supervisor.statuses().find((relay) => relay.url === url)
  }
}

describe('relay supervisor', () => {
  it('[NW1] connects as soon as a relay is added, once', () => {
    const watch = new Watch()
    expect(watch.tell({ type: 'add', url: a })).toEqual([`connect ${a}`])
    expect(watch.tell({ type: 'add', url: a })).toEqual([])
    expect(watch.pass(60_000)).toEqual([])
  })

  it('[NW2] [NW3] tries again without end, with doubling pauses up to the longest', () => {
    const watch = new Watch()
    watch.tell({ type: 'add', url: a })
    const pauses = Array.from({ length: 20 }, () => {
      watch.tell({ type: 'failed', url: a })
      const [retry] = watch.pass(relayRetryMsMax)
      return retry!.atMs
    })
    expect(pauses.slice(0, 3)).toEqual([relayRetryMs, 2 * relayRetryMs, 4 * relayRetryMs])
    expect(pauses.slice(3)).toEqual(Array(17).fill(relayRetryMsMax))
  })

  it('[NW3] takes up to a quarter off a pause by chance', () => {
    const watch = new Watch(0)
    watch.tell({ type: 'add', url: a })
    watch.tell({ type: 'failed', url: a })
    expect(watch.pass(relayRetryMs)[0]!.atMs).toBe(0.75 * relayRetryMs)
  })

  it('[NW3] begins anew with short pauses after a relay was there for a while, not when it only flickers', () => {
    const watch = new Watch()
    watch.tell({ type: 'add', url: a })
    for (const upMs of [0, 0, relayProbeMs]) {
      watch.tell({ type: 'up', url: a })
      watch.pass(upMs)
      watch.tell({ type: 'lost', url: a })
      const [retry] = watch.pass(relayRetryMsMax)
      expect(retry).toEqual({ atMs: upMs === 0 ? expect.any(Number) : relayRetryMs, want: `connect ${a}` })
    }
    watch.tell({ type: 'up', url: a })
    watch.tell({ type: 'lost', url: a })
    expect(watch.pass(relayRetryMsMax)[0]!.atMs).toBe(2 * relayRetryMs)
  })

  it('[NW4] tries all that wait and probes all that are there when nudged', () => {
    const watch = new Watch()
    watch.tell({ type: 'add', url: a })
    watch.tell({ type: 'add', url: b })
    watch.tell({ type: 'up', url: a })
    watch.tell({ type: 'failed', url: b })
    expect(watch.tell({ type: 'nudge' })).toEqual([`probe ${a}`, `connect ${b}`])
  })

  it.each([
    ['slept', 60_000],
    ['was set back', -60_000]
  ])('[NW4] does the same when the clock %s', (_what, jumpMs) => {
    const watch = new Watch()
    watch.tell({ type: 'add', url: a })
    watch.tell({ type: 'add', url: b })
    watch.tell({ type: 'up', url: a })
    watch.tell({ type: 'failed', url: b })
    expect(watch.supervisor.wakeAtMs() - watch.nowMs).toBeLessThanOrEqual(clockTickMs)
    watch.nowMs += jumpMs
    expect(watch.tell({ type: 'wake' })).toEqual([`probe ${a}`, `connect ${b}`])
  })

  it('[NW5] probes a relay that is there again and again', () => {
    const watch = new Watch()
    watch.tell({ type: 'add', url: a })
    watch.tell({ type: 'up', url: a })
    const wants = watch.pass(3 * relayProbeMs)
    expect(wants.map(({ want }) => want)).toEqual(Array(3).fill(`probe ${a}`))
    expect(wants[0]!.atMs).toBe(relayProbeMs)
  })

  it('[NW6] gives the place of the relay that failed most to one too many', () => {
    const watch = new Watch()
    const urls = Array.from({ length: relaysMax }, (_, i) => `https://${i}.example`)
    for (const url of urls) watch.tell({ type: 'add', url })
    expect(watch.tell({ type: 'add', url: a })).toEqual([])
    for (const url of urls) watch.tell(url === urls[5] ? { type: 'failed', url } : { type: 'up', url })
    expect(watch.tell({ type: 'add', url: a })).toContain(`connect ${a}`)
    expect(watch.state(urls[5])).toBeUndefined()
    expect(watch.supervisor.statuses()).toHaveLength(relaysMax)
  })

  it('[NW7] tells connecting, unreachable with the next try, reserved', () => {
    const watch = new Watch()
    watch.tell({ type: 'add', url: a })
    expect(watch.state()).toEqual({ url: a, state: 'connecting' })
    watch.tell({ type: 'failed', url: a })
    expect(watch.state()).toEqual({ url: a, state: 'unreachable', nextTryAtMs: watch.nowMs + relayRetryMs })
    watch.pass(relayRetryMs)
    expect(watch.state()).toEqual({ url: a, state: 'unreachable', nextTryAtMs: undefined })
    watch.tell({ type: 'up', url: a })
    expect(watch.state()).toEqual({ url: a, state: 'reserved' })
  })

  it('[NW2] passes over what comes too late: loss of a relay that is being tried, failure of one that is there', () => {
    const watch = new Watch()
    watch.tell({ type: 'add', url: a })
    watch.tell({ type: 'lost', url: a })
    expect(watch.state()!.state).toBe('connecting')
    watch.tell({ type: 'up', url: a })
    watch.tell({ type: 'failed', url: a })
    expect(watch.state()!.state).toBe('reserved')
  })

  describe('[NW36] spare relays', () => {
    const spares = ['https://s1.example', 'https://s2.example', 'https://s3.example']
    const [s1, s2, s3] = spares as [string, string, string]
    const joins = (wants: readonly { want: string }[]) =>
      wants.map(({ want }) => want).filter((want) => spares.some((url) => want.endsWith(url)))

    /** The only relay is away, and fails whenever it is tried. */
    function alone(watch: Watch, forMs: number): string[] {
      const wants: { want: string }[] = []
      for (const endMs = watch.nowMs + forMs; watch.nowMs < endMs;) {
        wants.push(...watch.pass(500))
        if (watch.state()?.state === 'reserved') continue
        wants.push(...watch.tell({ type: 'failed', url: a }).map((want) => ({ want })))
      }
      return joins(wants)
    }

    it('come when all others are away for a while, not before, and go when one of those is back for good', () => {
      const watch = new Watch()
      watch.tell({ type: 'add', url: a })
      watch.tell({ type: 'spares', urls: spares })
      watch.tell({ type: 'up', url: a })
      expect(joins(watch.pass(10 * spareRestMs))).toEqual([])
      watch.tell({ type: 'lost', url: a })
      expect(alone(watch, spareAfterMs - clockTickMs)).toEqual([])
      expect(alone(watch, 2 * clockTickMs)).toEqual([`connect ${s1}`, `connect ${s2}`])
      watch.tell({ type: 'up', url: s1 })
      expect(watch.state(s1)).toEqual({ url: s1, state: 'reserved' })
      watch.pass(relayRetryMsMax)
      watch.tell({ type: 'up', url: a })
      const back = joins(watch.pass(2 * spareRestMs)).filter((want) => !want.startsWith('probe'))
      expect(back).toEqual([`leave ${s1}`, `leave ${s2}`])
      expect(watch.state(s1)).toBeUndefined()
    })

    it('are used at once by who has none of its own, one more than enough, and no more come while those are there', () => {
      const watch = new Watch(1, 2)
      expect(watch.tell({ type: 'spares', urls: spares })).toEqual(spares.map((url) => `connect ${url}`))
      for (const url of spares) watch.tell({ type: 'up', url })
      const more = 'https://s4.example'
      watch.tell({ type: 'spares', urls: [more, ...spares] })
      watch.pass(2 * spareRestMs)
      expect(watch.state(more)).toBeUndefined()
      watch.tell({ type: 'lost', url: s1 })
      for (let n = 1; n < spareFailuresMax; n++) {
        watch.pass(relayRetryMsMax)
        watch.tell({ type: 'failed', url: s1 })
      }
      expect(watch.state(s1)).toBeUndefined()
      expect(watch.state(more)).toBeDefined()
    })

    it('make up for what is missing of enough, and go when it is not', () => {
      const watch = new Watch(1, 2)
      watch.tell({ type: 'add', url: a })
      watch.tell({ type: 'add', url: b })
      watch.tell({ type: 'up', url: a })
      watch.tell({ type: 'spares', urls: spares })
      watch.tell({ type: 'failed', url: b })
      const later = joins(watch.pass(spareAfterMs + clockTickMs))
      expect(later).toEqual([`connect ${s1}`, `connect ${s2}`])
      watch.tell({ type: 'up', url: b })
      const back = joins(watch.pass(2 * spareRestMs))
      expect(back).toEqual([`leave ${s1}`, `leave ${s2}`])
    })

    it('that fail give way to the next', () => {
      const watch = new Watch()
      watch.tell({ type: 'add', url: a })
      watch.tell({ type: 'failed', url: a })
      watch.tell({ type: 'spares', urls: spares })
      alone(watch, 2 * spareAfterMs)
      for (let n = 0; n < spareFailuresMax; n++) {
        watch.tell({ type: 'failed', url: s1 })
        watch.tell({ type: 'up', url: s2 })
        alone(watch, relayRetryMsMax)
      }
      alone(watch, clockTickMs)
      expect(watch.state(s1)).toBeUndefined()
      expect(watch.state(s3)).toBeDefined()
    })
  })
})
