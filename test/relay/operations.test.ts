import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { readFile, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import type { Server } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { serveControl } from '../../relay/control/serve.ts'
import type { Control } from '../../relay/control/types.ts'
import { countRefusals } from '../../relay/limits/refusals.ts'
import { listenHttp } from '../../relay/listening.ts'
import { jsonLog } from '../../relay/log.ts'
import { Metrics } from '../../relay/metrics.ts'
import { type RunningRelay, startRelay } from '../../relay/relay.ts'
import { refusalLogMs } from '../../src/core/limits.ts'
import { circuitClient, type CircuitClient } from '../support/circuit-client.ts'
import { temporaryFolder } from '../support/files.ts'
import { startQuire } from '../support/program.ts'
import { within } from '../support/waiting.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
const lines: string[] = []

beforeAll(async () => {
  folder = await temporaryFolder('operations')
})

afterAll(() => folder[Symbol.asyncDispose]())

const config = () => ({ port: 0, host: '127.0.0.1', dataDir: folder.path, json: false })

function ask(relay: RunningRelay, path: string, headers: Record<string, string> = {}) {
  return new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
    request({ port: relay.port, host: '127.0.0.1', path, headers, agent: false }, async (response) => {
      resolve({ status: response.statusCode, body: Buffer.concat(await response.toArray()).toString() })
    })
      .on('error', reject)
      .end()
  })
}

describe('an operator', () => {
  let relay: RunningRelay
  const clients: CircuitClient[] = []

  beforeEach(async () => {
    lines.length = 0
    relay = await startRelay(
      config(),
      folder.path,
      jsonLog(false, (line) => lines.push(line))
    )
  })

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client[Symbol.asyncDispose]()))
    await relay.stop()
  })

  async function client(): Promise<CircuitClient> {
    const made = await circuitClient(relay.port, relay.peerId)
    clients.push(made)
    return made
  }

  it('[RL6] is told that it lives, and that people may come once there is a page', async () => {
    expect((await ask(relay, '/healthz')).status).toBe(200)
    expect(await ask(relay, '/readyz')).toEqual({ status: 503, body: '{"ready":false,"why":"page-not-built"}' })
    await writeFile(join(folder.path, 'index.html'), '')
    expect(await ask(relay, '/readyz')).toEqual({ status: 200, body: '{"ready":true}' })
  })

  it('[RL7] reads figures on the same machine, and nobody does by way of a proxy on it', async () => {
    const a = await client()
    await a.reserve()
    const { status, body } = await ask(relay, '/metrics')
    expect(status).toBe(200)
    expect(body).toContain('# TYPE quire_reservations gauge\nquire_reservations 1\n')
    expect(body).toContain('quire_refused_total{limit="sockets"} 0\n')
    expect(body).toMatch(/^process_resident_memory_bytes \d+$/m)
    for (const line of body.trimEnd().split('\n'))
      expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+(\{\w+="[\w-]+"\})? [\d.e+-]+)$/)
    expect(body).not.toContain(a.node.peerId.toString())
    expect((await ask(relay, '/metrics', { 'X-Forwarded-For': '127.0.0.1' })).status).toBe(403)
    expect((await ask(relay, '/metrics', { Forwarded: 'for=127.0.0.1' })).status).toBe(403)
  })

  it('[RL7] reads figures from anywhere by the token that was set, and only by it', async () => {
    const guarded = await startRelay({ ...config(), metricsToken: 'word' }, folder.path)
    expect((await ask(guarded, '/metrics')).status).toBe(401)
    expect((await ask(guarded, '/metrics', { Authorization: 'Bearer wor' })).status).toBe(401)
    expect(
      (await ask(guarded, '/metrics', { 'Authorization': 'Bearer word', 'X-Forwarded-For': '9.9.9.9' })).status
    ).toBe(200)
    await guarded.stop()
  })

  it('[RL8] [NW30] stops it after everybody was told to move, and circuits had their time', async () => {
    await writeFile(join(folder.path, 'index.html'), '')
    const [a, b] = await Promise.all([client(), client()])
    await b.reserve()
    const told = new Promise<void>((resolve) => void a.node.handle('/quire/moving/1', () => resolve()))
    const [{ stream }, far] = await Promise.all([a.connect(b), b.nextCircuit()])
    let drained = false
    const draining = relay.drain(60_000).then(() => (drained = true))
    await within(5_000, 'everybody is told', told)
    expect(await ask(relay, '/readyz')).toEqual({ status: 503, body: '{"ready":false,"why":"draining"}' })
    expect((await ask(relay, '/healthz')).status).toBe(200)
    expect(await a.reserve()).toBe(200)
    const refused = new WebSocket(`ws://127.0.0.1:${relay.port}`)
    await within(5_000, 'a newcomer is refused', new Promise((resolve) => refused.once('unexpected-response', resolve)))
    refused.on('error', () => undefined).terminate()
    const came = new Promise((resolve) => far.addEventListener('message', resolve, { once: true }))
    stream.send(Uint8Array.of(1))
    await within(5_000, 'the circuit goes on', came)
    expect(drained).toBe(false)
    await Promise.all([stream.close(), far.close()])
    await within(5_000, 'it stops when no circuit is left', draining)
  })

  it('[RL8] does not wait for a circuit that does not end', async () => {
    const [a, b] = await Promise.all([client(), client()])
    await b.reserve()
    await a.connect(b)
    await within(5_000, 'the drain ends', relay.drain(300))
  })

  it('logs what happens with addresses and ids only where they are asked for', () => {
    const said: string[] = []
    const whom = { address: '203.0.113.7', peerId: '12D3KooW' }
    jsonLog(false, (line) => said.push(line))('refused', { limit: 'sockets' }, whom)
    jsonLog(true, (line) => said.push(line))('refused', { limit: 'sockets' }, whom)
    const [without, withIds] = said.map((line) => JSON.parse(line) as object)
    expect(without).toEqual({ at: expect.any(String), event: 'refused', limit: 'sockets' })
    expect(withIds).toMatchObject(whom)
    expect(lines.join()).not.toMatch(/127\.0\.0\.1|12D3/)
  })

  it('[RL25] tells of each limit once a second, however often it is met, and how often that was', () => {
    const said: [string, object?, object?][] = []
    let nowMs = 0
    const metrics = new Metrics()
    const refuse = countRefusals(
      metrics,
      (...line) => said.push(line),
      () => nowMs
    )
    for (let n = 0; n < 5; n++) refuse('webrtc-direct', '203.0.113.7')
    refuse('stun')
    nowMs = refusalLogMs
    refuse('webrtc-direct', '203.0.113.8')
    expect(said).toEqual([
      ['refused', { limit: 'webrtc-direct', count: 1 }, { address: '203.0.113.7' }],
      ['refused', { limit: 'stun', count: 1 }, { address: undefined }],
      ['refused', { limit: 'webrtc-direct', count: 5 }, { address: '203.0.113.8' }]
    ])
    expect(metrics.text()).toContain('quire_refused_total{limit="webrtc-direct"} 6')
  })
})

