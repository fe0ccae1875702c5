import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { PeerId } from '../src/core/ids.ts'
import type { GivenTokens } from '../src/core/keep/types.ts'
import { uploadSegmentsMax } from '../src/core/limits.ts'
import { QuireEngine } from '../src/engine/engine.ts'
import { Keeping } from '../src/engine/keep/keeping.ts'
import type { Libp2pNetwork } from '../src/network/libp2p/network.ts'
import { createNodeNetwork } from '../src/network/libp2p/node.ts'
import { Additions } from './additions.ts'
import { Backups } from './backups.ts'
import { LibraryControl } from './control/library-control.ts'
import { serveControl } from './control/serve.ts'
import { findingRelays } from './dht/relay-finder.ts'
import { type Disk, openDisk } from './disk.ts'
import { dropHalfAdded } from './half-added.ts'
import { loadIdentity } from './identity.ts'
import { Invitations } from './invitations.ts'
import { isLoopback, type KeeperConfig, policyOf } from './keeper-config.ts'
import { type Log, silence } from './log.ts'
import { Downloads } from './rest/downloads.ts'
import { serveRest } from './rest/server.ts'
import { emptyFolder } from './rest/spool.ts'
import { Turns } from './rest/turns.ts'
import type { RestParts } from './rest/types.ts'
import type { TlsFiles } from './tls.ts'
import { closeSoon, placeOfLinks } from './program.ts'
import { Visits } from './visits.ts'

export interface RunningKeeper {
  /** Where the API answers, as `http://127.0.0.1:8080`, or https where it has a certificate. */
  readonly rest: string
  readonly peerId: string
  readonly addresses: readonly string[]
  /** Copies what it holds into a new folder of its backups while it goes on. Resolves with that folder. */
  backUp(): Promise<string>
  stop(): Promise<void>
}

/** An engine without a window, which holds copies for others that it cannot read, and answers over HTTP. */
export async function startKeeper(config: KeeperConfig, log: Log = silence): Promise<RunningKeeper> {
  const { dataDir } = config
  const library = await openLibrary(config)
  const { control, rest } = library
  const backups = await Backups.open(dataDir, library.disk)
  const server = await serveRest(
    rest,
    {
      host: config.restHost,
      port: config.restPort,
      token: config.restToken,
      tls: restTls(config),
      asksCertificates: config.restClientCa !== undefined,
      origins: config.allowOrigins,
      anyHost: !isLoopback(config.restHost)
    },
    log
  )
  const closeControl = await serveControl(control, dataDir, log)
  log('started', { port: server.port })
  return {
    rest: server.url,
    peerId: rest.peerId,
    addresses: rest.network.addresses(),
    backUp: () => backups.make(),
    async stop() {
      backups.stop()
      await Promise.all([server.close(), closeControl()])
      await control.close()
    }
  }
}

const restTls = ({ restTlsCert, restTlsKey, restClientCa }: KeeperConfig): TlsFiles | undefined =>
  restTlsCert && restTlsKey ? { cert: restTlsCert, key: restTlsKey, clientCa: restClientCa } : undefined

/** What both of its doors, the API and the socket, open to. */
interface KeeperLibrary {
  readonly disk: Disk
  readonly control: LibraryControl
  readonly rest: RestParts
}

async function openLibrary(config: KeeperConfig): Promise<KeeperLibrary> {
  const { dataDir, quotaBytes, relays, listen, bootstrap, bucket, unlisted } = config
  const privateKey = await loadIdentity(dataDir, 'keeper.key')
  const uploads = join(dataDir, 'uploads')
  const disk = await openDisk(join(dataDir, 'store'), bucket)
  // Not before the store is this program's: what is there may be another's that runs.
  await mkdir(uploads, { recursive: true })
  await emptyFolder(uploads)
  const { catalog } = disk
  await catalog.put('limitBytes', quotaBytes)
  const network: Libp2pNetwork = await createNodeNetwork({
    ...findingRelays({ bootstrap, network: () => network }),
    relays,
    listen,
    privateKey,
    serves: ['/quire/exchange/1', '/quire/keep/1']
  })
  const peerId = privateKey.publicKey.toString() as PeerId
  const invitations = config.byInvitation ? await Invitations.recall(catalog) : undefined
  const policy = { ...policyOf(config), ...invitations?.tokens }
  let keeping: Keeping | undefined
  const place = placeOfLinks(relays)
  const quire = await QuireEngine.open({
    ...disk,
    network,
    ...place,
    role: 'keeper',
    keeper: (parts) =>
      (keeping = new Keeping(parts, {
        policy,
        peerId,
        catalog,
        sign: (text) => privateKey.sign(text),
        unlisted
      }))
  })
  await dropHalfAdded(quire)
  await network.start()
  const desk = invitations && {
    invitations,
    origin: place.origin,
    network: quire.network,
    record: () => network.selfRecord(),
    terms: () => keeping!.terms(),
    onTokens: (given: GivenTokens) => keeping!.invite(given)
  }
  const running = { peerId, addresses: () => network.addresses() }
  const visits = new Visits({ quire, catalog })
  const additions = new Additions({ quire, catalog })
  const close = () => closeSoon(quire, additions)
  const rest = {
    quire,
    catalog,
    network,
    peerId,
    publicKey: privateKey.publicKey.raw,
    uploads,
    uploadTurns: new Turns(uploadSegmentsMax),
    quotaBytes,
    promisedBytes: () => keeping!.load.promisedBytes,
    visits,
    additions,
    leftBytes: () => keeping!.load.leftBytes,
    downloads: new Downloads()
  }
  const control = new LibraryControl({ quire, catalog, network, visits, additions, running, desk, close })
  return { disk, control, rest }
}
