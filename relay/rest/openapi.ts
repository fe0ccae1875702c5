import { bases, routes } from './routes.ts'

type Schema = Readonly<Record<string, unknown>>

const text: Schema = { type: 'string' }
const whole: Schema = { type: 'integer', minimum: 0 }
const flag: Schema = { type: 'boolean' }
const nullable: Schema = { type: ['string', 'null'] }

/** All fields, each of them there. */
const object = (properties: Readonly<Record<string, Schema>>): Schema => ({
  type: 'object',
  properties,
  required: Object.keys(properties)
})
const listOf = (items: Schema): Schema => ({ type: 'array', items })
const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` })

const manifest = object({
  treeCid: text,
  datasetSize: whole,
  blockSize: whole,
  protected: { const: false },
  filename: nullable,
  mimetype: nullable
})
const node = object({ nodeId: text, peerId: text, record: text, address: text, seen: flag, addresses: listOf(text) })

const schemas = {
  Item: object({ cid: text, manifest }),
  Fetch: object({ cid: text, manifest, downloadId: whole }),
  List: object({ content: listOf(ref('Item')) }),
  Exists: { type: 'object', additionalProperties: flag, required: ['has'] },
  Space: object({ totalBlocks: whole, quotaMaxBytes: whole, quotaUsedBytes: whole, quotaReservedBytes: whole }),
  Progress: {
    anyOf: [
      object({ active: { const: true }, received: whole, total: whole, bytes: whole }),
      object({ active: { const: false } })
    ]
  },
  Spr: object({ spr: text }),
  PeerId: object({ id: text }),
  Info: object({
    id: text,
    addrs: listOf(text),
    repo: text,
    spr: text,
    announceAddresses: listOf(text),
    libp2pPubKey: text,
    table: object({ localNode: node, nodes: listOf(node) }),
    codex: object({ version: text, revision: text, contracts: text }),
    storage: object({ version: text, revision: text }),
    nat: object({ reachability: text, clientMode: flag, relayRunning: flag, portMapping: text }),
    connections: listOf(object({ peerId: text, direct: flag })),
    privateQueries: flag
  })
} as const

type Answer = keyof typeof schemas | 'bytes' | 'text' | 'nothing'

interface Facts {
  readonly summary: string
  readonly answer: Answer
  /** Statuses other than success that it answers with. */
  readonly refusals: readonly number[]
  readonly query?: readonly string[]
}

/** By method and path, as in the table of routes. */
const facts: Readonly<Record<string, Facts>> = {
  'POST /data': {
    summary: 'Store the body as a plain data set; the answer is its CID',
    answer: 'text',
    refusals: [400, 422, 507],
    query: ['blockSize', 'advertise']
  },
  'GET /data': { summary: 'All plain data sets that are held whole', answer: 'List', refusals: [] },
  'GET /data/{}': { summary: 'A data set that is held whole', answer: 'bytes', refusals: [400, 404, 416] },
  'HEAD /data/{}': { summary: 'Its size, type and name', answer: 'nothing', refusals: [400, 404, 416] },
  'DELETE /data/{}': {
    summary: 'Remove a data set; no error where it is not held',
    answer: 'nothing',
    refusals: [400]
  },
  'GET /data/{}/exists': { summary: 'Whether a data set is held whole', answer: 'Exists', refusals: [400] },
  'POST /data/{}/network': { summary: 'Fetch in the background', answer: 'Fetch', refusals: [400, 404, 507] },
  'GET /data/{}/network/stream': { summary: 'Send while fetching', answer: 'bytes', refusals: [400, 404, 416, 507] },
  'HEAD /data/{}/network/stream': { summary: 'Size, type and name', answer: 'nothing', refusals: [400, 404, 416, 507] },
  'GET /data/{}/network/manifest': { summary: 'The manifest alone', answer: 'Item', refusals: [400, 404] },
  'GET /data/{}/network/progress/{}': { summary: 'How far a fetch is', answer: 'Progress', refusals: [400] },
  'DELETE /data/{}/network/{}': { summary: 'Cancel a fetch', answer: 'nothing', refusals: [400, 404] },
  'GET /space': { summary: 'What is used and what is allowed', answer: 'Space', refusals: [] },
  'GET /spr': { summary: 'Signed peer record', answer: 'Spr', refusals: [503] },
  'GET /peerid': { summary: 'Peer id', answer: 'PeerId', refusals: [] },
  'GET /node/peerid': { summary: 'Peer id, where some clients ask for it', answer: 'PeerId', refusals: [] },
  'GET /connect/{}': { summary: 'Not offered: peers are met by relays and links', answer: 'text', refusals: [400] },
  'GET /debug/info': { summary: 'What this node is', answer: 'Info', refusals: [] },
  'POST /debug/chronicles/loglevel': {
    summary: 'Checks a level; changes nothing',
    answer: 'text',
    refusals: [400],
    query: ['level']
  }
}

const marketplace: Facts = { summary: 'Not offered: no marketplace here', answer: 'text', refusals: [503] }

function operation(method: string, path: string): object {
  const { summary, answer, refusals, query = [] } = facts[`${method} ${path}`] ?? marketplace
  const places = path.match(/\{\}/g) ?? []
  const inPath = places.map((_, i) => ({ name: nameOf(i), in: 'path', required: true, schema: text }))
  const inQuery = query.map((name) => ({ name, in: 'query', schema: text }))
  const ofRefusals = refusals.map((status): [number, object] => [
    status,
    { description: 'One plain sentence', ...sentence }
  ])
  const success = answer === 'nothing' && method === 'DELETE' ? 204 : 200
  return {
    summary,
    parameters: [...inPath, ...inQuery],
    ...(method === 'POST' && path === '/data' && { requestBody: { content: { '*/*': { schema: text } } } }),
    responses: {
      [success]: { description: 'Done', ...contentOf(answer) },
      ...(Object.fromEntries(ofRefusals) as object)
    }
  }
}

const sentence = { content: { 'text/plain': { schema: text } } }

function contentOf(answer: Answer): object {
  if (answer === 'nothing') return {}
  if (answer === 'text') return sentence
  if (answer === 'bytes') return { content: { '*/*': { schema: text } } }
  return { content: { 'application/json': { schema: ref(answer) } } }
}

const nameOf = (place: number): string => (place === 0 ? 'cid' : 'downloadId')

/** A path with a name in each of its places. */
function named(path: string): string {
  let place = 0
  return path.replace(/\{\}/g, () => `{${nameOf(place++)}}`)
}

function pathsOf(): Record<string, Record<string, object>> {
  const paths: Record<string, Record<string, object>> = {}
  for (const { method, path } of routes) {
    const operations = (paths[named(path)] ??= {})
    operations[method.toLowerCase()] = operation(method, path)
  }
  return paths
}

/** The API as OpenAPI 3.1, made from the table of its routes. */
export const openApi = {
  openapi: '3.1.0',
  info: {
    title: 'Quire keeper',
    version: '1',
    description:
      'The HTTP API of a Codex node, as a keeper of Quire serves it. Errors are one plain sentence. Where others than its own machine can reach it, it answers 401 to who has neither its token nor a certificate.'
  },
  servers: bases.map((url) => ({ url })),
  // None on the keeper's own machine.
  security: [{}, { token: [] }, { tokenAsBasic: [] }, { certificate: [] }],
  paths: pathsOf(),
  components: {
    schemas,
    securitySchemes: {
      token: { type: 'http', scheme: 'bearer' },
      tokenAsBasic: { type: 'http', scheme: 'basic' },
      certificate: { type: 'mutualTLS' }
    }
  }
}
