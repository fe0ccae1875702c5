import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { InvitationFacts, ItemFacts, Status } from '../../relay/control/types.ts'
import { Invitations } from '../../relay/invitations.ts'
import { type RunningRelay, startRelay } from '../../relay/relay.ts'
import { formatInvitation, parseInvitation } from '../../src/core/keep/invitation.ts'
import { readTerms } from '../../src/core/keep/terms.ts'
import { tokenHash } from '../../src/core/keep/token.ts'
import type { GivenTokens } from '../../src/core/keep/types.ts'
import { invitationsMax, invitationsRevokedMax, keepTokenBytes } from '../../src/core/limits.ts'
import { MemoryCatalog } from '../../src/store/memory.ts'
import { temporaryFolder } from '../support/files.ts'
import { Told } from '../support/fake-quire.ts'
import { type Outcome, type Program, runProgram, startProgram } from '../support/program.ts'
import { seededBytes } from '../support/seeded.ts'

const cli = 'relay/cli.ts'
let place: Awaited<ReturnType<typeof temporaryFolder>>
let relay: RunningRelay

beforeAll(async () => {
  place = await temporaryFolder('invite')
  relay = await startRelay({ port: 0, host: '127.0.0.1', dataDir: join(place.path, 'relay'), json: false }, place.path)
})

afterAll(async () => {
  await relay.stop()
  await place[Symbol.asyncDispose]()
})

const folder = (name: string) => join(place.path, name)
const quire = (...args: readonly string[]): Promise<Outcome> => runProgram(cli, args, { QUIRE_RELAY: relay.url })
const last = <T>({ lines }: Outcome): T => JSON.parse(lines.at(-1)!) as T

async function startKeeper(dataDir: string, ...flags: string[]): Promise<Program> {
  const at = flags.includes('--relay') ? [] : ['--relay', relay.url]
  const args = ['keeper', '--rest-port', '0', '--data', dataDir, ...at, '--json', '--log', ...flags]
  const program = startProgram(cli, args)
  await program.line()
  return program
}

async function fileOf(seed: number): Promise<string> {
  const path = folder(`${seed}.bin`)
  await writeFile(path, seededBytes(seed, 200_000))
  return path
}

const heldAt = async (data: string): Promise<number> =>
  last<Status>(await quire('status', '--data', data, '--json')).heldForOthers

describe('quire invite', () => {
  it('[KE28] makes, lists and revokes invitations, by which others hand over copies; also after a restart', async () => {
    const [data, mine] = [folder('keeper'), folder('mine')]
    let keeper = await startKeeper(data, '--by-invitation', '--term-days', '2')
    const made = await quire('invite', 'Ann', '--data', data)
    expect(made.code, made.said).toBe(0)
    const [link] = made.lines as [string]
    expect(link.startsWith(`${relay.url}/#/keeper/`)).toBe(true)
    const { token, terms } = parseInvitation(link)
    expect(token).toHaveLength(keepTokenBytes)
    expect(readTerms(terms)).toMatchObject({ invited: true, termMsMax: 2 * 24 * 3_600_000 })

    const added = await quire('add', await fileOf(1), '--data', mine, '--invitation', link, '--json')
    expect(added.code, added.said).toBe(0)
    expect(await heldAt(data)).toBe(1)
    const forged = formatInvitation(relay.url, { ...parseInvitation(link), token: seededBytes(9, keepTokenBytes) })
    const stranger = await quire('add', await fileOf(2), '--data', folder('stranger'), '--invitation', forged, '--json')
    const unknown = { code: 'copy-refused', message: expect.stringContaining('does not know the invitation') as string }
    expect(last<{ error: object }>(stranger)).toMatchObject({ error: unknown })
    expect(await heldAt(data)).toBe(1)

    await keeper.stop()
    keeper = await startKeeper(data, '--by-invitation')
    await using _keeper = keeper
    const again = last<InvitationFacts>(await quire('invite', 'Ann', '--data', data, '--json'))
    expect(parseInvitation(again.link!).token).toEqual(token)
    await quire('invite', 'Bob', '--data', data)
    const names = (await quire('invite', '--data', data, '--json')).lines.map((line) => JSON.parse(line) as object)
    expect(names).toMatchObject([{ name: 'Ann' }, { name: 'Bob' }])
    expect(names.some((facts) => 'link' in facts)).toBe(false)
    // What was accepted is remembered with the library: no flag is needed any more.
    const remembered = await quire('add', await fileOf(3), '--data', mine, '--copies', '1', '--json')
    expect(remembered.code, remembered.said).toBe(0)
    const { link: share } = last<ItemFacts>(remembered)

    const revoked = await quire('invite', '--revoke', 'Ann', '--data', data)
    expect(revoked.lines).toEqual(['Ann is revoked. What was promised by it is kept until its term ends.'])
    const late = await quire('add', await fileOf(4), '--data', mine, '--copies', '1', '--json')
    const taken = { code: 'copy-refused', message: expect.stringContaining('has taken back its invitation') as string }
    expect(last<{ error: object }>(late)).toMatchObject({ error: taken })
    expect(await heldAt(data)).toBe(2)
    const bobs = last<InvitationFacts>(await quire('invite', 'Bob', '--data', data, '--json')).link!
    const kept = await quire('keep', share!, '--data', folder('bob'), '--invitation', bobs, '--json')
    expect(kept.code, kept.said).toBe(0)
    expect((await quire('invite', '--revoke', 'Ann', '--data', data)).said).toContain('There is no invitation "Ann"')
  })

  it('[KE33] leads to a keeper that has gone to another relay since', async () => {
    const [data, mine] = [folder('moving'), folder('left behind')]
    const there = { port: 0, host: '127.0.0.1', dataDir: join(place.path, 'other relay'), json: false }
    const other = await startRelay(there, place.path)
    const keeper = await startKeeper(data, '--by-invitation')
    const { link } = last<InvitationFacts>(await quire('invite', 'Ann', '--data', data, '--json'))
    await keeper.stop()
    await using _keeper = await startKeeper(data, '--by-invitation', '--relay', other.url)
    const add = ['add', await fileOf(7), '--data', mine, '--invitation', link!, '--json']
    const added = await runProgram(cli, add, { QUIRE_RELAY: other.url })
    expect(added.code, added.said).toBe(0)
    expect(await heldAt(data)).toBe(1)
    await other.stop()
  })

  it('is refused where a keeper is open to all, where none runs, and for what is no name', async () => {
    const data = folder('open')
    expect((await quire('invite', 'Ann', '--data', data)).said).toContain('No keeper runs')
    await using _keeper = await startKeeper(data)
    expect((await quire('invite', 'Ann', '--data', data)).said).toContain('--by-invitation')
    expect(await quire('invite', 'Ann', 'Bob', '--data', data)).toMatchObject({ code: 2 })
    expect(await quire('invite', 'Ann', '--revoke', 'Bob', '--data', data)).toMatchObject({ code: 2 })
  })

  it('[KE27] an invitation that is cut is told before anything is started, and no share link is taken for one', async () => {
    const cut = await quire('add', await fileOf(5), '--data', folder('cut'), '--invitation', '#/keeper/AS', '--json')
    expect(last<{ error: object }>(cut)).toMatchObject({ error: { code: 'invitation-cut', fault: 'user' } })
    const got = await quire('get', '#/keeper/AS', '--json')
    expect(last<{ error: object }>(got)).toMatchObject({
      error: { code: 'link-is-invitation', fault: 'user' }
    })
    await expect(readdir(folder('cut'))).rejects.toThrow()
  })

  it('[KE29] an accepted invitation is forgotten as a link is', async () => {
    const [data, mine] = [folder('forgetting'), folder('forgetter')]
    await using _keeper = await startKeeper(data, '--by-invitation')
    const { link } = last<InvitationFacts>(await quire('invite', 'Ann', '--data', data, '--json'))
    await quire('add', await fileOf(6), '--data', mine, '--invitation', link!)
    expect((await quire('forget', link!, '--data', mine)).lines[0]).toMatch(/^The invitation of \w+ \w+ is forgotten$/)
    expect(await heldAt(data)).toBe(1)
  })
})

