import type { AddressInfo } from 'node:net'
import type { Connection } from '@libp2p/interface'
import { trackerUnreadBytesMax, relayLogMs } from '../src/core/limits.ts'
import type { PeerId } from '../src/core/ids.ts'
import { trackerProtocol } from '../src/network/libp2p/relays.ts'
import { StreamLane } from '../src/network/libp2p/stream-lane.ts'
import { startBuiltInKeeper } from './built-in-keeper.ts'
import { type Circuits, type RelayNode, startCircuits } from './circuits.ts'
import type { RelayConfig } from './config.ts'
import { serveConfig } from './config-stream.ts'
import { Direct, type DirectSettings } from './direct/direct.ts'
import { loadIdentity } from './identity.ts'
import { clientAddress } from './limits/addresses.ts'
import { limitConnections, requestGate, slowness } from './limits/http-limits.ts'
import { countRefusals, type Refuse } from './limits/refusals.ts'
import { type Listening, listenHttp } from './listening.ts'
import { type Log, silence } from './log.ts'
import { addProcessMetrics, Metrics } from './metrics.ts'
import { operatorRoutes } from './operations.ts'
import { pageHandler, type Route } from './pages.ts'
import { isRecordOf } from './record-check.ts'
import { serveStun } from './stun.ts'
import { TrackerService } from './tracker-service.ts'
import { publicAddresses } from './dht/addresses.ts'
import { Meeting, type MeetingOptions } from './dht/other-relays.ts'
import { startTurn } from './turn/turn.ts'

export interface RunningRelay {
  readonly port: number
  readonly url: string
  readonly peerId: string
  readonly stun: string | undefined
  readonly turn: string | undefined
  /** Multiaddrs for webrtc-direct, which listens a moment after all else. */
  readonly direct: readonly string[]
  /** Resolves when it does, or cannot. */
  readonly whenDirect: Promise<void>
  /** Tells everybody to move and takes nobody new; resolves when no circuit is left, or after so long. */
  drain(timeoutMs: number): Promise<void>
  /** Whoever asks again waits for the same end. */
  stop(): Promise<void>
}

/**
 * Starts page, WebSocket, circuit relay, tracker and STUN on one port, and TURN and webrtc-direct beside them. `pageDir`
 * holds the built page.
 */
export async function startRelay(config: RelayConfig, pageDir: string, log: Log = silence): Promise<RunningRelay> {
  const { host, dataDir, trustProxy: proxies, tlsCert, tlsKey, metricsToken, circuitBytes } = config
  const privateKey = await loadIdentity(dataDir)
  const peerId = privateKey.publicKey.toString()
  const tracker = new TrackerService(isRecordOf)
  const metrics = new Metrics()
  const refuse = countRefusals(metrics, log)
  let facts: object | undefined
  let circuits: Circuits | undefined
  const isDraining = () => circuits?.isDraining === true
  const configFor = (address: string) =>
    facts && { ...facts, direct: direct?.offered, others: meeting?.draw(), turn: turn?.offer(address) }
  const routes = new Map<string, Route>([
    ['/config.json', (request) => configFor(clientAddress(request, proxies))],
    ['/healthz', () => facts && { ok: true, tabs: tracker.laneCount, swarms: tracker.swarmCount, ...keeper?.load() }],
    ...operatorRoutes({ metrics, metricsToken, pageDir, isStarted: () => facts !== undefined, isDraining })
  ])
  const http = await listenHttp(pageHandler(pageDir, routes, requestGate({ proxies, refuse })), {
    ...config,
    tls: tlsCert && tlsKey ? { cert: tlsCert, key: tlsKey } : undefined,
    log,
    bounds: slowness,
    onRenewed: () => turn?.renewCertificate(),
    prepare: (server) => limitConnections(server, { proxies, refuse })
  })
  const { port, server } = http
  const { direct, turn } = await startBesides({ ...config, peerId }, http, log)
  const addresses = publicAddresses(config, port)
  const meeting = await prepareMeeting(config, { addresses, direct: direct?.addresses, privateKey, refuse })
  circuits = await startCircuits({ privateKey, server, proxies, refuse, circuitBytes, others: meeting?.parts })
  const { node, hop } = circuits
  await serveTracker(node, tracker, refuse)
  await serveConfig(node, configFor, refuse)
  await meeting?.start(node, tracker, metrics)
  const keeper = config.keeper ? await startBuiltInKeeper({ node, privateKey, tracker, dataDir, addresses }) : undefined
  const stun = await serveStun(host, port, refuse)
  const name = named(config.publicHost ?? 'localhost')
  facts = { version: 1, peerId, stunPort: stun && port, keepers: keeper && [keeper.named] }
  const whenDirect = Promise.resolve(direct?.begin(node, { refuse, isDraining }))
  const load = () => loadOf(node, hop, tracker, keeper)
  const stopMetrics = addRelayMetrics(metrics, circuits, tracker, keeper)
  const stopLog = logLoad(log, load)
  log('started', { stun: stun !== undefined, turn: turn !== undefined })
  return {
    port,
    url: config.publicUrl ?? `${tlsCert ? 'https' : 'http'}://${name}:${port}`,
    peerId,
    stun: stun && `stun:${name}:${port}`,
    turn: turn && `turn:${name}:${turn.port}`,
    direct: direct?.addresses ?? [],
    whenDirect,
    async drain(timeoutMs) {
      log('draining', load())
      await circuits.drain(timeoutMs)
    },
    stop: once(async () => {
      stopLog()
      stopMetrics()
      direct?.stop()
      await turn?.stop()
      await keeper?.stop()
      meeting?.stop()
      tracker.close()
      stun?.close()
      await circuits.stop()
      await http.close()
      log('stopped')
    })
  }
}

