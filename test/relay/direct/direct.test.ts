import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Connection, PrivateKey, Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { RelayNode } from '../../../relay/circuits.ts'
import { serveConfig } from '../../../relay/config-stream.ts'
import { loadDirectCertificate } from '../../../relay/direct/certificate.ts'
import { Direct } from '../../../relay/direct/direct.ts'
import { type RunningRelay, startRelay } from '../../../relay/relay.ts'
import { directAheadBytesMax, directProbeMs, httpRequestBurst, relayProbeTimeoutMs } from '../../../src/core/limits.ts'
import { parseLink } from '../../../src/core/link/link.ts'
import { configProtocol } from '../../../src/network/libp2p/asking-relay.ts'
import { createNodeNetwork } from '../../../src/network/libp2p/node.ts'
import { openRecord, sealRecord } from '../../../src/network/libp2p/records.ts'
import type { Network, RelayStatus } from '../../../src/network/types.ts'
import { circuitClient, circuitClientAt } from '../../support/circuit-client.ts'
import { figure } from '../../support/figures.ts'
import { temporaryFolder } from '../../support/files.ts'
import { runProgram, startProgram, startQuire } from '../../support/program.ts'
import { within } from '../../support/waiting.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let relay: RunningRelay
const open: Network[] = []
const events: string[] = []

const settings = () => ({ port: 0, host: '::', dataDir: folder.path, json: false, webrtcPort: 0 })

beforeAll(async () => {
  folder = await temporaryFolder('direct')
  relay = await startRelay({ ...settings(), keeper: true }, folder.path, (event) => events.push(event))
  await relay.whenDirect
})

afterEach(async () => {
  await Promise.all(open.splice(0).map((network) => network.stop()))
})

afterAll(async () => {
  await relay.stop()
  await folder[Symbol.asyncDispose]()
})

const config = async () =>
  (await (await fetch(`http://127.0.0.1:${relay.port}/config.json`)).json()) as Record<string, unknown>

async function network(address: string, privateKey?: PrivateKey): Promise<Network> {
  const made = await createNodeNetwork({ relays: [address], privateKey })
  open.push(made)
  const states = Promise.withResolvers<RelayStatus>()
  made.onStatus = ({ relays }) => relays.map((each) => each.state !== 'connecting' && states.resolve(each))
  await made.start()
  await within(20_000, 'the relay is there', states.promise)
  return made
}

