/*
 * Writes envelope.json: vectors of sealed data sets and links. Made with node:crypto alone, from the rules in
 * src/core/envelope/SPEC.md and src/core/link/SPEC.md and with none of Quire's code, so that the two check each other.
 * Run: node test/vectors/make-envelope.ts
 */
import { createCipheriv, createHash, hkdfSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'

const block = 65_536
const sha256 = (...parts: Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest()
const derive = (secret: Buffer, label: string) => Buffer.from(hkdfSync('sha256', secret, Buffer.alloc(0), label, 32))
const fill = (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc((block - (bytes.length % block)) % block)])

function varint(value: number): Buffer {
  const bytes: number[] = []
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    bytes.push((rest % 128) + (rest > 127 ? 128 : 0))
    if (rest < 128) return Buffer.from(bytes)
  }
}
const uint = (field: number, value: number) => Buffer.concat([varint(field * 8), varint(value)])
const bytes = (field: number, value: Buffer) => Buffer.concat([varint(field * 8 + 2), varint(value.length), value])

function base58(value: Buffer): string {
  const digits = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
  let rest = BigInt(`0x${value.toString('hex')}`)
  let text = ''
  for (; rest > 0n; rest /= 58n) text = digits[Number(rest % 58n)] + text
  return text
}

function rootOf(leaves: Buffer[]): Buffer {
  let layer = leaves
  for (let bottom = 1; bottom === 1 || layer.length > 1; bottom = 0) {
    const above: Buffer[] = []
    for (let i = 0; i < layer.length; i += 2) {
      const right = layer[i + 1]
      above.push(sha256(layer[i]!, right ?? Buffer.alloc(32), Buffer.of(bottom + (right ? 0 : 2))))
    }
    layer = above
  }
  return layer[0]!
}

interface FileVector {
  path: string
  mimeType: string
  modifiedAtMs: number
  content: { text: string; times: number }
}

const contentOf = ({ content }: FileVector) => Buffer.from(content.text.repeat(content.times))

/** `files` sorted by path. */
function sealed(name: string, secretHex: string, files: FileVector[], relays: string[]) {
  const secret = Buffer.from(secretHex, 'hex')
  let offset = 0
  const entries = files.map((file) => {
    const size = contentOf(file).length
    const type = file.mimeType ? bytes(3, Buffer.from(file.mimeType)) : Buffer.alloc(0)
    const parts = [bytes(1, Buffer.from(file.path)), uint(2, size), type, uint(4, file.modifiedAtMs), uint(5, offset)]
    offset += Math.ceil(size / block) * block
    return bytes(1, Buffer.concat(parts))
  })
  const index = Buffer.concat(entries)
  const length = Buffer.alloc(4)
  length.writeUInt32LE(index.length)
  const head = Buffer.concat([Buffer.from('QUIRE'), Buffer.of(1), length, index])
  const contents = files.map(contentOf).filter((content) => content.length > 0)
  const last = contents.pop()!
  const plaintext = Buffer.concat([fill(head), ...contents.map(fill), last])

  const contentKey = derive(secret, 'quire content v1')
  const ciphertext = createCipheriv('aes-256-ctr', contentKey, Buffer.alloc(16)).update(plaintext)
  const stored = fill(ciphertext)
  const leaves = Array.from({ length: stored.length / block }, (_, i) =>
    sha256(stored.subarray(i * block, (i + 1) * block))
  )
  const treeCid = Buffer.concat([Buffer.from('01839a031220', 'hex'), rootOf(leaves)])
  const numbers = [
    [3, block],
    [4, plaintext.length],
    [5, 0xcd02],
    [6, 0x12],
    [7, 2]
  ].map(([f, v]) => uint(f!, v!))
  const manifest = bytes(1, Buffer.concat([uint(1, 0), bytes(2, treeCid), ...numbers]))
  const cid = Buffer.concat([Buffer.from('01819a031220', 'hex'), sha256(manifest)])
  const check = sha256(Buffer.from('quire link check v1'), cid, secret).subarray(0, 2)
  const key = Buffer.concat([secret, check]).toString('base64url')
  const hints = relays.map((relay) => `&r=${encodeURIComponent(relay)}`).join('')
  return {
    name,
    secret: secretHex,
    contentKey: contentKey.toString('hex'),
    swarmId: derive(secret, 'quire swarm id v1').toString('hex'),
    swarmKey: derive(secret, 'quire swarm key v1').toString('hex'),
    files,
    head: head.toString('hex'),
    datasetBytes: plaintext.length,
    plaintextSha256: sha256(plaintext).toString('hex'),
    ciphertextStart: ciphertext.subarray(0, 64).toString('hex'),
    ciphertextSecondBlockStart: ciphertext.subarray(block, block + 16).toString('hex'),
    ciphertextSha256: sha256(ciphertext).toString('hex'),
    treeCid: `z${base58(treeCid)}`,
    manifestCid: `z${base58(cid)}`,
    plainSwarmId: sha256(Buffer.from('quire swarm v1'), cid).toString('hex'),
    relays,
    link: `https://quire.example/#/s/z${base58(cid)}?k=${key}${hints}`
  }
}

const vectors = {
  title: 'Sealed data sets and links of Quire',
  sealed: [
    sealed(
      'one short text',
      '000102030405060708090a0b0c0d0e0f',
      [
        {
          path: 'note.txt',
          mimeType: 'text/plain',
          modifiedAtMs: 1_700_000_000_000,
          content: { text: 'Hello!', times: 1 }
        }
      ],
      []
    ),
    sealed(
      'a folder: no type, no bytes, more than a block, a name that is not Latin',
      'f0e1d2c3b4a5968778695a4b3c2d1e0f',
      [
        { path: 'trip/a', mimeType: '', modifiedAtMs: 0, content: { text: 'x', times: 1 } },
        { path: 'trip/empty.txt', mimeType: 'text/plain', modifiedAtMs: 1, content: { text: '', times: 1 } },
        {
          path: 'trip/long.bin',
          mimeType: 'application/octet-stream',
          modifiedAtMs: 2,
          content: { text: '0123456789', times: 7000 }
        },
        {
          path: 'trip/写真.jpg',
          mimeType: 'image/jpeg',
          modifiedAtMs: 1_800_000_000_123,
          content: { text: 'é', times: 10 }
        }
      ],
      ['wss://relay.example', '/dns4/relay.example/tcp/443/wss']
    )
  ]
}
writeFileSync(new URL('envelope.json', import.meta.url), `${JSON.stringify(vectors, null, 2)}\n`)
