import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { serveLibraryPage } from '../support/library-page.ts'
import { interleaved, median, ratio, type Sample, spread } from './measure.ts'
import { installRivals, serveRivals, serveTorrentTracker } from './sites.ts'
import {
  addFresh,
  connectBare,
  fetchLink,
  forgetAll,
  fetchTorrent,
  forgetTorrents,
  hashOnce,
  openPair,
  openQuire,
  seedTorrent,
  sendBare
} from './ways.ts'

/**
 * Measures Quire against what the same two browsers give without any protocol, and against WebTorrent, in one run,
 * in turn. Nothing here fails for being slow.
 */
const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, megabytes: { type: 'string', default: '200' } }
})
const rounds = Number(options.rounds)
const blocks = Math.ceil((Number(options.megabytes) * 1e6) / 262_144)
const totalBytes = blocks * 262_144
const megabytes = totalBytes / 1e6
const table: string[] = []

const rate = (ms: number): number => (megabytes / ms) * 1000

function row(what: string, a: readonly Sample[], b: readonly Sample[], goal: string, unit: string): void {
  const value = ratio(a, b, 'value').toFixed(2)
  const cpu = ratio(a, b, 'cpuSeconds').toFixed(2)
  table.push(`| ${what} | ${spread(a)} | ${spread(b)} | ${unit} | ${value} | ${cpu} | ${goal} |`)
}

async function transfers(): Promise<void> {
  await using library = await serveLibraryPage()
  const rivals = await serveRivals()
  const tracker = await serveTorrentTracker()
  await using quire = await openPair(library.url, 'library')
  await using bare = await openPair(`${rivals}/bare.html`, 'bare')
  await using rival = await openPair(`${rivals}/rival.html`, 'ready')
  for (const { page } of [quire.sender, quire.receiver]) await openQuire(page)
  await connectBare(bare)
  const firsts = { quire: [] as number[], torrent: [] as number[] }

  let link = ''
  let magnet = ''
  const samples = await interleaved(rounds, {
    quire: {
      async prepare() {
        await forgetAll(quire.sender.page)
        link = (await addFresh(quire.sender.page, totalBytes)).link
      },
      async run() {
        const { totalMs, firstMs } = await fetchLink(quire.receiver.page, link)
        firsts.quire.push(firstMs)
        return rate(totalMs - firstMs)
      }
    },
    pipeline: { run: async () => rate(await sendBare(bare, totalBytes, 'pipeline')) },
    raw: { run: async () => rate(await sendBare(bare, totalBytes, 'raw')) },
    torrent: {
      async prepare() {
        await forgetTorrents(rival)
        magnet = await seedTorrent(rival, totalBytes, tracker)
      },
      async run() {
        const { totalMs, firstMs } = await fetchTorrent(rival, magnet)
        firsts.torrent.push(firstMs)
        return rate(totalMs - firstMs)
      }
    }
  })
  row('tab to tab against the bare pipeline', samples.quire!, samples.pipeline!, 'rate ≥ 0.9, CPU ≤ 1.2', 'MB/s')
  row('tab to tab against a raw channel', samples.quire!, samples.raw!, 'stated', 'MB/s')
  row('tab to tab against WebTorrent', samples.quire!, samples.torrent!, 'rate ≥ 1.5, CPU ≤ 0.6', 'MB/s')
  const list = (values: readonly number[]) =>
    `${median(values).toFixed(0)} (${values.map((ms) => ms.toFixed(0)).join(' ')})`
  const warm = median(firsts.quire) / median(firsts.torrent)
  table.push(
    `| link opened → first verified byte, warm | ${list(firsts.quire)} | ${list(firsts.torrent)} | ms | ${warm.toFixed(2)} | | ≤ 800 ms |`
  )
}

async function adding(): Promise<void> {
  await using library = await serveLibraryPage()
  await using pair = await openPair(library.url, 'library')
  const { page } = pair.sender
  await openQuire(page)
  const samples = await interleaved(rounds, {
    add: { prepare: () => forgetAll(page), run: async () => rate((await addFresh(page, totalBytes)).ms) },
    sha256: { run: async () => rate(await hashOnce(page, totalBytes)) }
  })
  row('adding against one SHA-256 pass', samples.add!, samples.sha256!, 'rate ≥ 0.4', 'MB/s')
}

/** Every visit new: page loaded, engine and libp2p started, relay met, peer dialled. */
async function coldStart(): Promise<void> {
  await using library = await serveLibraryPage()
  await using pair = await openPair(library.url, 'library')
  await openQuire(pair.sender.page)
  const { link } = await addFresh(pair.sender.page, 262_144)
  const times: number[] = []
  for (let round = 0; round < rounds; round++) {
    const { page } = pair.receiver
    const startMs = performance.now()
    await page.goto(`${library.url}?visit=${round}`)
    await page.waitForFunction(() => 'library' in globalThis)
    await openQuire(page)
    await fetchLink(page, link)
    times.push(performance.now() - startMs)
  }
  const list = `${median(times).toFixed(0)} (${times.map((ms) => ms.toFixed(0)).join(' ')})`
  table.push(`| page and link opened → whole small file, cold | ${list} | | ms | | | ≤ 1500 ms |`)
}

installRivals()
await transfers()
await adding()
await coldStart()

const text = `# What was measured

Written by \`npm run bench -- --rounds ${rounds} --megabytes ${options.megabytes}\` on ${cpus().length} cores (${cpus()[0]?.model.trim()}).
Each row is one run with its ways in turn; values are medians with every round behind them, ratios are medians of the
rounds' ratios, and processor time is that of all processes together. Timings fail nothing.

| what | Quire | compared with | unit | ratio | CPU ratio | goal |
|---|---|---|---|---|---|---|
${table.join('\n')}
`
writeFileSync(new URL('RESULTS.md', import.meta.url), text)
console.log(text)
process.exit(0)
