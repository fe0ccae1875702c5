import { readFileSync } from 'node:fs'
import { base64urlOf, hexOf } from '../../src/core/bytes.ts'
import { sendJson, sendText } from './answers.ts'
import { RestRefusal } from './refusal.ts'
import type { Call, RestParts } from './types.ts'

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string
}

const wantsText = ({ request }: Call): boolean => request.headers.accept?.split(',')[0]?.trim() === 'text/plain'

export async function spr(call: Call): Promise<void> {
  const record = await recordOf(call.parts)
  if (record === '') throw new RestRefusal(503, 'This keeper has no address yet.')
  if (wantsText(call)) sendText(call.response, 200, record)
  else sendJson(call.response, { spr: record })
}

export function peerId(call: Call): void {
  const { peerId: id } = call.parts
  if (wantsText(call)) sendText(call.response, 200, id)
  else sendJson(call.response, { id })
}

/** The union of what both generations of clients read. No path of this machine is in it. */
export async function info({ parts, response }: Call): Promise<void> {
  const addresses = parts.network.addresses()
  const record = await recordOf(parts)
  const { relays } = parts.quire.network.peek()
  const reachable = relays.some(({ state }) => state === 'reserved')
  const local = { nodeId: parts.peerId, peerId: parts.peerId, record, address: addresses[0] ?? '', seen: true }
  sendJson(response, {
    id: parts.peerId,
    addrs: addresses,
    repo: '',
    spr: record,
    announceAddresses: addresses,
    libp2pPubKey: hexOf(parts.publicKey),
    table: { localNode: { ...local, addresses }, nodes: [] },
    codex: { version, revision: '', contracts: '' },
    storage: { version, revision: '' },
    nat: {
      reachability: reachable ? 'Reachable' : 'Unknown',
      clientMode: false,
      relayRunning: reachable,
      portMapping: 'none'
    },
    connections: connectionsOf(parts),
    privateQueries: false
  })
}

function connectionsOf({ quire }: RestParts): { peerId: string; direct: boolean }[] {
  const kinds = new Map<string, boolean>()
  for (const { peerId: id, kind } of quire.items().flatMap((item) => item.peek().peers))
    kinds.set(id, kind !== 'relayed')
  return [...kinds].map(([id, direct]) => ({ peerId: id, direct }))
}

async function recordOf({ network }: RestParts): Promise<string> {
  const record = await network.selfRecord()
  return record ? `spr:${base64urlOf(record)}` : ''
}

const levels = ['TRACE', 'DEBUG', 'INFO', 'NOTICE', 'WARN', 'ERROR', 'FATAL', 'NONE']

/** Says whether a level is one. Quire logs by `--log` or not at all. */
export function logLevel({ query, response }: Call): void {
  const given = query.get('level')
  if (given === null || given === '') throw new RestRefusal(400, 'Missing log level')
  const known = given.split(';').every((part) => levels.includes(part.split(':')[0]!.toUpperCase()))
  if (!known) throw new RestRefusal(400, `A log level is one of ${levels.join(', ')}.`)
  sendText(response, 200, '')
}

/** Peers are met by relays and links: nobody is dialled because a client says so. */
export function connect(): void {
  throw new RestRefusal(400, 'Unable to find Peer! This keeper meets peers by relays and links, not by address.')
}

export function noMarketplace(): void {
  throw new RestRefusal(503, 'Persistence is not enabled')
}
