import type { Libp2p } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import {
  dialTimeoutMs,
  directCalledMs,
  directCallMs,
  directCallMsMax,
  directTries,
  directTryMs,
  directTurnMs,
  directTurns
} from '../../src/core/limits.ts'
import { OpenConnections } from '../../src/network/libp2p/open-connections.ts'
import { Tries } from '../../src/network/libp2p/tries.ts'
import { FakeNode, type Id, makeIds, type OnProgress, type Shape } from '../support/fake-node.ts'

let ids: Id[]
let node: FakeNode
let tries: Tries

beforeAll(async () => {
  ids = await makeIds(2 + 2 * directTurns)
})

function become(us: Id): void {
  node = new FakeNode(us)
  tries = new Tries(node as unknown as Libp2p, new OpenConnections(node as unknown as Libp2p))
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
  become(ids[0]!)
})

afterEach(() => {
  vi.useRealTimers()
})

const never = () => new Promise<never>(() => undefined)
const relay = '/dns/relay.example/tcp/443/tls/ws/p2p-circuit'
const rtc = (id: Id) => `${relay}/webrtc/p2p/${id}`
const circuit = (id: Id) => `${relay}/p2p/${id}`
const tryOut = (id: Id, count = directTries, seeks = false, canWait = false) =>
  tries.inTurn({ peerId: id.toString() as PeerId, seeks, canWait }, [multiaddr(rtc(id))], count)
const settled = () => vi.advanceTimersByTimeAsync(0)

describe('[NW39] peers that are tried over WebRTC', () => {
  it('are a few at a time: each that was reached makes room for the next', async () => {
    const dials: PromiseWithResolvers<Shape>[] = []
    node.dials = () => {
      dials.push(Promise.withResolvers())
      return dials.at(-1)!.promise
    }
    const others = ids.slice(1, 3 + directTurns)
    const found = others.map((id) => tryOut(id))
    await settled()
    expect(node.dialled).toEqual(others.slice(0, directTurns).map(rtc))
    dials[0]!.resolve({ address: rtc(others[0]!) })
    expect((await found[0])?.remotePeer.toString()).toBe(others[0]!.toString())
    await settled()
    expect(node.dialled).toEqual(others.slice(0, directTurns + 1).map(rtc))
  })

  it('that cannot be reached hold up the next for a moment alone', async () => {
    node.dials = never
    const others = ids.slice(1, 1 + 2 * directTurns)
    others.forEach((id) => void tryOut(id))
    await settled()
    await vi.advanceTimersByTimeAsync(directTurnMs - 1)
    expect(node.dialled).toHaveLength(directTurns)
    await vi.advanceTimersByTimeAsync(1)
    expect(node.dialled).toEqual(others.map(rtc))
  })

  it('are not dialled at all when they have made a connection before their turn', async () => {
    node.dials = never
    const others = ids.slice(1, 2 + directTurns)
    const found = others.map((id) => tryOut(id))
    await settled()
    const theirs = node.open({ address: rtc(others.at(-1)!), direction: 'inbound' })
    expect(await found.at(-1)).toBe(theirs)
    await vi.advanceTimersByTimeAsync(directTurnMs)
    expect(node.dialled).toEqual(others.slice(0, directTurns).map(rtc))
  })
})

