import { createServer } from 'node:http'
import type { PeerId } from '../src/core/ids.ts'
import { relayLogMs } from '../src/core/limits.ts'
import { trackerProtocol } from '../src/network/libp2p/relays.ts'
import { StreamLane } from '../src/network/libp2p/stream-lane.ts'
import { startBuiltInKeeper } from './built-in-keeper.ts'
import { type RelayNode, startCircuits } from './circuits.ts'
import type { RelayConfig } from './config.ts'
import { loadIdentity } from './identity.ts'
import { listen } from './listen.ts'
import { type Log, silence } from './log.ts'
import { type JsonRoute, pageHandler } from './pages.ts'
import { isRecordOf } from './record-check.ts'
import { serveStun } from './stun.ts'
import { TrackerService } from './tracker-service.ts'
import { startTurn } from './turn/turn.ts'

export interface RunningRelay {
  readonly port: number
  readonly url: string
  readonly peerId: string
  readonly stun: string | undefined
  readonly turn: string | undefined
  stop(): Promise<void>
}

/**
 * Starts page, WebSocket, circuit relay, tracker and STUN on one port, and TURN beside them. `pageDir` holds the built
 * page.
 */
export async function startRelay(config: RelayConfig, pageDir: string, log: Log = silence): Promise<RunningRelay> {
  const privateKey = await loadIdentity(config.dataDir)
  const tracker = new TrackerService(isRecordOf)
  let facts: object | undefined
  const routes = new Map<string, JsonRoute>([
    ['/config.json', (address) => facts && { ...facts, turn: turn?.offer(address) }],
    ['/healthz', () => facts && { ok: true, tabs: tracker.laneCount, swarms: tracker.swarmCount, ...keeper?.load() }]
  ])
  const server = createServer(pageHandler(pageDir, routes))
  const port = await listen(server, config)
  const turn = await startTurn(config, log).catch((error: unknown) => {
    server.close()
    throw error
  })
  const node = await startCircuits(privateKey, server)
  await serveTracker(node, tracker)
  const keeper = config.keeper
    ? await startBuiltInKeeper({ node, privateKey, tracker, dataDir: config.dataDir, addresses: [] })
    : undefined
  const stun = await serveStun(config.host, port)
  const peerId = node.peerId.toString()
  const name = named(config.publicHost ?? 'localhost')
  facts = { version: 1, peerId, stunPort: stun && port, keepers: keeper && [keeper.named] }
  const stopLog = logLoad(log, () => ({
    connections: node.getConnections().length,
    reservations: node.services.relay.reservations.size,
    tabs: tracker.laneCount,
    swarms: tracker.swarmCount,
    ...keeper?.load()
  }))
  log('started', { stun: stun !== undefined, turn: turn !== undefined })
  return {
    port,
    url: `http://${name}:${port}`,
    peerId,
    stun: stun && `stun:${name}:${port}`,
    turn: turn && `turn:${name}:${turn.port}`,
    async stop() {
      stopLog()
      await turn?.stop()
      await keeper?.stop()
      tracker.close()
      stun?.close()
      const closed = new Promise((resolve) => server.close(resolve))
      await node.stop()
      server.closeAllConnections()
      await closed
      log('stopped', {})
    }
  }
}

/** A host as addresses name it: IPv6 in brackets. */
const named = (host: string): string => (host.includes(':') ? `[${host}]` : host)

async function serveTracker(node: RelayNode, tracker: TrackerService): Promise<void> {
  const own = node.peerId.toString() as PeerId
  await node.handle(trackerProtocol, (stream, connection) =>
    tracker.accept(new StreamLane(stream, connection, own, trackerProtocol))
  )
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
