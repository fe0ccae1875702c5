/**
 * A relay as `npm start` runs it, whose page is that of an application which uses the library and shows nothing: what
 * `crowd-paths.ts` compares, as the bench does. Settings from the environment; prints where it answers as a line of JSON.
 */
import { readConfig } from '../../relay/config.ts'
import { startRelay } from '../../relay/relay.ts'
import { removeFolder } from '../support/files.ts'
import { buildLibraryPage } from '../support/library-page.ts'

const { root, outDir } = await buildLibraryPage()
const relay = await startRelay(readConfig(process.env, []), outDir)
console.log(JSON.stringify({ url: relay.url, turn: null, direct: [] }))

process.once('SIGINT', () => {
  void Promise.allSettled([relay.stop(), removeFolder(root)]).then(() => process.exit())
})
