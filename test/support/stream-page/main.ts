import type { Quire } from '../../../src/engine/types.ts'
import { Saver } from '../../../src/ui/saving.ts'
import { loadNewest, startServiceWorker } from '../../../src/ui/service-worker.ts'
import { serveStreams } from '../../../src/ui/stream-host.ts'
import { patternFile, soundFile, textFile } from './made-files.ts'
import { MadeItem } from './made-item.ts'

const MiB = 1024 * 1024
const script = 'document.title = "it ran"; fetch("/ran")'
const items = [
  new MadeItem('files', [
    patternFile('folder/Größe “α”.bin', 2 * MiB + 321),
    soundFile('sound.wav'),
    textFile(
      'drawing.svg',
      'image/svg+xml',
      `<svg xmlns="http://www.w3.org/2000/svg"><script>${script}</script></svg>`
    ),
    textFile('page.html', 'text/html', `<!doctype html><script>${script}</script>`),
    textFile('note.txt', 'text/plain', `<script>${script}</script> ü`),
    patternFile('broken.bin', 40 * MiB, { brokenFrom: 20 * MiB }),
    patternFile('stuck.bin', 40 * MiB, { stuckFrom: 2 * MiB }),
    patternFile('empty.bin', 0)
  ]),
  new MadeItem(
    'many',
    Array.from({ length: 300 }, (_, n) => patternFile(`ordner/${n}/ü ${n}.bin`, n * 997))
  )
]

const violations: string[] = []
document.addEventListener('securitypolicyviolation', (event) =>
  violations.push(`${event.violatedDirective} ${event.blockedURI}`)
)

const quire = { item: (id: string) => items.find((item) => item.id === id) } as unknown as Quire
const container = navigator.serviceWorker
const saver = new Saver(serveStreams(Promise.resolve(quire), container), container)

/** What the test looks at and does, as `window.streams`. */
const streams = {
  offlineReady: Promise.withResolvers<void>(),
  update: Promise.withResolvers<() => void>(),
  loadNewest,
  violations,
  items,
  async save(id: string, indexes: readonly number[]): Promise<string> {
    const item = items.find((each) => each.id === id)!
    const files = await item.files()
    const chosen = indexes.length > 0 ? indexes.map((index) => files[index]!) : files
    return saver.save(item, chosen).catch((error: Error & { code?: string }) => `failed ${error.code ?? error.name}`)
  }
}
export type StreamPage = typeof streams

startServiceWorker(
  {
    markOfflineReady: () => streams.offlineReady.resolve(),
    offerUpdate: (reload) => streams.update.resolve(reload),
    offerInstall: () => {}
  },
  container
)
Object.assign(globalThis, { streams })
