import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import type { ItemView, KeepView } from '../../src/engine/types.ts'
import type { NamedKeeper } from '../../src/network/types.ts'
import { space } from '../../src/ui/format.ts'
import { keeperRows, keepLine, keepStateOf } from '../../src/ui/keep-line.ts'
import { fakeKeep, fakeKeeper, fakeView } from '../support/fake-quire.ts'

const terms = { dataSetBytesMax: 500_000_000, termMsMax: 30 * 24 * 3_600_000, invited: false }
const known: NamedKeeper[] = [{ peerId: fakeKeeper, record: '', host: 'keeper.example', terms }]
const untilMs = Date.UTC(2027, 0, 2, 12)

const plain = (text: string) => text.replaceAll(space, ' ')
const lineOf = (keep: Partial<KeepView> | undefined, over: Partial<ItemView> = {}, keepers = known) =>
  plain(keepLine(fakeView('x', { keep: keep && fakeKeep({ keeper: fakeKeeper, ...keep }), ...over }), keepers))

describe('how it stands with keepers, in a sentence', () => {
  it('names the keeper, how far it is, and until when it keeps what it has', () => {
    expect(lineOf({ state: 'asking' })).toBe('keeper.example is asked.')
    expect(lineOf({ state: 'handing', heldBytes: 62_000_000 })).toBe('keeper.example has 62 of 201 MB.')
    expect(lineOf({ state: 'safe', untilMs })).toBe('keeper.example has all of it and keeps it until January 2.')
  })

  it('says why none keeps it', () => {
    expect(lineOf({ state: 'none' })).toBe('Keepers are asked in a moment.')
    expect(lineOf({ state: 'none' }, {}, [])).toBe('No keeper is known here. One is asked as soon as there is one.')
    expect(lineOf({ state: 'away' })).toBe('keeper.example does not answer. Quire asks again by itself.')
    const unreached = { sinceMs: Date.UTC(2026, 11, 5, 12), promisedUntilMs: untilMs }
    expect(lineOf({ state: 'away', unreached })).toMatch(
      /^keeper\.example promised to keep it until January 2, but could not be reached since December 5.*\d:00/
    )
    expect(lineOf({ state: 'refused', code: 'full' })).toBe('keeper.example has no room for it now.')
    expect(lineOf({ state: 'refused', code: 'too-large' })).toBe('It is larger than what keeper.example takes.')
    expect(lineOf({ state: 'refused', code: 'not-allowed' })).toBe('keeper.example keeps only for those it knows.')
    expect(lineOf({ state: 'refused', code: 'too-large' }, {}, [])).toBe('It is larger than what a keeper takes.')
  })

  it('says of two keepers that two hold it, and blames none for what this device cannot reach', () => {
    const at = { keeper: fakeKeeper, state: 'safe', heldBytes: 1, untilMs } as const
    const other = { ...at, keeper: 'other' as PeerId }
    expect(lineOf({ state: 'safe', untilMs, keepers: [at, other] })).toBe(
      '2 keepers have all of it and keep it until January 2.'
    )
    const unreached = { sinceMs: 0, promisedUntilMs: untilMs }
    const view = fakeView('x', { keep: fakeKeep({ state: 'away', keeper: fakeKeeper, unreached }) })
    expect(plain(keepLine(view, known, 'offline'))).toBe(
      'keeper.example promised to keep it until January 2. This device is offline: keepers are asked when it is back.'
    )
    expect(keepLine(fakeView('x', { keep: fakeKeep({ state: 'away' }) }), known, 'cut-off')).toMatch(
      /^No relay answers/
    )
  })

  it('says what further keepers are at, which are asked for a copy each', () => {
    const at = { keeper: fakeKeeper, heldBytes: 0, untilMs: 0 }
    const friend = { ...at, keeper: 'other' as PeerId, host: 'friend.example' }
    const safe = { ...at, state: 'safe', untilMs } as const
    expect(lineOf({ ...safe, keepers: [safe, { ...friend, state: 'handing' }] })).toBe(
      'keeper.example has all of it and keeps it until January 2. friend.example is taking a second copy.'
    )
    const later = { ...friend, state: 'safe', untilMs: untilMs + 3 * 86_400_000 } as const
    expect(lineOf({ ...later, keepers: [later, safe] })).toBe('2 keepers have all of it and keep it until January 2.')
    const both = (state: 'asking' | 'refused') => [at, friend].map((each) => ({ ...each, state }))
    expect(lineOf({ state: 'asking', keepers: both('asking') })).toBe('2 keepers are asked.')
    expect(lineOf({ state: 'refused', code: 'full', keepers: both('refused') })).toBe(
      'No keeper that is known here takes it.'
    )
    const unreached = { sinceMs: 0, promisedUntilMs: untilMs }
    const gone = [at, friend].map((each) => ({ ...each, state: 'away' as const, unreached }))
    expect(lineOf({ state: 'away', unreached, keepers: gone })).toBe(
      '2 keepers promised to keep it, but cannot be reached just now.'
    )
  })

  it('[KE31] [KE32] says what became of an invitation, whose it is, and what is to be done', () => {
    const back = 'keeper.example has taken back its invitation. Ask whoever gave it to you for another.'
    const code = 'invitation-revoked'
    expect(lineOf({ state: 'refused', code })).toBe(back)
    expect(lineOf({ state: 'refused', code: 'invitation-ended' })).toMatch(/^keeper\.example takes no invitations/)
    expect(lineOf({ state: 'refused', code: 'invitation-unknown' })).toMatch(/^keeper\.example does not know its inv/)
    const at = { keeper: fakeKeeper, heldBytes: 0, untilMs: 0, state: 'refused' as const }
    const full = { ...at, keeper: 'other' as PeerId, code: 'full' as const }
    expect(lineOf({ ...full, keepers: [full, { ...at, code }] })).toBe(back)
    expect(lineOf({ state: 'safe', untilMs, code })).toBe(
      `keeper.example has all of it and keeps it until January 2. Not for longer: ${back}`
    )
  })

  it('says that nobody is asked while this device reaches nobody', () => {
    const line = (state: KeepView['state'], code?: 'full') =>
      keepLine(fakeView('x', { keep: fakeKeep({ state, code }) }), known, 'offline')
    for (const state of ['none', 'asking', 'handing', 'away'] as const)
      expect(line(state)).toMatch(/^This device is off/)
    expect(line('refused', 'full')).toMatch(/has no room/)
  })

  it('says what it waits for', () => {
    expect(lineOf({ state: 'none' }, { state: 'adding' })).toBe('That begins when all is sealed.')
    expect(lineOf({ state: 'none' }, { state: 'paused' })).toBe('Nothing is handed over while sharing is paused.')
    expect(lineOf({ state: 'none' }, { origin: 'fetched', state: 'fetching', doneBlocks: 3 })).toBe(
      'That begins when all of it is here.'
    )
  })

  it('is off where nobody asked, or the person switched it off and keepers were told', () => {
    const stateOf = (keep: KeepView | undefined) => keepStateOf(fakeView('x', { keep }))
    expect([lineOf(undefined), stateOf(undefined)]).toEqual(['No keeper is asked.', 'off'])
    expect(stateOf(fakeKeep({ wanted: false }))).toBe('off')
    expect(stateOf(fakeKeep({ wanted: false, state: 'releasing' }))).toBe('releasing')
    expect(lineOf({ wanted: false, state: 'releasing' })).toBe('Keepers are told to remove what they have.')
    expect(stateOf(fakeKeep({ state: 'safe', untilMs }))).toBe('safe')
  })
})