describe('a relay beside its port', () => {
  it('[RL22] names where it takes webrtc-direct, once it does', async () => {
    expect(events).toContain('webrtc-started')
    expect(relay.direct).toHaveLength(1)
    expect(relay.direct[0]).toMatch(
      new RegExp(`^/ip4/127.0.0.1/udp/\\d+/webrtc-direct/certhash/uEi[\\w-]+/p2p/${relay.peerId}$`)
    )
    expect(await config()).toMatchObject({ direct: relay.direct })
  })

  it('[NW37] is used by its multiaddr alone: reservation, tracker, and what it says of itself', async () => {
    const [address] = relay.direct
    const [a, b] = await Promise.all([network(address!), network(address!)])
    for (const each of [a, b]) expect(each.status().relays).toEqual([{ url: address, state: 'reserved' }])
    expect(await figure(relay.url, 'quire_direct_sockets')).toBe(2)
    expect(a.status().keepers).toHaveLength(1)
    expect(a.status().keepers![0]).toMatchObject({ host: '127.0.0.1', peerId: relay.peerId })
    const record = (await b.selfRecord())!
    const { addresses } = await openRecord(record)
    expect(addresses.map(String).some((each) => each.startsWith(`${address}/p2p-circuit/`))).toBe(true)
    const came = new Promise<Uint8Array>((resolve) => (b.onLane = (lane) => (lane.onChunk = resolve)))
    const lane = await a.connect(record, { signal: AbortSignal.timeout(20_000) })
    expect(lane.kind).toBe('direct')
    lane.send(Uint8Array.of(1, 2, 3))
    expect(await within(10_000, 'bytes come', came)).toEqual(Uint8Array.of(1, 2, 3))
  })

  const lost = (of: Network) =>
    new Promise<void>((resolve) => {
      of.onStatus = ({ relays }) => relays[0]!.state === 'unreachable' && resolve()
    })

  it('[NW2] [NW37] that ends is noticed', async () => {
    await using place = await temporaryFolder('direct-ends')
    const ending = await startRelay({ ...settings(), dataDir: place.path }, place.path)
    await ending.whenDirect
    const made = await network(ending.direct[0]!)
    const noticed = lost(made)
    await ending.stop()
    await within(15_000, 'it is lost', noticed)
  })

  it('[NW37] that stands still is asked, and lost when it does not answer', async () => {
    await using quire = await startQuire({ env: { QUIRE_WEBRTC_PORT: 'auto' } })
    const made = await network(quire.direct[0]!)
    const noticed = lost(made)
    const now = Date.now.bind(Date)
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => now() + directProbeMs)
    made.nudge()
    // Time: a relay that answers stays; longer than it may take for that.
    await new Promise((resolve) => setTimeout(resolve, relayProbeTimeoutMs + 500))
    expect(made.status().relays[0]!.state).toBe('reserved')
    quire.program.process.kill('SIGSTOP')
    clock.mockImplementation(() => now() + 2 * directProbeMs)
    made.nudge()
    await within(2 * relayProbeTimeoutMs, 'it is lost', noticed).finally(() => clock.mockRestore())
    await quire.program.kill()
  })

  it('[RL12] passes a circuit on between two that it cannot pause, as fast as the slower one takes it', async () => {
    const key = await generateKeyPair('Ed25519')
    const [a, b] = await Promise.all([network(relay.direct[0]!), network(relay.direct[0]!, key)])
    const { addresses } = await openRecord((await b.selfRecord())!)
    const circuits = addresses.filter((each) => /\/p2p-circuit\/p2p\//.test(each.toString()))
    const wantedBytes = 12 * 1024 * 1024
    let bytes = 0
    const all = new Promise<void>((resolve) => {
      b.onLane = (lane) => (lane.onChunk = (chunk) => (bytes += chunk.length) >= wantedBytes && resolve())
    })
    const lane = await a.connect(await sealRecord(key, circuits), { signal: AbortSignal.timeout(20_000) })
    expect(lane.kind).toBe('relayed')
    const closed = new Promise<void>((resolve) => (lane.onClose = () => resolve()))
    const more = (left: number): void => {
      if (left === 0) return
      if (lane.send(new Uint8Array(64 * 1024))) queueMicrotask(() => more(left - 1))
      else lane.onDrain = () => more(left - 1)
    }
    more(wantedBytes / (64 * 1024))
    await within(40_000, 'all has come', Promise.race([all, closed]))
    expect(bytes).toBe(wantedBytes)
  })

  it('[RL12] ends a circuit whose sender it cannot pause and whose receiver takes nothing, and no other', async () => {
    await using sender = await circuitClientAt(relay.direct[0]!)
    await using receiver = await circuitClient(relay.port, relay.peerId)
    expect(await receiver.reserve()).toBe(100)
    const [stalled, moving] = [await sender.connect(receiver), await sender.connect(receiver)]
    const [far, other] = [await receiver.nextCircuit(), await receiver.nextCircuit()]
    far.pause()
    const ended = new Promise<void>((resolve) => stalled.stream.addEventListener('close', () => resolve()))
    const came = new Promise<Uint8Array>((resolve) =>
      other.addEventListener('message', ({ data }) => resolve(data.slice()))
    )
    const piece = new Uint8Array(256 * 1024)
    let sentBytes = 0
    const push = (): void => {
      for (let more = true; more && stalled.stream.status === 'open'; sentBytes += piece.length) {
        more = stalled.stream.send(piece)
      }
    }
    stalled.stream.addEventListener('drain', push)
    push()
    await within(20_000, 'it is ended', ended)
    expect(sentBytes).toBeGreaterThan(directAheadBytesMax)
    moving.stream.send(Uint8Array.of(7))
    expect(await within(10_000, 'the other goes on', came)).toEqual(Uint8Array.of(7))
  })
})

describe('programs that know a relay by its multiaddr alone', () => {
  it('[NW37] share and get, by a link that names the relay', async () => {
    await using place = await temporaryFolder('direct-programs')
    await writeFile(join(place.path, 'a.txt'), 'by webrtc-direct')
    await using share = startProgram('relay/cli.ts', ['share', join(place.path, 'a.txt'), '--relay', relay.direct[0]!])
    const link = await within(20_000, 'a link', share.line())
    expect(parseLink(link).relays).toEqual(relay.direct)
    const got = await runProgram('relay/cli.ts', ['get', link, '-o', join(place.path, 'got')])
    expect(got.code).toBe(0)
    expect(await readFile(join(place.path, 'got', 'a.txt'), 'utf8')).toBe('by webrtc-direct')
  })
})

