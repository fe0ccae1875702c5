import { generateKeyPair } from '@libp2p/crypto/keys'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { tokenHash } from '../../src/core/keep/token.ts'
import type { KeepPolicy } from '../../src/core/keep/types.ts'
import { invitationsRememberedMax } from '../../src/core/limits.ts'
import { peerName } from '../../src/core/names.ts'
import type { QuireEngine } from '../../src/engine/engine.ts'
import type { EngineOptions } from '../../src/engine/options.ts'
import type { ItemView } from '../../src/engine/types.ts'
import { whenState } from '../../src/engine/watch.ts'
import { sealRecord } from '../../src/network/libp2p/records.ts'
import type { MemoryHub } from '../../src/network/memory.ts'
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
  named,
  openEngine,
  openKeeper,
  otherKey,
  partsIn,
  policy,
  untilKept,
  within
} from '../support/keep-world.ts'
import { seededBytes } from '../support/seeded.ts'

afterEach(async () => {
  await closeAll()
  vi.useRealTimers()
})

const token = seededBytes(41, 32)
const otherId = idOf(otherKey)
const openTo = (hub: MemoryHub, parts = freshParts(), over: Partial<KeepPolicy> = {}) =>
  openKeeper(hub, parts, { tokens: new Set([tokenHash(token)]), ...over })
const openAlice = (hub: MemoryHub, over: Partial<EngineOptions> = {}): Promise<QuireEngine> =>
  openEngine(hub, 'alice', { network: joinByRecords(hub, 'alice'), ...over })

/** Nobody is named; a keeper by invitation, and one that is open to all. */
async function twoKeepers() {
  const hub = hubWithTracker()
  const [invited, open] = [freshParts(), freshParts()]
  await openTo(hub, invited)
  await openKeeper(hub, open, { unlisted: true }, otherKey)
  hub.keepers = []
  return {
    hub,
    invited,
    open,
    nameOther: () => (hub.keepers = [named(otherId, 'other.test', { ...policy, invited: false })])
  }
}

