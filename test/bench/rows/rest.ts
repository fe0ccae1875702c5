import { createReadStream, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { temporaryFolder } from '../../support/files.ts'
import { type Program, startProgram } from '../../support/program.ts'
import { interleaved, ratio, spread, valuesOf, type Way } from '../measure.ts'
import type { BenchOptions } from '../options.ts'
import { bigFile } from '../places.ts'
import type { Section } from '../results.ts'

const requestsAtOnce = 64

/** A keeper's HTTP API against a plain server that writes and reads the same file, each a process of its own. */
export async function rest({ rounds, megabytes }: BenchOptions): Promise<Section> {
  const totalBytes = (megabytes ?? 500) * 1e6
  await using file = await bigFile(totalBytes)
  await using folder = await temporaryFolder('bench-rest')
  await using keeper = startProgram('relay/cli.ts', ['keeper', '--rest-port', '0', '--data', folder.path, '--json'])
  const { rest: url } = JSON.parse(await keeper.line()) as { rest: string }
  const api = `${url}/api/codex/v1/data`
  const copy = join(folder.path, 'plain.bin')
  await using plain = startProgram('test/bench/plain-server.ts', [copy])
  const plainUrl = `http://127.0.0.1:${await plain.line()}/`
  const rate = async (work: Promise<unknown>) => {
    const startMs = performance.now()
    await work
    return totalBytes / 1000 / (performance.now() - startMs)
  }
  let cid = ''
  const forget = async (): Promise<void> => void (await fetch(`${api}/${cid}`, { method: 'DELETE' }))
  const up: Way = { run: () => rate(send(api, file.path).then((said) => (cid = said))), after: forget }
  const down: Way = {
    prepare: async () => void (cid = await send(api, file.path)),
    run: () => rate(drain(`${api}/${cid}`)),
    after: forget
  }
  const ways = await interleaved(rounds, {
    up,
    plainUp: { run: () => rate(send(plainUrl, file.path)), after: () => rm(copy) },
    down,
    plainDown: {
      prepare: async () => void (await send(plainUrl, file.path)),
      run: () => rate(drain(plainUrl)),
      after: () => rm(copy)
    }
  })
  cid = await send(api, file.path)
  const grownMiB = await memoryOfMany(keeper, `${api}/${cid}`)
  const row = (what: string, a: typeof ways.up, b: typeof ways.up) => [
    what,
    spread(valuesOf(a)),
    spread(valuesOf(b)),
    ratio(a, b, 'value'),
    ratio(a, b, 'cpuSeconds'),
    'rate ≥ 0.5'
  ]
  return {
    title: "A keeper's API",
    explains:
      `${totalBytes / 1e6} MB by HTTP from a client on the same machine, until the answer is here, or the last byte; against a plain Node ` +
      'server that writes the body to a file, which it flushes, and sends it. The keeper writes it twice, hashes it, and answers when ' +
      `all is durable; it verifies nothing while it sends what it verified. Then ${requestsAtOnce} downloads at once, read side by side: ` +
      `the keeper's memory (RSS) is at most ${grownMiB.toFixed(0)} MiB more than before.`,
    head: ['', 'keeper, MB/s', 'plain server, MB/s', 'ratio', 'CPU ratio', 'goal'],
    rows: [row('upload', ways.up, ways.plainUp), row('download', ways.down, ways.plainDown)]
  }
}

/** Sends a file as a body; resolves with the answer's text. */
function send(url: string, path: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const asking = request(url, { method: 'POST' }, (response) => {
    let text = ''
    response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    response.once('end', () => (response.statusCode === 200 ? resolve(text) : reject(new Error(text))))
  })
  asking.once('error', reject)
  createReadStream(path).pipe(asking)
  return promise
}

/** Reads a body to its end. */
function drain(url: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  request(url, (response) => response.resume().once('end', resolve).once('error', reject))
    .once('error', reject)
    .end()
  return promise
}

/** How much larger the keeper's process is at most, in MiB, while many read the same at once. */
async function memoryOfMany(keeper: Program, url: string): Promise<number> {
  const rssMiB = () =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${keeper.process.pid}/status`, 'utf8'))![1]) / 1024
  const before = rssMiB()
  let most = before
  const look = setInterval(() => (most = Math.max(most, rssMiB())), 100)
  await Promise.all(Array.from({ length: requestsAtOnce }, () => drain(url)))
  clearInterval(look)
  return most - before
}