describe('keepers, their terms and what they hold', () => {
  const rowsOf = (keep: Partial<KeepView>, keepers = known) =>
    keeperRows(fakeView('x', { keep: fakeKeep(keep) }), keepers).map(({ host, terms, holds }) =>
      plain([host, terms, holds].join('; '))
    )
  const at = { keeper: fakeKeeper, heldBytes: 0, untilMs: 0 }

  it('shows those that are known before they are asked, and what they hold once they do', () => {
    const named = 'keeper.example; up to 500 MB a share, for 30 days'
    expect(rowsOf({})).toEqual([`${named}; holds nothing of it`])
    expect(rowsOf({ keepers: [{ ...at, state: 'handing', heldBytes: 62_000_000 }] })).toEqual([`${named}; holds 62 MB`])
    expect(rowsOf({ keepers: [{ ...at, state: 'safe', heldBytes: 201_000_000, untilMs }] })).toEqual([
      `${named}; holds 201 MB until January 2`
    ])
  })

  it('shows in a few words what each is at', () => {
    const rest = (over: Partial<KeepView['keepers'][number]>) =>
      rowsOf({ keepers: [{ ...at, state: 'away', ...over }] })[0]!.split('; ')[2]
    expect(rest({})).toBe('does not answer')
    expect(rest({ state: 'asking' })).toBe('is asked')
    expect(rest({ state: 'refused', code: 'full' })).toBe('has no room now')
    expect(rest({ state: 'refused', code: 'invitation-revoked' })).toBe('has taken back its invitation')
    const kept = { state: 'safe', heldBytes: 201_000_000, untilMs, code: 'invitation-revoked' } as const
    expect(rest(kept)).toBe('holds 201 MB until January 2, has taken back its invitation')
    const unreached = { sinceMs: Date.UTC(2026, 11, 5, 12), promisedUntilMs: untilMs }
    expect(rest({ heldBytes: 9, unreached })).toMatch(/^not reached since December 5/)
  })

  it('[KE29] shows the terms of one by whose invitation it is asked, and of no other that takes only whom it knows', () => {
    const inviting = known.map((each) => ({ ...each, terms: { ...terms, invited: true }, byInvitation: true }))
    expect(rowsOf({}, inviting)).toEqual([
      'keeper.example; by invitation, up to 500 MB a share, for 30 days; holds nothing of it'
    ])
    const others = inviting.map((each) => ({ ...each, byInvitation: undefined }))
    expect(rowsOf({}, others)).toEqual(['keeper.example; only for those it knows; holds nothing of it'])
  })

  it('[KE23] shows one that is remembered where it promised something, and nowhere else', () => {
    const remembered = known.map((each) => ({ ...each, host: 'met.example', remembered: true }))
    expect(rowsOf({}, remembered)).toEqual([])
    expect(rowsOf({ keepers: [{ ...at, state: 'asking' }] }, remembered)).toEqual([
      expect.stringMatching(/^met\.example/)
    ])
  })

  it('shows one that no relay names any more, by the name it had', () => {
    const keepers = [{ ...at, state: 'safe' as const, heldBytes: 1_000, untilMs, host: 'old.example' }]
    expect(rowsOf({ keepers }, [])).toEqual(['old.example; ; holds 1 kB until January 2'])
  })

  it('shows who keeps for some alone', () => {
    const invited = known.map((each) => ({ ...each, terms: { ...terms, invited: true } }))
    expect(rowsOf({}, invited)).toEqual(['keeper.example; only for those it knows; holds nothing of it'])
  })
})
