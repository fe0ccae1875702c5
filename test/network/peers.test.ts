// Long: one fake node serves all of these.
import type { Connection, Libp2p } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import {
  circuitReserveBytes,
  dialAddressesMs,
  dialTimeoutMs,
  directPatienceMs,
  directRestMs,
  directRestMsMax,
  directTries,
  furtherConnectionsMax,
  socketTriesMax,
  spareConnectionMs
} from '../../src/core/limits.ts'
import { PeerUnreachable } from '../../src/network/errors.ts'
import { exchangeProtocol } from '../../src/network/libp2p/open-connections.ts'
import { type DirectWays, Peers } from '../../src/network/libp2p/peers.ts'
import { kindOf } from '../../src/network/libp2p/stream-lane.ts'
import { FakeNode, type Id, makeIds, type Shape } from '../support/fake-node.ts'

let lower: Id
let higher: Id
let relay: string

beforeAll(async () => {
  const ids = await makeIds(3)
  ;[lower, higher] = [ids[0]!, ids[1]!]
  relay = `/dns/relay.example/tcp/443/tls/ws/p2p/${ids[2]}`
})

const dialFurther = vi.fn<DirectWays['dialFurther']>()
let node: FakeNode
let them: Id
let peers: Peers
let turn = true
let sockets = true

function become(us: Id, other: Id): void {
  them = other
  node = new FakeNode(us, other)
  peers = new Peers(node as unknown as Libp2p, { webrtc: () => turn, sockets, dialFurther })
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'Date'], shouldAdvanceTime: true })
  become(lower, higher)
})

afterEach(() => {
  vi.useRealTimers()
})

const tcp = '/ip4/192.0.2.7/tcp/4001'
const rtc = () => `${relay}/p2p-circuit/webrtc/p2p/${them}`
const circuit = () => `${relay}/p2p-circuit/p2p/${them}`
const contactAt = (addresses: string[]) => ({
  peerId: them.toString() as PeerId,
  addresses: addresses.map((each) => multiaddr(each))
})
const reach = (addresses = [tcp, rtc(), circuit()], signal = new AbortController().signal, canWait = false) =>
  peers.reach(contactAt(addresses), { signal, canWait })
const reachable =
  (...kinds: string[]) =>
  (address: string): Promise<Shape> => {
    const limited = address === circuit() ? { limits: { bytes: 1n << 30n } } : {}
    return kinds.includes(address) ? Promise.resolve({ address, ...limited }) : Promise.reject(new Error('unreachable'))
  }

