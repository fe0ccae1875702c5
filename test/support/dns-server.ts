import { createSocket } from 'node:dgram'
import { Resolver } from 'node:dns/promises'
import { once } from 'node:events'

export interface DnsServer extends AsyncDisposable {
  /** Asks this server for texts. */
  readonly askTexts: (name: string) => Promise<string[][]>
}

/** A server of the DNS on this machine that knows these texts by name, and nothing else. */
export async function startDns(texts: Readonly<Record<string, readonly string[]>>): Promise<DnsServer> {
  const socket = createSocket('udp4')
  socket.on('message', (query, from) => socket.send(answerTo(query, texts), from.port, from.address))
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const resolver = new Resolver({ timeout: 2_000, tries: 2 })
  resolver.setServers([`127.0.0.1:${socket.address().port}`])
  return {
    askTexts: (name) => resolver.resolveTxt(name),
    async [Symbol.asyncDispose]() {
      socket.close()
    }
  }
}

/** RFC 1035: the question again, then one record of type 16 for each text, or error 3 where there is no such name. */
function answerTo(query: Buffer, texts: Readonly<Record<string, readonly string[]>>): Buffer {
  const labels: string[] = []
  let at = 12
  while (query[at]! > 0) {
    labels.push(query.subarray(at + 1, at + 1 + query[at]!).toString())
    at += query[at]! + 1
  }
  const known = texts[labels.join('.')] ?? []
  const head = Buffer.alloc(12)
  head.writeUInt16BE(query.readUInt16BE(0), 0)
  head.writeUInt16BE(known.length > 0 ? 0x8180 : 0x8183, 2)
  head.writeUInt16BE(1, 4)
  head.writeUInt16BE(known.length, 6)
  const records = known.map((text) => {
    const data = Buffer.concat([Buffer.of(text.length), Buffer.from(text)])
    const record = Buffer.from([0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60, 0, 0])
    record.writeUInt16BE(data.length, 10)
    return Buffer.concat([record, data])
  })
  return Buffer.concat([head, query.subarray(12, at + 5), ...records])
}
