import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Stream } from '@libp2p/interface'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { stalledTooLong } from '../../relay/circuit/circuit.ts'
import { FairPace } from '../../relay/circuit/fair-pace.ts'
import { decodeHop } from '../../relay/circuit/messages.ts'
import { circuitsHeldBytesMax, circuitStallMs, relayCircuitBytesMax } from '../../src/core/limits.ts'
import { circuitClient, type CircuitClient } from '../support/circuit-client.ts'
import { figure, untilStill } from '../support/figures.ts'
import { type Quire, startQuire } from '../support/program.ts'
import { luckOf, seededBytes } from '../support/seeded.ts'
import { within } from '../support/waiting.ts'

const MiB = 1024 * 1024

describe('circuits', () => {
  let quire: Quire
  const clients: CircuitClient[] = []

  beforeAll(async () => {
    quire = await startQuire()
  })

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client[Symbol.asyncDispose]()))
  })

  afterAll(() => quire.stop())

  async function client(port = quire.port, of = quire): Promise<CircuitClient> {
    const { peerId } = (await (await fetch(`${of.url}/config.json`)).json()) as { peerId: string }
    const made = await circuitClient(port, peerId)
    clients.push(made)
    return made
  }

  /** Two that are joined, each by a line of its own that can be cut. */
  async function joined() {
    const [nearLine, farLine] = await Promise.all([cuttable(quire.port), cuttable(quire.port)])
    const [a, b] = await Promise.all([client(nearLine.port), client(farLine.port)])
    await b.reserve()
    const [{ stream: near }, far] = await Promise.all([a.connect(b), b.nextCircuit()])
    return { a, near, far, nearLine, farLine }
  }

  const isAlive = async () => (await fetch(`${quire.url}/healthz`)).status === 200

  it('[RL11] a reservation makes a peer reachable for as long as its connection', async () => {
    const [a, b] = await Promise.all([client(), client()])
    expect((await a.connect(b)).status).toBe(204)
    expect(await b.reserve()).toBe(100)
    expect((await a.connect(b)).status).toBe(100)
    await b.connection.close()
    await untilStill(quire.url, 'quire_reservations')
    expect((await a.connect(b)).status).toBe(204)
  })

  it('[RL11] what one circuit may carry is stated and held', async () => {
    const [a, b] = await Promise.all([client(), client()])
    await b.reserve()
    const [{ stream }, far] = await Promise.all([a.connect(b), b.nextCircuit()])
    let got = 0
    far.addEventListener('message', ({ data }) => (got += data.byteLength))
    const ended = new Promise<void>((resolve) => stream.addEventListener('close', () => resolve()))
    const piece = new Uint8Array(MiB)
    for (let sent = 0; sent <= relayCircuitBytesMax && stream.status === 'open'; sent += MiB) {
      const drained = new Promise<void>((resolve) => stream.addEventListener('drain', () => resolve(), { once: true }))
      if (!stream.send(piece)) await Promise.race([drained, ended])
    }
    await ended
    expect(got).toBeLessThanOrEqual(relayCircuitBytesMax)
    expect(got).toBeGreaterThan(relayCircuitBytesMax - 4 * MiB)
  })

  it('[RL11] an operator may let one carry less', async () => {
    await using frugal = await startQuire({ env: { QUIRE_CIRCUIT_BYTES: String(MiB) } })
    const [a, b] = await Promise.all([client(frugal.port, frugal), client(frugal.port, frugal)])
    await b.reserve()
    const [{ stream, limitBytes }, far] = await Promise.all([a.connect(b), b.nextCircuit()])
    expect(limitBytes).toBe(MiB)
    let got = 0
    far.addEventListener('message', ({ data }) => (got += data.byteLength))
    const ended = once(stream, 'close')
    stream.send(new Uint8Array(2 * MiB))
    await ended
    expect(got).toBeLessThanOrEqual(MiB)
  })

  it('[RL12] senders that push to receivers that stop reading cost the relay a bounded window each', async () => {
    const pairs = 8
    const pushedBytes = 24 * MiB
    const content = seededBytes(7, pushedBytes)
    const before = await figure(quire.url, 'process_resident_memory_bytes')
    const passedBefore = await figure(quire.url, 'quire_circuit_bytes_total')
    const [a, b] = await Promise.all([client(), client()])
    await b.reserve()
    const near = await Promise.all(Array.from({ length: pairs }, () => a.connect(b)))
    const far = await Promise.all(Array.from({ length: pairs }, () => b.nextCircuit()))
    for (const stream of far) stream.pause()
    for (const { stream } of near)
      for (let at = 0; at < pushedBytes; at += MiB) stream.send(content.subarray(at, at + MiB))
    await untilStill(quire.url, 'quire_circuit_bytes_total')
    const taken = (await figure(quire.url, 'quire_circuit_bytes_total')) - passedBefore
    const held = await figure(quire.url, 'quire_circuit_held_bytes')
    const grown = (await figure(quire.url, 'process_resident_memory_bytes')) - before
    expect(taken).toBeGreaterThan(0)
    expect(taken).toBeLessThan(pairs * 4 * MiB)
    expect(held).toBeLessThan(pairs * 2 * MiB)
    expect(grown).toBeLessThan((pairs * pushedBytes) / 3)
    // The one that reads again has everything, in order.
    let parts: Uint8Array[] = []
    let bytes = 0
    const all = new Promise<void>((resolve) =>
      far[0]!.addEventListener('message', ({ data }) => {
        parts.push(data.slice())
        bytes += data.byteLength
        if (bytes === pushedBytes) resolve()
      })
    )
    far[0]!.resume()
    await all
    const [one] = near
    expect(one!.stream.status).toBe('open')
    expect(Buffer.concat(parts).equals(content)).toBe(true)
    parts = []
  })

  it('[RL12] a side that leaves as it takes a circuit ends it: nothing is gathered for it', async () => {
    const [a, b] = await Promise.all([client(), client()])
    b.leavesAtOnce = true
    await b.reserve()
    const { stream } = await a.connect(b)
    for (let sent = 0; sent < 32 && stream.status === 'open'; sent++) stream.send(new Uint8Array(MiB))
    await within(5_000, 'the other side is told', whenClosed(stream))
    await untilStill(quire.url, 'quire_circuit_bytes_total')
    expect(await figure(quire.url, 'quire_circuit_held_bytes')).toBeLessThan(2 * MiB)
  })

  it('[RL12] a side whose socket is gone ends its circuits, though it has not said so', async () => {
    const { near, farLine } = await joined()
    farLine.cut()
    await within(5_000, 'the other side is told', whenClosed(near))
  })

  it('[RL12] a sender that is gone while it has to wait takes its circuit with it, and not the relay', async () => {
    const { near, far, nearLine } = await joined()
    far.pause()
    for (let sent = 0; sent < 4; sent++) near.send(new Uint8Array(MiB))
    await untilStill(quire.url, 'quire_circuit_held_bytes')
    nearLine.cut()
    // What was on its way to it makes the relay look for more.
    if (far.readStatus === 'paused') far.resume()
    await within(5_000, 'the other side is told', whenClosed(far))
    expect(await isAlive()).toBe(true)
  })

  it.each([
    ['closes', false],
    ['closes, and leaves', true]
  ])('[RL12] a sender that %s while it has to wait has everything delivered', async (_what, leaves) => {
    const { a, near, far, nearLine } = await joined()
    far.pause()
    const content = seededBytes(12, 2 * MiB)
    const [pieceBytes, waitingBytes] = [16 * 1024, 128 * 1024]
    // In small pieces, until what the receiver has room for is with it, and some wait at the relay.
    let sent = 0
    while ((await figure(quire.url, 'quire_circuit_held_bytes')) < waitingBytes) {
      for (const end = sent + waitingBytes; sent < end; sent += pieceBytes) {
        near.send(content.subarray(sent, sent + pieceBytes))
      }
      await untilStill(quire.url, 'quire_circuit_bytes_total')
    }
    await near.close()
    await a.reserve() // the relay has heard of the end before it answers
    if (leaves) nearLine.cut()
    await untilStill(quire.url, 'quire_sockets')
    const came = bytesOf(far)
    far.resume()
    expect(Buffer.from(await within(5_000, 'its end comes', came)).equals(content.subarray(0, sent))).toBe(true)
    expect(await isAlive()).toBe(true)
  })

  it('[RL12] what is sent before a circuit stands comes once it does', async () => {
    const [a, b] = await Promise.all([client(), client()])
    await b.reserve()
    const early = seededBytes(13, 600_000)
    const [{ stream }, far] = await Promise.all([a.connect(b, early), b.nextCircuit()])
    const came = bytesOf(far)
    await stream.close()
    expect(Buffer.from(await within(5_000, 'its end comes', came)).equals(early)).toBe(true)
  })

  it('[RL12] a circuit that stands still is ended after a while, and sooner where all hold too much', () => {
    const circuit = (stalledSinceMs: number | undefined, heldBytes: number) => ({ stalledSinceMs, heldBytes })
    const moving = circuit(undefined, 2 * MiB)
    const fresh = circuit(1_000, 2 * MiB)
    const old = circuit(10, 2 * MiB)
    expect(stalledTooLong([moving, fresh, old], 10 + circuitStallMs)).toEqual([old])
    expect(stalledTooLong([moving, fresh, old], 20)).toEqual([])
    const large = circuit(5, circuitsHeldBytesMax)
    expect(stalledTooLong([moving, fresh, large, old], 20)).toEqual([large])
  })
})