describe('reaching a peer', () => {
  it('[NW9] tries sockets, then WebRTC again and again, then the circuit', async () => {
    node.dials = reachable(circuit())
    expect(kindOf(await reach([circuit(), rtc(), tcp]))).toBe('relayed')
    expect(node.dialled).toEqual([`${tcp}/p2p/${them}`, ...Array(directTries).fill(rtc()), circuit()])
  })

  it('[NW9] tries no further circuit when its time is over', async () => {
    node.dials = () => new Promise((_, reject) => setTimeout(() => reject(new Error('no answer')), dialTimeoutMs))
    const circuits = Array.from(
      { length: 16 },
      (_, i) => `/dns/r${i}.example/tcp/443/tls/ws/p2p/${higher}/p2p-circuit/p2p/${them}`
    )
    const reached = reach(circuits).catch((error: unknown) => error)
    await vi.advanceTimersByTimeAsync(dialAddressesMs + dialTimeoutMs)
    expect(await reached).toBeInstanceOf(PeerUnreachable)
    expect(node.dialled).toHaveLength(dialAddressesMs / dialTimeoutMs)
  })

  it("[NW37] takes a relay's webrtc-direct for a socket, and what goes through it for what it is", () => {
    const direct = `/ip4/203.0.113.7/udp/1/webrtc-direct/certhash/uEiA/p2p/${lower}`
    const at = (address: string) => kindOf({ remoteAddr: multiaddr(address) } as Connection)
    expect(at(direct)).toBe('socket')
    expect(at(`${direct}/p2p-circuit/p2p/${higher}`)).toBe('relayed')
    expect(at(`${direct}/p2p-circuit/webrtc/p2p/${higher}`)).toBe('direct')
    expect(at('/webrtc')).toBe('direct')
  })

  it('[NW29] by relays alone, tries no socket, and WebRTC only where TURN is offered', async () => {
    sockets = turn = false
    become(lower, higher)
    node.dials = reachable(tcp, `${tcp}/p2p/${them}`, rtc(), circuit())
    expect(kindOf(await reach())).toBe('relayed')
    expect(node.dialled).toEqual([circuit()])
    turn = true
    become(lower, higher)
    node.dials = reachable(tcp, rtc(), circuit())
    expect(kindOf(await reach())).toBe('direct')
    expect(node.dialled).toEqual([rtc()])
    sockets = true
  })

  it('[NW9] tries no more than so many sockets', async () => {
    node.dials = reachable(rtc())
    await reach([...Array(9).keys()].map((i) => `/ip4/192.0.2.${i}/tcp/1`).concat(rtc()))
    expect(node.dialled).toHaveLength(socketTriesMax + 1)
  })

  it('[NW9] takes a direct connection that is there, not one that closed or a circuit', async () => {
    node.dials = reachable(rtc())
    node.open({ address: circuit() })
    Object.assign(node.open({ address: rtc() }), { status: 'closed' })
    const fresh = await reach([rtc()])
    expect(node.dialled).toEqual([rtc()])
    expect(await reach([rtc()])).toBe(fresh)
    expect(node.dialled).toHaveLength(1)
  })

  it('[NW9] is content with a connection that the peer makes meanwhile', async () => {
    const dialling = Promise.withResolvers<void>()
    node.dials = () => (dialling.resolve(), new Promise(() => undefined))
    const reached = reach([rtc()])
    await dialling.promise
    const theirs = node.open({ address: `/webrtc/p2p/${them}`, direction: 'inbound' })
    expect(await reached).toBe(theirs)
  })

  it('[NW22] begins a try when the one before is over', async () => {
    let isOver = true
    node.dials = (address) => {
      if (!isOver) return new Promise(() => undefined) // as libp2p does: it joins the dial that is about to end
      isOver = false
      setTimeout(() => (isOver = true))
      return node.dialled.length < directTries ? Promise.reject(new Error('late')) : Promise.resolve({ address })
    }
    expect(kindOf(await reach([rtc()]))).toBe('direct')
  })

  it('[NW9] says that a peer is unreachable when nothing works', async () => {
    await expect(reach()).rejects.toMatchObject({ code: 'peer-unreachable' })
  })

  it('[NW35] makes further connections beside a WebRTC one alone, so many at most, and ends them', async () => {
    const further = () => peers.reachFurther(contactAt([tcp, rtc()]), new AbortController().signal)
    dialFurther.mockImplementation(async (address) =>
      Object.assign(new EventTarget(), node.open({ address: address.toString() }))
    )
    node.open({ address: tcp })
    await expect(further()).rejects.toMatchObject({ code: 'peer-unreachable' })
    become(lower, higher)
    const first = node.open({ address: rtc() })
    peers.noteTurn(first, true)
    await expect(further()).rejects.toMatchObject({ code: 'peer-unreachable' })
    peers.noteTurn(first, false)
    const made = await Promise.all(Array.from({ length: furtherConnectionsMax }, further))
    expect(node.dialled).toEqual([]) // libp2p would join one dial to the other
    await expect(further()).rejects.toMatchObject({ code: 'peer-unreachable' })
    peers.doneFurther(made[0]!)
    made[0]!.dispatchEvent(new Event('close'))
    expect(await further()).toBeDefined()
  })

  it('[NW8] dials once for all who ask, and goes on when one gives up', async () => {
    const dial = Promise.withResolvers<Shape>()
    node.dials = () => dial.promise
    const abort = new AbortController()
    const [first, second] = [reach([rtc()], abort.signal), reach([rtc()])]
    abort.abort()
    await expect(first).rejects.toThrow()
    dial.resolve({ address: rtc() })
    await second
    expect(node.dialled).toHaveLength(1)
  })

  it('[NW9] goes on by the circuit when trying directly takes long, and tells when there is a direct way', async () => {
    const dial = Promise.withResolvers<Shape>()
    node.dials = () => dial.promise
    const told: string[] = []
    peers.onDirect = (peerId) => told.push(peerId)
    const arranging = node.open({ address: circuit(), protocols: [exchangeProtocol] })
    const reached = reach([rtc(), circuit()])
    await vi.advanceTimersByTimeAsync(directPatienceMs)
    expect(await reached).toBe(arranging)
    dial.resolve({ address: rtc() })
    await vi.waitFor(() => expect(told).toEqual([them.toString()]))
    expect(kindOf(await reach([rtc(), circuit()]))).toBe('direct')
    expect(node.dialled).toEqual([rtc()])
  })

  it('[NW9] uses no circuit before every direct try has ended where others have more to give', async () => {
    const dial = Promise.withResolvers<Shape>()
    node.dials = (address) => (address === circuit() ? Promise.resolve({ address }) : dial.promise)
    node.open({ address: circuit(), protocols: [exchangeProtocol] })
    let isReached = false
    const reached = reach([rtc(), circuit()], undefined, true)
    void reached.then(() => (isReached = true))
    await vi.advanceTimersByTimeAsync(directPatienceMs + 1_000)
    expect(isReached).toBe(false)
    dial.resolve({ address: rtc() })
    expect(kindOf(await reached)).toBe('direct')
    become(lower, higher)
    node.dials = reachable(circuit())
    expect(kindOf(await reach([rtc(), circuit()], undefined, true))).toBe('relayed')
  })

  const useCircuit = (circuit: Connection) =>
    circuit.streams.push({ protocol: exchangeProtocol } as Connection['streams'][number])

  it('[NW10] remembers that only the circuit works, which then serves at once', async () => {
    node.dials = reachable(circuit())
    await reach([rtc(), circuit()])
    node.connections = []
    node.dialled = []
    await reach([rtc(), circuit()])
    expect(node.dialled).toEqual([circuit()])
  })

  it('[NW23] tries directly again while something goes through a relay, after ever longer rests', async () => {
    node.dials = reachable(circuit())
    useCircuit(await reach([rtc(), circuit()]))
    for (let restMs = directRestMs; restMs < 4 * directRestMsMax; restMs *= 2) {
      node.dialled = []
      const pauseMs = Math.min(restMs, directRestMsMax)
      await vi.advanceTimersByTimeAsync(0.9 * pauseMs)
      expect(node.dialled).toEqual([])
      await vi.advanceTimersByTimeAsync(0.1 * pauseMs + 200)
      expect(node.dialled).toEqual([rtc()])
    }
  })

  it('[NW23] tries directly again at a nudge', async () => {
    node.dials = reachable(circuit())
    useCircuit(await reach([rtc(), circuit()]))
    node.dialled = []
    peers.nudge()
    await vi.waitFor(() => expect(node.dialled).toEqual([rtc()]))
  })

  it('[NW23] a try that was under way at a nudge is followed by another at once, and rests are as at first', async () => {
    node.dials = reachable(circuit())
    useCircuit(await reach([rtc(), circuit()]))
    await vi.advanceTimersByTimeAsync(directRestMs + 200)
    const overOldNetwork = Promise.withResolvers<Shape>()
    node.dials = () => overOldNetwork.promise
    peers.nudge()
    await vi.waitFor(() => expect(node.dialled.at(-1)).toEqual(rtc()))
    node.dialled = []
    peers.nudge()
    expect(node.dialled).toEqual([])
    node.dials = reachable(circuit())
    overOldNetwork.reject(new Error('that network is gone'))
    await vi.waitFor(() => expect(node.dialled).toEqual([rtc()]))
    await vi.advanceTimersByTimeAsync(directRestMs + 200)
    expect(node.dialled).toEqual([rtc(), rtc()])
  })

  it.each<[string, () => Promise<unknown>]>([
    ['after a while', () => vi.advanceTimersByTimeAsync(directRestMs)],
    ['at a nudge', async () => peers.nudge()]
  ])('[NW23] %s, where nothing goes through a relay, tries once something does', async (_when, pass) => {
    node.dials = reachable(circuit())
    const first = await reach([rtc(), circuit()])
    node.dialled = []
    await pass()
    expect(node.dialled).toEqual([])
    const told: string[] = []
    peers.onDirect = (peerId) => told.push(peerId)
    node.dials = reachable(rtc())
    useCircuit(first)
    expect(await reach([rtc(), circuit()])).toBe(first)
    await vi.waitFor(() => expect(told).toEqual([them.toString()]))
    expect(node.dialled).toEqual([rtc()])
  })

  it('[NW10] does not when the peer was not there at all', async () => {
    await expect(reach([rtc(), circuit()])).rejects.toThrow()
    node.dials = reachable(rtc())
    expect(kindOf(await reach([rtc(), circuit()]))).toBe('direct')
  })

  it('[NW11] takes the connection that the lower peer id made', async () => {
    for (const [us, them, wanted] of [
      [lower, higher, 'outbound'],
      [higher, lower, 'inbound']
    ] as const) {
      become(us, them)
      for (const direction of ['inbound', 'outbound'] as const) node.open({ address: rtc(), direction })
      expect((await reach()).direction).toBe(wanted)
    }
  })

  it('[NW12] leaves a circuit that is nearly used up to the lanes it has', async () => {
    node.dials = reachable(circuit())
    const spent = node.open({ address: circuit(), limits: { bytes: BigInt(circuitReserveBytes) } })
    const fresh = await reach([circuit()])
    expect(fresh).not.toBe(spent)
    expect(await reach([circuit()])).toBe(fresh)
  })

  it('[NW43] gives a connection that was lost no new lanes, and ends it with its last lane', async () => {
    node.dials = reachable(rtc())
    const [used, unused] = [node.open({ address: rtc(), protocols: [exchangeProtocol] }), node.open({ address: rtc() })]
    for (const each of [used, unused]) peers.lost(each, new Error('nothing comes'))
    expect([used.status, unused.status]).toEqual(['open', 'closed'])
    const fresh = await reach([rtc()])
    expect(fresh).not.toBe(used)
    expect(await reach([rtc()])).toBe(fresh)
    used.streams.splice(0)
    await vi.advanceTimersByTimeAsync(spareConnectionMs)
    expect([used.status, fresh.status]).toEqual(['closed', 'open'])
  })

  it('[NW13] closes connections that no lane uses, a while after there is a direct one', async () => {
    const used = node.open({ address: circuit(), protocols: [exchangeProtocol] })
    const unused = node.open({ address: circuit(), protocols: ['/webrtc-signaling/0.0.1'] })
    node.dials = reachable(rtc())
    const direct = await reach([rtc()])
    expect(unused.status).toBe('open')
    vi.advanceTimersByTime(spareConnectionMs)
    expect([used, unused, direct].map(({ status }) => status)).toEqual(['open', 'closed', 'open'])
  })
})
