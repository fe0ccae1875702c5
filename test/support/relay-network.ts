import { join } from 'node:path'
import { type RunningRelay, startRelay } from '../../relay/relay.ts'
import { temporaryFolder } from './files.ts'
import { untilFigure } from './figures.ts'
import { within } from './waiting.ts'

/** Nobody listens there. */
const nobody = 'http://127.0.0.1:9'

export interface RelayNetwork extends AsyncDisposable {
  readonly relays: readonly RunningRelay[]
  /** Resolves once each of these relays knows so many others. */
  know(count: number): Promise<void>
  /** One of them is gone for good. */
  end(which: number): Promise<void>
}

/** So many relays in this process, each told of the first one. */
export async function startRelayNetwork(count: number): Promise<RelayNetwork> {
  const folder = await temporaryFolder('relays')
  const relays: RunningRelay[] = []
  const ended = new Set<RunningRelay>()
  for (let n = 0; n < count; n++) {
    const config = {
      port: 0,
      host: '127.0.0.1',
      dataDir: join(folder.path, String(n)),
      json: false,
      publicHost: '127.0.0.1'
    }
    relays.push(await startRelay({ ...config, bootstrap: [relays[0]?.url ?? nobody], turn: 'off' }, folder.path))
  }
  return {
    relays,
    async know(least) {
      const each = relays.map(({ url }) => untilFigure(url, 'quire_relays_known', least))
      await within(60_000, `each relay knows ${least} others`, Promise.all(each))
    },
    async end(which) {
      await relays[which]!.stop()
      ended.add(relays[which]!)
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(relays.filter((relay) => !ended.has(relay)).map((relay) => relay.stop()))
      await folder[Symbol.asyncDispose]()
    }
  }
}