describe('a keeper by invitation', () => {
  it('[KE3] [KE29] keeps for who was invited, before one that a relay names, and for nobody else', async () => {
    const { hub, invited, open, nameOther } = await twoKeepers()
    nameOther()
    const alice = await openAlice(hub)
    const link = await invitationOf(token)
    const view = { keeper: keeperId, host: peerName(keeperId), accepted: false }
    expect(await alice.readInvitation(link)).toMatchObject({ ...view, terms: { invited: true } })
    await untilKept(addKept(alice, seededBytes(1, 1_000)), 'safe')
    expect(await invited.catalog.items()).toEqual([])
    expect(await alice.acceptInvitation(link)).toMatchObject({ ...view, accepted: true })
    const { keeper, host } = await untilKept(addKept(alice, seededBytes(2, 1_000), 'b'), 'safe')
    expect({ keeper, host }).toEqual({ keeper: keeperId, host: peerName(keeperId) })
    expect(await invited.catalog.items()).toHaveLength(1)
    expect(await open.catalog.items()).toHaveLength(1)
    expect(JSON.stringify(alice.network.peek())).not.toContain(Buffer.from(token).toString('base64url'))
    expect(alice.network.peek().keepers).toMatchObject([{ peerId: otherId }, { peerId: keeperId, byInvitation: true }])
  })

  it('[KE29] is asked in a later visit too, though no relay names it, and with a false token refuses', async () => {
    await using folder = await temporaryFolder('alice')
    const { hub, invited } = await twoKeepers()
    const first = await openAlice(hub, await partsIn(folder.path))
    await first.acceptInvitation(await invitationOf(token))
    await first.close()
    const again = await openAlice(hub, await partsIn(folder.path))
    await untilKept(addKept(again, seededBytes(3, 1_000)), 'safe')
    expect(await invited.catalog.items()).toHaveLength(1)
    await again.close()
    const bob = await openAlice(hub)
    await bob.acceptInvitation(await invitationOf(seededBytes(42, 32)))
    const refused = await untilKept(addKept(bob, seededBytes(4, 1_000)), 'refused')
    expect(refused).toMatchObject({ code: 'invitation-unknown' })
  })

  it('[KE29] that is forgotten is offered nothing more, and is asked on about what it promised', async () => {
    await using folder = await temporaryFolder('alice')
    const { hub, invited, nameOther } = await twoKeepers()
    const alice = await openAlice(hub, await partsIn(folder.path))
    await alice.acceptInvitation(await invitationOf(token))
    const kept = addKept(alice, seededBytes(5, 1_000))
    await untilKept(kept, 'safe')
    nameOther()
    await alice.forgetInvitation(keeperId)
    expect(await untilKept(addKept(alice, seededBytes(6, 1_000), 'b'), 'safe')).toMatchObject({
      keeper: otherId,
      keepers: [{ keeper: otherId }]
    })
    expect(kept.peek().keep).toMatchObject({ state: 'safe', keeper: keeperId })
    expect(await invited.catalog.items()).toHaveLength(1)
    await alice.close()
    const again = await openAlice(hub, await partsIn(folder.path))
    expect((await again.readInvitation(await invitationOf(token))).accepted).toBe(false)
    expect(await untilKept(again.item(kept.id)!, 'safe')).toMatchObject({ keeper: keeperId })
    await again.close()
  })

  it('[KE29] a token is not shown to who answers in the place of its keeper', async () => {
    const { hub, open } = await twoKeepers()
    const alice = await openAlice(hub)
    await alice.acceptInvitation(await invitationOf(token))
    await untilKept(addKept(alice, seededBytes(7, 1_000)), 'safe')
    hub.keepers = [{ ...named(otherId, 'liar.test', { ...policy, invited: false }), peerId: keeperId }]
    await untilKept(addKept(alice, seededBytes(9, 1_000), 'b'), 'away')
    const bob = await openAlice(hub) // who has not asked for its terms yet
    await bob.acceptInvitation(await invitationOf(token))
    await untilKept(addKept(bob, seededBytes(10, 1_000)), 'away')
    expect(await open.catalog.items()).toEqual([])
  })

  it('[KE31] [KE32] that was revoked says so when it is asked to renew, and keeps what it promised until then', async () => {
    await using folder = await temporaryFolder('alice')
    vi.useFakeTimers({ toFake: ['Date'] })
    const hub = hubWithTracker()
    hub.keepers = []
    const parts = freshParts()
    parts.store.close = parts.catalog.close = async () => undefined
    const keeper = await openTo(hub, parts)
    const alice = await openAlice(hub, await partsIn(folder.path))
    await alice.acceptInvitation(await invitationOf(token))
    const item = addKept(alice, seededBytes(11, 1_000))
    const { untilMs } = await untilKept(item, 'safe')
    await alice.close()
    await keeper.close()

    vi.setSystemTime(untilMs - policy.termMsMax / 3)
    await openKeeper(hub, parts, { tokens: new Set(), revoked: new Set([tokenHash(token)]) })
    const again = await openAlice(hub, await partsIn(folder.path))
    const refused = ({ keep }: ItemView) => keep?.code !== undefined
    const { keep } = await whenState(again.item(item.id)!, refused, within())
    expect(keep).toMatchObject({ state: 'safe', keeper: keeperId, untilMs, code: 'invitation-revoked' })
    const late = await untilKept(addKept(again, seededBytes(12, 1_000), 'b'), 'refused')
    expect(late).toMatchObject({ code: 'invitation-revoked' })
    await again.close()
  })

  it('[KE30] says anew what it takes when it is reached', async () => {
    await using folder = await temporaryFolder('alice')
    const hub = hubWithTracker()
    hub.keepers = []
    const termMsMax = 86_400_000
    await openTo(hub, freshParts(), { termMsMax })
    const alice = await openAlice(hub, await partsIn(folder.path))
    await alice.acceptInvitation(await invitationOf(token))
    const { untilMs } = await untilKept(addKept(alice, seededBytes(8, 1_000)), 'safe')
    expect(untilMs - Date.now()).toBeLessThanOrEqual(termMsMax)
    expect(alice.network.peek().keepers).toMatchObject([{ terms: { termMsMax } }])
    await alice.close()
    const again = await openAlice(hub, await partsIn(folder.path))
    await again.acceptInvitation(await invitationOf(token, { own: otherKey }))
    const known = again.network.peek().keepers!.find(({ peerId }) => peerId === keeperId)
    expect(known).toMatchObject({ byInvitation: true, terms: { termMsMax } })
    await again.close()
  })
})

describe('an invitation', () => {
  it('[KE27] of which one part is another keeper’s, or signed by nobody, is not believed', async () => {
    const alice = await openAlice(hubWithTracker())
    const mixed = await invitationOf(token, { record: sealRecord(otherKey, []) })
    const record = await sealRecord(otherKey, [])
    const unsigned = await invitationOf(token, {
      own: otherKey,
      record: Promise.resolve(record.with(record.length - 1, record.at(-1)! ^ 1))
    })
    for (const link of [mixed, unsigned]) {
      await expect(alice.readInvitation(link)).rejects.toMatchObject({ code: 'invitation-unsigned' })
      await expect(alice.acceptInvitation(link)).rejects.toMatchObject({ code: 'invitation-unsigned' })
    }
    await expect(alice.acceptInvitation('https://quire.test/#/keeper/AQ')).rejects.toMatchObject({
      code: 'invitation-cut'
    })
    expect((await alice.readInvitation(await invitationOf(token))).accepted).toBe(false)
  })

  it('[KE29] the last sixteen are remembered, each keeper once', async () => {
    const parts = freshParts()
    const alice = await openAlice(hubWithTracker(), parts)
    const first = await invitationOf(token)
    for (const link of [first, await invitationOf(seededBytes(43, 32)), first]) await alice.acceptInvitation(link)
    expect(await parts.catalog.get('invitations')).toMatchObject([{ keeper: keeperId, token }])
    for (let n = 0; n < invitationsRememberedMax; n++)
      await alice.acceptInvitation(await invitationOf(token, { own: await generateKeyPair('Ed25519') }))
    expect(await parts.catalog.get('invitations')).toHaveLength(invitationsRememberedMax)
    expect((await alice.readInvitation(first)).accepted).toBe(false)
  })
})
