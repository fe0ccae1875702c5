import { serveLibraryPage } from '../../support/library-page.ts'
import { addChosen, choose, forgetAll, openLibrary } from '../library.ts'
import { cpuOf, interleaved, ratio, spread, valuesOf } from '../measure.ts'
import type { BenchOptions } from '../options.ts'
import { bigFile, openPair } from '../places.ts'
import type { Section } from '../results.ts'
import { hashChosen, openRival } from '../rivals.ts'
import { serveRivals } from '../sites.ts'

/** Adding a file against hashing it once, in the same browser. */
export async function adding({ rounds, megabytes }: BenchOptions): Promise<Section> {
  const totalBytes = (megabytes ?? 500) * 1e6
  await using library = await serveLibraryPage()
  await using rivals = await serveRivals()
  await using file = await bigFile(totalBytes)
  await using pair = await openPair()
  const page = pair.sender.page
  const bare = await pair.sender.context.newPage()
  await openLibrary(page, library.url)
  await openRival(bare, `${rivals.url}/bare.html`)
  await choose(page, file.path)
  await choose(bare, file.path)
  const rate = (ms: number) => totalBytes / 1000 / ms
  const { add, pass } = await interleaved(rounds, {
    add: {
      prepare: () => page.bringToFront(),
      run: async () => rate((await addChosen(page)).ms),
      after: () => forgetAll(page)
    },
    pass: { prepare: () => bare.bringToFront(), run: async () => rate(await hashChosen(bare)) }
  })
  const rates = [spread(valuesOf(add)), spread(valuesOf(pass)), ratio(add, pass, 'value')]
  return {
    title: 'Adding',
    explains:
      `A file of ${totalBytes / 1e6} MB on disk, in the page cache for both. Quire counts from the call until the link is known and ` +
      'everything is sealed, hashed and durable; the pass reads the same File 4 MiB at a time and hashes blocks of 64 KiB by WebCrypto, both in a worker.',
    head: ['against', 'Quire, MB/s', 'it, MB/s', 'ratio', 'Quire, CPU-s', 'it, CPU-s', 'CPU ratio', 'goal'],
    rows: [
      [
        'one SHA-256 pass',
        ...rates,
        spread(cpuOf(add)),
        spread(cpuOf(pass)),
        ratio(add, pass, 'cpuSeconds'),
        'rate ≥ 0.4'
      ]
    ]
  }
}
