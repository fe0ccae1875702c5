import { multiaddr } from '@multiformats/multiaddr'
import { afterEach, describe, expect, it } from 'vitest'
import { bytesEqual } from '../../src/core/bytes.ts'
import type { PeerId, SwarmId } from '../../src/core/ids.ts'
import { invitationSwarmId } from '../../src/core/keep/swarm.ts'
import { tokenHash } from '../../src/core/keep/token.ts'
import type { TrackedPeer } from '../../src/core/tracker/types.ts'
import { Discovery } from '../../src/engine/discovery.ts'
import { InvitedWatch } from '../../src/engine/keep/invited-watch.ts'
import type { Keeping } from '../../src/engine/keep/keeping.ts'
import { platformTimers } from '../../src/engine/watch.ts'
import { sealRecord } from '../../src/network/libp2p/records.ts'
import type { ItemRecord } from '../../src/store/types.ts'
import { temporaryFolder } from '../support/files.ts'
import {
  addKept,
  closeAll,
  freshParts,
  hubWithTracker,
  idOf,
  invitationOf,
  joinByRecords,
  keeperId,
  key,
  openEngine,
  openKeeper,
  otherKey,
  partsIn,
  untilKept
} from '../support/keep-world.ts'
import { seededBytes } from '../support/seeded.ts'

afterEach(closeAll)

const token = seededBytes(41, 32)
const otherId = idOf(otherKey)

describe('a keeper that is reached elsewhere than when it invited', () => {
  const [before, after] = ['/ip4/192.0.2.1/tcp/1/ws', '/ip4/192.0.2.2/tcp/1/ws'].map((at) => multiaddr(at))

  /** A keeper at its place of now; who connects to where it was reaches nobody. */
  async function moved() {
    const hub = hubWithTracker()
    hub.keepers = []
    const network = hub.join(keeperId)
    const [old, now] = [await sealRecord(key, [before!]), await sealRecord(key, [after!])]
    network.selfRecord = async () => now
    const link = await invitationOf(token, { record: Promise.resolve(old) })
    const open = (onKeeping?: (keeping: Keeping) => void) =>
      openKeeper(hub, { ...freshParts(), network }, { tokens: new Set([tokenHash(token)]), unlisted: true, onKeeping })
    const openAt = async (folder: string) => {
      const tab = joinByRecords(hub, 'alice')
      const connect = tab.connect.bind(tab)
      tab.connect = (record, options) =>
        bytesEqual(record, old) ? Promise.reject(new Error('nobody is here')) : connect(record, options)
      return openEngine(hub, 'alice', { ...(await partsIn(folder)), network: tab })
    }
    return { hub, link, now, open, openAt }
  }

  it('[KE33] is found by its invitation, and remembered where it is now', async () => {
    await using folder = await temporaryFolder('alice')
    const { link, now, open, openAt } = await moved()
    await open()
    const alice = await openAt(folder.path)
    await alice.acceptInvitation(link)
    expect(await untilKept(addKept(alice, seededBytes(13, 1_000)), 'safe')).toMatchObject({ keeper: keeperId })
    await alice.close()
    const { catalog, store } = await partsIn(folder.path)
    expect(await catalog.get('invitations')).toMatchObject([{ keeper: keeperId, record: now }])
    const [{ keep }] = (await catalog.items()) as [ItemRecord]
    expect(keep!.promises).toMatchObject([{ keeper: keeperId, contact: { record: now } }])
    await Promise.all([catalog.close(), store.close()])
  })

  it('[KE33] is tried at once when it comes', async () => {
    await using folder = await temporaryFolder('alice')
    const { link, open, openAt } = await moved()
    const alice = await openAt(folder.path)
    await alice.acceptInvitation(link)
    const item = addKept(alice, seededBytes(14, 1_000))
    await untilKept(item, 'away')
    await open()
    await untilKept(item, 'safe')
    await alice.close()
  })

  it('[KE33] is believed to be where it says itself, and where nobody else does', async () => {
    let tell: (peers: readonly TrackedPeer[]) => void = () => undefined
    const discovery = { join: (_: SwarmId, { onPeers }: { onPeers: typeof tell }) => (tell = onPeers), leave: () => 0 }
    const records: Uint8Array[] = []
    const heard = Promise.withResolvers<void>()
    const watch = new InvitedWatch(discovery as unknown as Discovery, (_, record) => {
      records.push(record)
      heard.resolve()
    })
    watch.begin(keeperId, token)
    const [own, foreign] = [await sealRecord(key, [after!]), await sealRecord(otherKey, [after!])]
    const at = (peerId: PeerId, record: Uint8Array) => ({ peerId, role: 'keeper' as const, holder: true, record })
    tell([at(otherId, foreign), at(keeperId, foreign), at(keeperId, own.with(9, own[9]! ^ 1)), at(keeperId, own)])
    await heard.promise
    expect(records).toEqual([own])
  })

  it('[KE33] is announced where a token leads that lets in, and nowhere else', async () => {
    const { hub, open } = await moved()
    const other = seededBytes(15, 32)
    let keeping: Keeping | undefined
    await open((made) => (keeping = made))
    const eve = hub.join('eve')
    const discovery = new Discovery({ network: eve, timers: platformTimers, log: () => undefined, role: 'tab' })
    eve.onLane = (lane) => discovery.addTracker(lane)
    await eve.start()
    const seenAt = (of: Uint8Array) =>
      new Promise<readonly PeerId[]>((resolve) =>
        discovery.look(invitationSwarmId(tokenHash(of)), (peers) => resolve(peers.map(({ peerId }) => peerId)))
      )
    expect([await seenAt(token), await seenAt(other)]).toEqual([[keeperId], []])
    keeping!.invite({ tokens: new Set([tokenHash(other)]), revoked: new Set([tokenHash(token)]) })
    expect([await seenAt(token), await seenAt(other)]).toEqual([[], [keeperId]])
    discovery.close()
  })
})