/** Whoever asks again waits for the same end. */
function once(work: () => Promise<void>): () => Promise<void> {
  let ending: Promise<void> | undefined
  return () => (ending ??= work())
}

/** What has ports of its own; where one that was asked for cannot be had, nothing is left. */
async function startBesides(config: RelayConfig & DirectSettings, http: Listening, log: Log) {
  try {
    const page = http.server.address() as AddressInfo
    return { direct: await Direct.prepare(config, page, log), turn: await startTurn(config, log) }
  } catch (error) {
    await http.close()
    throw error
  }
}

/** Where other relays are named, and where they can reach this one. */
async function prepareMeeting(
  { bootstrap = [], publicHost }: RelayConfig,
  options: Omit<MeetingOptions, 'bootstrap'>
): Promise<Meeting | undefined> {
  const isAlone = options.addresses.length === 0 || bootstrap.length === 0
  return isAlone
    ? undefined
    : Meeting.prepare({ ...options, bootstrap, ...(publicHost === undefined && { direct: [] }) })
}

/** A host as addresses name it: IPv6 in brackets. */
const named = (host: string): string => (host.includes(':') ? `[${host}]` : host)

async function serveTracker(node: RelayNode, tracker: TrackerService, refuse: Refuse): Promise<void> {
  const own = node.peerId.toString() as PeerId
  await node.handle(trackerProtocol, (stream, connection) => {
    // Whoever does not read what it is told would have it gathered here.
    stream.maxWriteBufferLength = trackerUnreadBytesMax
    stream.addEventListener('close', ({ error }) => {
      if (error?.name === 'StreamBufferError') refuse('tracker-unread', connection)
    })
    tracker.accept(new StreamLane(stream, connection, own, trackerProtocol))
  })
}

type Keeper = Awaited<ReturnType<typeof startBuiltInKeeper>>

const loadOf = (node: RelayNode, hop: Circuits['hop'], tracker: TrackerService, keeper: Keeper | undefined) => ({
  connections: node.getConnections().length,
  reservations: hop.reservationCount,
  circuits: hop.circuitCount,
  tabs: tracker.laneCount,
  swarms: tracker.swarmCount,
  ...keeper?.load()
})

/** Gives what ends the measuring. */
function addRelayMetrics(
  metrics: Metrics,
  { node, hop }: Circuits,
  tracker: TrackerService,
  keeper?: Keeper
): () => void {
  const processMetrics = addProcessMetrics(metrics)
  metrics.gauge('quire_sockets', 'Sockets that are open.', () => node.getConnections().length)
  const isDirect = ({ remoteAddr }: Connection) => remoteAddr.toString().includes('/webrtc-direct')
  metrics.gauge(
    'quire_direct_sockets',
    'Of the sockets, those over webrtc-direct.',
    () => node.getConnections().filter(isDirect).length
  )
  metrics.gauge('quire_reservations', 'Tabs that are reachable through this relay.', () => hop.reservationCount)
  metrics.gauge('quire_tabs', 'Tabs that the tracker speaks with.', () => tracker.laneCount)
  metrics.gauge('quire_swarms', 'Data sets that tabs meet about.', () => tracker.swarmCount)
  metrics.tally('quire_tracker_messages_total', 'Messages from tabs to the tracker.', () => tracker.frameCount)
  metrics.gauge('quire_circuits', 'Circuits that are open.', () => hop.circuitCount)
  metrics.tally('quire_circuit_bytes_total', 'Bytes passed on through circuits.', () => hop.passedBytes)
  metrics.gauge('quire_circuit_held_bytes', 'Bytes in circuits that were not taken yet.', () => hop.heldBytes)
  if (keeper) {
    const load = () => keeper.load()
    metrics.gauge('quire_keeper_copies', 'Copies that the keeper holds.', () => load().copies)
    metrics.gauge(
      'quire_keeper_promised_bytes',
      'Bytes that the keeper has promised to hold.',
      () => load().promisedBytes
    )
  }
  return () => processMetrics.stop()
}

/** A line when the load is another than it was at the last look. */
function logLoad(log: Log, load: () => Record<string, number>): () => void {
  let before = JSON.stringify(load())
  const timer = setInterval(() => {
    const now = load()
    if (JSON.stringify(now) === before) return
    before = JSON.stringify(now)
    log('load', now)
  }, relayLogMs)
  timer.unref()
  return () => clearInterval(timer)
}