describe('the budget of relayed data', () => {
  const limits = { bytesPerSecond: 1000, burstBytes: 100, payerBurstBytes: 1e9, payerBytesPerSecond: 1e9 }

  /** Who went, in order, when each of these asks again as soon as it went. */
  function race(payers: readonly string[], turns: number, given = limits): string[] {
    const pace = new FairPace(0, given)
    const went: string[] = []
    const ask = (payer: string, nowMs: number): void =>
      pace.ask(nowMs, payer, { bytes: 100, go: () => (went.push(payer), ask(payer, nowMs)) })
    for (const payer of payers) ask(payer, 0)
    for (let turn = 1; turn <= turns; turn++) pace.turn(turn * 100)
    return went
  }

  it('[RL13] goes to everybody at once where there is enough', () => {
    const pace = new FairPace(0, { ...limits, burstBytes: 1e6 })
    let went = 0
    for (let i = 0; i < 50; i++) pace.ask(0, 'a', { bytes: 100, go: () => went++ })
    expect(went).toBe(50)
    expect(pace.isWaitedFor).toBe(false)
  })

  it('[RL13] is shared by turns where it is scarce, however many circuits one has', () => {
    const went = race([...Array<string>(9).fill('many'), 'one'], 20)
    expect(went.filter((payer) => payer === 'one').length).toBeGreaterThanOrEqual(9)
    expect(went.length).toBe(21)
  })

  it('[RL13] of one address that spent its own does not hold up others', () => {
    const went = race(['a', 'b'], 10, {
      ...limits,
      burstBytes: 1e9,
      bytesPerSecond: 1e9,
      payerBurstBytes: 200,
      payerBytesPerSecond: 1000
    })
    expect(went.slice(0, 4)).toEqual(['a', 'a', 'b', 'b'])
    expect(went.length).toBe(24)
  })
})

