import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryFolder } from '../../support/files.ts'
import { startProgram } from '../../support/program.ts'
import { drain, sendFile } from '../http.ts'
import { interleaved, ratio, spread, valuesOf, type Way } from '../measure.ts'
import type { BenchOptions } from '../options.ts'
import { bigFile } from '../places.ts'
import type { Section } from '../results.ts'

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
  const up: Way = { run: () => rate(sendFile(api, file.path).then((said) => (cid = said))), after: forget }
  const down: Way = {
    prepare: async () => void (cid = await sendFile(api, file.path)),
    run: () => rate(drain(`${api}/${cid}`)),
    after: forget
  }
  const ways = await interleaved(rounds, {
    up,
    plainUp: { run: () => rate(sendFile(plainUrl, file.path)), after: () => rm(copy) },
    down,
    plainDown: {
      prepare: async () => void (await sendFile(plainUrl, file.path)),
      run: () => rate(drain(plainUrl)),
      after: () => rm(copy)
    }
  })
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
      'all is durable; it verifies nothing while it sends what it verified.',
    head: ['', 'keeper, MB/s', 'plain server, MB/s', 'ratio', 'CPU ratio', 'goal'],
    rows: [row('upload', ways.up, ways.plainUp), row('download', ways.down, ways.plainDown)]
  }
}