describe('invitations that a keeper has given', () => {
  const parts = {
    origin: '',
    network: new Told({ relays: [], webrtc: false }),
    record: async () => seededBytes(1, 100),
    terms: async () => seededBytes(2, 100)
  }

  it('[KE28] are durable before they are told, one of each name, and bounded', async () => {
    const catalog = new MemoryCatalog()
    const told: string[][] = []
    const onTokens = ({ tokens }: GivenTokens) => void told.push([...tokens])
    const invitations = await Invitations.recall(catalog)
    const both = await Promise.all(['Ann', 'Ann'].map((name) => invitations.give(name, { ...parts, onTokens })))
    expect(both[0]).toEqual(both[1])
    const { token } = parseInvitation(both[0]!.link!)
    expect(told).toEqual([[tokenHash(token)]])
    expect([...(await Invitations.recall(catalog)).tokens.tokens]).toEqual([tokenHash(token)])

    catalog.put = () => Promise.reject(new Error('the disk is full'))
    await expect(invitations.give('Bob', { ...parts, onTokens })).rejects.toThrow('the disk is full')
    expect(invitations.list()).toMatchObject([{ name: 'Ann' }])
    expect(told).toHaveLength(1)
    const given = Array.from({ length: invitationsMax }, (_, n) => ({
      name: `${n}`,
      token: seededBytes(n, 32),
      madeAtMs: 0
    }))
    catalog.get = async (name) => (name === 'invitations given' ? given : undefined)
    const full = await Invitations.recall(catalog)
    await expect(full.give('Ann', { ...parts, onTokens })).rejects.toMatchObject({ code: 'invitations-full' })
    for (const name of ['', ' Ann', 'a\nb', 'x'.repeat(65)])
      await expect(invitations.give(name, { ...parts, onTokens })).rejects.toMatchObject({ code: 'bad-command' })
  })

  it('[KE31] that were revoked are known, the last of them, at the next start too', async () => {
    const catalog = new MemoryCatalog()
    const invitations = await Invitations.recall(catalog)
    let told: GivenTokens | undefined
    const with_ = { ...parts, onTokens: (given: GivenTokens) => void (told = given) }
    const hashes: string[] = []
    for (const name of ['Ann', 'Bob']) {
      const { link } = await invitations.give(name, with_)
      hashes.push(tokenHash(parseInvitation(link!).token))
      await invitations.revoke(name, with_)
    }
    expect(told).toEqual({ tokens: new Set(), revoked: new Set(hashes) })
    expect((await Invitations.recall(catalog)).tokens).toEqual(told)
    const many = Array.from({ length: invitationsRevokedMax }, (_, n) => `${n}`)
    await catalog.put('invitations revoked', many)
    const later = await Invitations.recall(catalog)
    await later.give('Ann', with_)
    await later.revoke('Ann', with_)
    expect(told!.revoked.size).toBe(invitationsRevokedMax)
    expect(told!.revoked.has('0')).toBe(false)
  })

  it('say where a keeper is reached, or that it is not yet', async () => {
    const invitations = await Invitations.recall(new MemoryCatalog())
    const nowhere = { ...parts, onTokens: () => undefined, record: async () => undefined }
    await expect(invitations.give('Ann', nowhere)).rejects.toMatchObject({ code: 'no-address', retryable: true })
    expect(invitations.list()).toEqual([])
  })
})