it('[RL8] SIGTERM drains, SIGINT stops at once, both with status 0', async () => {
  const quire = await startQuire({ env: { QUIRE_DRAIN_SECONDS: '600' } })
  const { peerId } = (await (await fetch(`${quire.url}/config.json`)).json()) as { peerId: string }
  await using a = await circuitClient(quire.port, peerId)
  await a.reserve()
  await using b = await circuitClient(quire.port, peerId)
  const [{ stream }] = await Promise.all([b.connect(a), a.nextCircuit()])
  const told = new Promise<void>((resolve) => void a.node.handle('/quire/moving/1', () => resolve()))
  const ended = new Promise((resolve) => quire.program.process.once('exit', resolve))
  quire.program.process.kill('SIGTERM')
  await within(10_000, 'peers are told', told)
  stream.abort(new Error('enough'))
  expect(await within(10_000, 'it stops', ended)).toBe(0)
})

it('every figure of the dashboard is one that a relay has', async () => {
  const dashboard = await readFile('relay/deploy/grafana.json', 'utf8')
  const relay = await startRelay({ ...config(), keeper: true }, folder.path)
  const { body } = await ask(relay, '/metrics')
  await relay.stop()
  const named = new Set(dashboard.match(/\b(quire|process|nodejs)_\w+/g))
  expect(named.size).toBeGreaterThan(10)
  for (const name of named) expect(body).toContain(`# TYPE ${name} `)
})

describe('figures', () => {
  it('are counted by the values that a label may have, and by no others', () => {
    const metrics = new Metrics()
    const counter = metrics.counter('cuts_total', 'Cuts.', 'why', ['slow', 'large'])
    counter.add(1, 'slow')
    counter.add(2, 'slow')
    counter.add(1, 'anything that a caller sent')
    expect(metrics.text()).toBe(
      '# HELP cuts_total Cuts.\n# TYPE cuts_total counter\ncuts_total{why="slow"} 3\ncuts_total{why="large"} 0\n'
    )
  })
})

it('[RL25] the log tells of connections that the system does not hand over, and the server goes on', async () => {
  const told: unknown[] = []
  const { server, close } = await listenHttp(() => undefined, {
    ...config(),
    tls: undefined,
    bounds: {},
    log: (event, figures) => told.push(event, figures),
    prepare: () => undefined
  })
  for (let n = 0; n < 3; n++) server.emit('error', Object.assign(new Error('too many open files'), { code: 'EMFILE' }))
  expect(told).toEqual(['accept-failed', { code: 'EMFILE' }])
  expect(server.listening).toBe(true)
  await close()
})

it('[RL25] so do the connections to the socket of a library', async () => {
  const made = Promise.withResolvers<Server>()
  const note = (message: unknown) => made.resolve((message as { readonly server: Server }).server)
  subscribe('tracing:net.server.listen:asyncStart', note)
  const told: unknown[] = []
  const close = await serveControl({} as Control, folder.path, (...line) => told.push(...line))
  const server = await made.promise
  unsubscribe('tracing:net.server.listen:asyncStart', note)
  for (let n = 0; n < 3; n++) server.emit('error', Object.assign(new Error('too many open files'), { code: 'EMFILE' }))
  expect(told).toEqual(['accept-failed', { code: 'EMFILE' }])
  expect(server.listening).toBe(true)
  await close()
})