it('a request for a circuit is read within bounds, whatever its bytes', () => {
  const luck = luckOf(11)
  for (let i = 0; i < 2_000; i++) {
    const bytes = Uint8Array.from({ length: Math.floor(luck() * 60) }, () => Math.floor(luck() * 256))
    expect(() => decodeHop(bytes)).not.toThrow()
  }
})

const whenClosed = (stream: Stream): Promise<void> =>
  new Promise((resolve) => {
    if (stream.status !== 'open') resolve()
    else stream.addEventListener('close', () => resolve())
  })

/** All that comes until the other side says that nothing more does. */
async function bytesOf(stream: Stream): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  stream.addEventListener('message', ({ data }) => void parts.push(data.slice()))
  await new Promise<void>((resolve) => stream.addEventListener('remoteCloseWrite', () => resolve()))
  return Buffer.concat(parts)
}

/** A way to a port of this machine that can be cut, as a cable is: nobody says goodbye. */
async function cuttable(port: number): Promise<{ readonly port: number; cut(): void }> {
  const open: Socket[] = []
  const server = createServer((socket) => {
    const onward = connect(port, '127.0.0.1')
    open.push(socket, onward)
    for (const each of [socket, onward]) each.on('error', () => undefined)
    socket.pipe(onward).pipe(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    cut() {
      server.close()
      for (const socket of open) socket.destroy()
    }
  }
}
