import type { PrivateKey } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { join } from 'node:path'
import { base64urlOf } from '../src/core/bytes.ts'
import { termsOf } from '../src/core/keep/terms.ts'
import type { KeepPolicy } from '../src/core/keep/types.ts'
import { keepBytesMax, keepDataSetBytesMax, keepPeerBytesMax, keepTermMsMax } from '../src/core/limits.ts'
import { QuireEngine } from '../src/engine/engine.ts'
import { Keeping } from '../src/engine/keep/keeping.ts'
import type { NamedKeeper } from '../src/network/types.ts'
import type { RelayNode } from './circuits.ts'
import { openDisk } from './disk.ts'
import { NeighbourNetwork } from './neighbour-network.ts'
import type { TrackerService } from './tracker-service.ts'

export interface BuiltInKeeperOptions {
  readonly node: RelayNode
  readonly privateKey: PrivateKey
  readonly tracker: TrackerService
  /** The relay's; the keeper has a folder of its own in it. */
  readonly dataDir: string
  /** Where others than those who are connected reach it; none where that is not known. */
  readonly addresses: readonly Multiaddr[]
}

export interface BuiltInKeeper {
  /** As `/config.json` names it. */
  readonly named: Omit<NamedKeeper, 'host'>
  load(): { readonly promisedBytes: number; readonly copies: number }
  stop(): Promise<void>
}

const policy: KeepPolicy = {
  bytesMax: keepBytesMax,
  peerBytesMax: keepPeerBytesMax,
  dataSetBytesMax: keepDataSetBytesMax,
  termMsMax: keepTermMsMax
}

/** A keeper that is reached by the relay's own node: whoever is connected to the relay is connected to it. */
export async function startBuiltInKeeper(options: BuiltInKeeperOptions): Promise<BuiltInKeeper> {
  const { privateKey, dataDir } = options
  const disk = await openDisk(join(dataDir, 'keeper'))
  const network = new NeighbourNetwork(options)
  const { peerId } = network
  let keeping: Keeping | undefined
  const engine = await QuireEngine.open({
    ...disk,
    network,
    origin: '',
    role: 'keeper',
    keeper: (parts) =>
      (keeping = new Keeping(parts, { policy, peerId, catalog: disk.catalog, sign: (text) => privateKey.sign(text) }))
  })
  await network.start()
  const record = base64urlOf(await network.selfRecord())
  return {
    named: { peerId, record, terms: termsOf(policy) },
    load: () => keeping!.load,
    stop: () => engine.close()
  }
}