describe('what a relay says over a stream', () => {
  it('[RL24] is what it says at /config.json, and one address asks so often', async () => {
    const handlers = new Map<string, (stream: Stream, connection: Connection) => void>()
    const node = { handle: (protocol: string, take: () => void) => (handlers.set(protocol, take), Promise.resolve()) }
    const refused: string[] = []
    const said = { version: 1, peerId: 'somebody' }
    await serveConfig(
      node as unknown as RelayNode,
      (address) => ({ ...said, address }),
      (limit) => refused.push(limit)
    )
    const ask = () => {
      const answer = { text: '', aborted: false }
      const stream = {
        send: (bytes: Uint8Array) => (answer.text += Buffer.from(bytes).toString()),
        close: () => Promise.resolve(),
        abort: () => (answer.aborted = true)
      }
      const remoteAddr = multiaddr('/ip4/203.0.113.7/udp/1/webrtc-direct')
      handlers.get(configProtocol)!(stream as unknown as Stream, { remoteAddr } as unknown as Connection)
      return answer
    }
    expect(JSON.parse(ask().text)).toEqual({ ...said, address: '203.0.113.7' })
    const answers = Array.from({ length: httpRequestBurst + 50 }, ask)
    await new Promise(setImmediate)
    expect(answers.at(-1)).toEqual({ text: '', aborted: true })
    expect(new Set(refused)).toEqual(new Set(['config-requests']))
  })
})

describe('the start of webrtc-direct', () => {
  it('[RL22] ends with one sentence where its port was asked for and is taken, and goes on without where it was not', async () => {
    const taken = createSocket('udp4')
    taken.bind(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address()
    const start = (webrtcPort: number | 'auto', pagePort = 0) =>
      startRelay({ ...settings(), host: '127.0.0.1', port: pagePort, webrtcPort }, folder.path, note)
    const notes: string[] = []
    const note = (event: string): void => void notes.push(event)
    await expect(start(port)).rejects.toThrow(`UDP port ${port} for webrtc-direct is in use by another program.`)
    const without = await start('auto', port - 1000)
    taken.close()
    expect(without.direct).toEqual([])
    expect(notes).toContain('webrtc-port-taken')
    await without.stop()
  })

  it('[RL22] names the addresses of the public host, those of a name too', async () => {
    for (const [publicHost, ip] of [
      ['203.0.113.7', '/ip4/203.0.113.7/'],
      ['2001:db8::7', '/ip6/2001:db8::7/'],
      ['localhost', '/ip'],
      ['nobody.invalid', undefined]
    ] as const) {
      const wanted = { ...settings(), publicHost, peerId: relay.peerId }
      const direct = await Direct.prepare(wanted, { address: '::', port: 1 }, () => undefined)
      const [first] = direct!.addresses
      direct!.stop()
      if (ip === undefined) expect(first).toBeUndefined()
      else expect(first?.startsWith(ip)).toBe(true)
    }
  })
})

describe('the certificate for webrtc-direct', () => {
  it('[RL22] is made once, for its owner alone, and is the same after a restart', async () => {
    await using place = await temporaryFolder('direct-certificate')
    const made = await loadDirectCertificate(place.path)
    expect(await loadDirectCertificate(place.path)).toEqual(made)
    const file = join(place.path, 'webrtc.pem')
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(await readFile(file, 'utf8')).toBe(made.pem + made.privateKey)
    expect(await readdir(place.path)).toEqual(['webrtc.pem'])
  })

  it.each(['', 'nonsense', 'half'])('[RL22] that is damaged (%s) is told of, and not replaced', async (damage) => {
    await using place = await temporaryFolder('direct-damaged')
    const { pem } = await loadDirectCertificate(place.path)
    const file = join(place.path, 'webrtc.pem')
    await writeFile(file, damage === 'half' ? pem : damage)
    await expect(loadDirectCertificate(place.path)).rejects.toMatchObject({ code: 'bad-certificate' })
  })

  it('[RL22] is not made where nothing can be written', async () => {
    await expect(loadDirectCertificate('/dev/null/folder')).rejects.toMatchObject({ code: 'bad-certificate' })
  })
})