describe('[NW11] of two that dial each other over WebRTC', () => {
  it('the one with the higher id gives up its dial when it is called, and takes what comes', async () => {
    become(ids[1]!)
    node.dials = never
    const found = tryOut(ids[0]!, 1)
    await settled()
    node.open({ address: circuit(ids[0]!), direction: 'inbound' })
    await vi.advanceTimersByTimeAsync(directCalledMs - 1)
    const theirs = node.open({ address: rtc(ids[0]!), direction: 'inbound' })
    expect(await found).toBe(theirs)
  })

  it('the one with the higher id does not begin while it is called, and tries itself when that came to nothing', async () => {
    become(ids[1]!)
    node.open({ address: circuit(ids[0]!), direction: 'inbound' })
    node.dials = (address) => Promise.resolve({ address })
    const found = tryOut(ids[0]!)
    await vi.advanceTimersByTimeAsync(directCalledMs - 1)
    expect(node.dialled).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect((await found)?.direction).toBe('outbound')
  })

  it('the one with the lower id goes on', async () => {
    const dial = Promise.withResolvers<Shape>()
    node.dials = () => dial.promise
    const found = tryOut(ids[1]!)
    await settled()
    node.open({ address: circuit(ids[1]!), direction: 'inbound' })
    await settled()
    dial.resolve({ address: rtc(ids[1]!) })
    expect((await found)?.direction).toBe('outbound')
    expect(node.dialled).toHaveLength(1)
  })

  it('one that goes through a relay with lanes is not taken for a caller', async () => {
    become(ids[1]!)
    node.open({ address: circuit(ids[0]!), direction: 'inbound', protocols: ['/quire/exchange/1'] })
    node.dials = (address) => Promise.resolve({ address })
    expect((await tryOut(ids[0]!))?.direction).toBe('outbound')
  })

  it('the one with the higher id gives the other time to call, where that one looks for peers too', async () => {
    become(ids[1]!)
    node.dials = (address) => Promise.resolve({ address })
    const found = tryOut(ids[0]!, 1, true)
    await vi.advanceTimersByTimeAsync(directCallMs - 1)
    expect(node.dialled).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect((await found)?.direction).toBe('outbound')
  })

  it('the one with the higher id gives it longer where others have more to give', async () => {
    become(ids[1]!)
    node.dials = (address) => Promise.resolve({ address })
    const found = tryOut(ids[0]!, 1, true, true)
    await vi.advanceTimersByTimeAsync(directCallMsMax - 1)
    expect(node.dialled).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect((await found)?.direction).toBe('outbound')
  })

  it('the one with the higher id dials nobody who calls in time, and needs no turn for that', async () => {
    become(ids[1]!)
    node.dials = never
    ids.slice(2, 2 + directTurns).forEach((id) => void tryOut(id))
    const found = tryOut(ids[0]!, 1, true)
    await vi.advanceTimersByTimeAsync(directCallMs - 1)
    node.open({ address: circuit(ids[0]!), direction: 'inbound' })
    await vi.advanceTimersByTimeAsync(directCalledMs - 1)
    const theirs = node.open({ address: rtc(ids[0]!), direction: 'inbound' })
    expect(await found).toBe(theirs)
    expect(node.dialled).not.toContain(rtc(ids[0]!))
  })

  it('the one with the lower id calls at once', async () => {
    node.dials = never
    void tryOut(ids[1]!, 1, true)
    await settled()
    expect(node.dialled).toEqual([rtc(ids[1]!)])
  })
})

describe('[NW41] a try over WebRTC', () => {
  it('ends after its time', async () => {
    node.dials = never
    const found = tryOut(ids[1]!, 1)
    await vi.advanceTimersByTimeAsync(directTryMs + 1)
    expect(await found).toBeUndefined()
  })

  /** A dial that gets on, and never there: `steps` of such a kind, each in the last moment. */
  async function tryWithSteps(type: string, steps: number): Promise<() => boolean> {
    let tell: OnProgress = () => undefined
    node.dials = (_, onProgress) => {
      tell = onProgress!
      return never()
    }
    let ended = false
    void tryOut(ids[1]!, 1).finally(() => (ended = true))
    await settled()
    for (let i = 0; i < steps; i++) {
      await vi.advanceTimersByTimeAsync(directTryMs - 1)
      tell({ type, detail: undefined })
    }
    await vi.advanceTimersByTimeAsync(directTryMs - 1)
    return () => ended
  }

  it('has as long again for each step', async () => {
    const hasEnded = await tryWithSteps('webrtc:read-sdp-answer', 2)
    expect(hasEnded()).toBe(false)
    await vi.advanceTimersByTimeAsync(2)
    expect(hasEnded()).toBe(true)
  })

  it.each(['webrtc:add-ice-candidate', 'webrtc:end-of-ice-candidates'])(
    'takes %s for no step, of which others may send any number',
    async (type) => {
      expect((await tryWithSteps(type, 1))()).toBe(true)
    }
  )

  it('ends after the longest that a dial may take, whatever it says', async () => {
    const steps = Math.floor(dialTimeoutMs / (directTryMs - 1))
    expect((await tryWithSteps('webrtc:read-sdp-answer', steps))()).toBe(true)
  })
})
