// Long: every scene that a screen is looked at in stands in one list.
import { ReportedError } from '../../src/core/errors.ts'
import type { PeerId } from '../../src/core/ids.ts'
import { peerName } from '../../src/core/names.ts'
import type { FileView } from '../../src/engine/types.ts'
import {
  errorOf,
  fakeKeep,
  fakeKeeper,
  fakeLeaves,
  fakeLink,
  fakePeer,
  FakeQuire,
  fakeView
} from '../support/fake-quire.ts'
import type { KeepView } from '../../src/engine/types.ts'
import type { NamedKeeper } from '../../src/network/types.ts'

const file = (path: string, sizeBytes: number, mimeType = ''): FileView => ({
  path,
  sizeBytes,
  mimeType,
  modifiedAtMs: 0
})

const sending = [
  fakePeer(1, { receivedBytesPerSecond: 2.1e6 }),
  fakePeer(2, { receivedBytesPerSecond: 1.2e6 }),
  fakePeer(3, { receivedBytesPerSecond: 0.6e6, role: 'keeper', kind: 'socket' }),
  fakePeer(4, { receivedBytesPerSecond: 0.3e6, kind: 'relayed' })
]

/** A library with an item in every state. */
function full(): FakeQuire {
  const quire = new FakeQuire()
  quire.put(
    fakeView('harbour', {
      title: 'Harbour walk, final cut.mp4',
      origin: 'fetched',
      state: 'fetching',
      mimeType: 'text/plain',
      doneBlocks: 1905,
      rateBytesPerSecond: 4.2e6,
      remainingMs: 18_000,
      peers: sending,
      otherCopies: 2,
      leaves: fakeLeaves(384, 0.62, 4),
      can: ['pause', 'remove', 'open']
    }),
    [file('Harbour walk, notes.txt', 201_326_592, 'text/plain')]
  )
  quire.put(fakeView('lisbon', { title: 'Lisbon in March', fileCount: 48, blockCount: 3241, mimeType: 'image/jpeg' }), [
    ...Array.from({ length: 10_000 }, (_, n) =>
      file(`Lisbon in March/day ${n % 7}/IMG_${4000 + n}.jpg`, 4_400_000, 'image/jpeg')
    ),
    file('Lisbon in March/readme.html', 1200, 'text/html')
  ])
  quire.put(
    fakeView('thesis', { title: 'thesis-draft-7.pdf', blockCount: 52, otherCopies: 4, mimeType: 'application/pdf' }),
    [file('thesis-draft-7.pdf', 3_400_000, 'application/pdf')]
  )
  quire.put(
    fakeView('budget', {
      title: 'grant-budget.xlsx',
      blockCount: 2,
      origin: 'fetched',
      state: 'complete',
      otherCopies: 2,
      peers: [fakePeer(1)]
    }),
    [file('grant-budget.xlsx', 131_000, 'application/vnd.ms-excel')]
  )
  quire.put(
    fakeView('tiles', {
      title: 'azores-tiles.pmtiles',
      origin: 'fetched',
      state: 'waiting',
      blockCount: 1472,
      doneBlocks: 1047,
      leaves: fakeLeaves(368, 0.71, 0, 4),
      can: ['pause', 'remove']
    })
  )
  quire.put(
    fakeView('zine', {
      title: 'Night Market Zine no. 9.pdf',
      origin: 'fetched',
      state: 'paused',
      blockCount: 288,
      doneBlocks: 116,
      otherCopies: 4,
      leaves: fakeLeaves(288, 0.4, 0, 1),
      can: ['resume', 'remove']
    })
  )
  return quire
}

/** States that a library rarely holds together. */
function odd(): FakeQuire {
  const quire = new FakeQuire()
  const adding = quire.put(
    fakeView('adding', {
      title: 'Brass band rehearsal.flac',
      state: 'adding',
      link: undefined,
      doneBlocks: 0,
      doneBytes: 9e7,
      rateBytesPerSecond: 1.1e8,
      remainingMs: 1200,
      leaves: fakeLeaves(384, 0.45, 0),
      can: ['remove']
    })
  )
  addEventListener('fake-sealed', () => adding.change({ state: 'sharing', link: fakeLink, doneBlocks: 3072 }))
  quire.put(
    fakeView('changed', {
      title: 'notes.txt',
      state: 'error',
      link: undefined,
      error: errorOf('source-changed', { path: 'notes.txt' }),
      can: ['remove']
    })
  )
  const failed = { origin: 'fetched', state: 'error', doneBlocks: 0, can: ['retry', 'remove'] } as const
  const noRoom = errorOf('store-full', { neededBytes: 2.4e9, freeBytes: 3.1e8 })
  const longTitle = 'A very long name of a film that somebody sent from far away, director’s cut, with extras.mkv'
  quire.put(fakeView('noroom', { ...failed, title: longTitle, error: noRoom }))
  quire.put(fakeView('newer', { ...failed, title: '', error: errorOf('newer-version') }))
  quire.put(
    fakeView('nobody', {
      title: '',
      fileCount: 0,
      contentBytes: 0,
      origin: 'fetched',
      state: 'waiting',
      blockCount: 0,
      totalBytes: 0,
      can: ['pause', 'remove']
    })
  )
  quire.put(
    fakeView('liar', {
      title: 'photo.png',
      origin: 'fetched',
      state: 'fetching',
      blockCount: 24,
      doneBlocks: 17,
      peers: sending.slice(0, 2),
      leaves: fakeLeaves(24, 0.7, 2, 1),
      dropped: { peerId: fakePeer(5).peerId, report: errorOf('bad-block') },
      can: ['pause', 'remove']
    }),
    [file('photo.png', 1_500_000, 'image/png')]
  )
  quire.storage.tell({ ...quire.storage.peek(), durable: false })
  return quire
}

const longName = `${'A very long name of a film that somebody sent from far away '.repeat(4).slice(0, 196)}.mkv`

/** Names and figures at their edges. */
function edges(): FakeQuire {
  const quire = new FakeQuire()
  const here = { origin: 'fetched', state: 'complete' } as const
  quire.put(fakeView('long', { ...here, title: longName, otherCopies: 1 }), [
    file(`${'a folder with a name/'.repeat(9)}${longName}`, 999_500, 'image/png'),
    ...Array.from({ length: 200 }, (_, n) => file(`day ${n % 7}/IMG_${4000 + n}.txt`, n * 977, 'text/plain'))
  ])
  quire.put(
    fakeView('rtl', { ...here, title: 'שלום עולם מסמך חשוב.pdf', blockCount: 1, mimeType: 'application/pdf' }),
    [file('שלום עולם מסמך חשוב.pdf', 1, 'application/pdf')]
  )
  quire.put(fakeView('emoji', { title: '👩‍👩‍👧‍👦🏳️‍🌈 party 🎉🎉🎉.zip', blockCount: 100_000, otherCopies: 1200 }), [
    file('👩‍👩‍👧‍👦🏳️‍🌈 party 🎉🎉🎉.zip', 6.5e9, 'application/zip')
  ])
  quire.put(fakeView('unbroken', { title: 'x'.repeat(200), kind: 'plain', state: 'paused', can: ['resume', 'remove'] }))
  quire.put(
    fakeView('zero', {
      title: '',
      origin: 'fetched',
      state: 'fetching',
      fileCount: 0,
      contentBytes: 0,
      totalBytes: 0,
      doneBytes: 0,
      blockCount: 0,
      doneBlocks: 0,
      mimeType: '',
      leaves: { blocksPerLeaf: 1, levels: new Uint8Array(0), owners: new Uint8Array(0) },
      peers: [fakePeer(0, { complete: false })],
      can: ['pause', 'remove']
    })
  )
  return quire
}

/** More than is drawn at once, in every filter. */
function many(): FakeQuire {
  const quire = new FakeQuire()
  const ways = [
    {},
    { origin: 'fetched', state: 'fetching', doneBlocks: 900, can: ['pause', 'remove'] },
    { origin: 'fetched', state: 'complete' }
  ] as const
  for (let n = 0; n < 120; n++) quire.put(fakeView(`many-${n}`, { title: `report ${n}.pdf`, ...ways[n % 3] }))
  return quire
}

type At = KeepView['keepers'][number]

/** Keepers are known, and items stand with them in every way. */
function keepers(...known: readonly Pick<NamedKeeper, 'peerId' | 'host' | 'found' | 'byInvitation'>[]): FakeQuire {
  const quire = new FakeQuire()
  const terms = { dataSetBytesMax: 512 * 2 ** 20, termMsMax: 30 * 24 * 3_600_000, invited: false }
  quire.network.tell({ ...quire.network.peek(), keepers: known.map((each) => ({ ...each, record: '', terms })) })
  const untilMs = Date.UTC(2027, 0, 2, 12)
  const size = 3241 * 65536
  const [first, second] = [fakeKeeper, otherKeeper]
  const at = (keeper: PeerId, state: At['state'], over: Partial<At> = {}): At => {
    const hasPromised = state === 'safe' || over.unreached !== undefined
    const host = hasPromised ? known.find(({ peerId }) => peerId === keeper)?.host : undefined
    const all = state === 'safe' ? { heldBytes: size, untilMs } : { heldBytes: 0, untilMs: 0 }
    return { keeper, state, host, ...all, ...over }
  }
  const keep = (...all: [At, ...At[]]): KeepView => fakeKeep({ ...all[0], copiesWanted: 2, keepers: all })
  const put = (id: string, view: KeepView | undefined, over: Parameters<typeof fakeView>[1] = {}) =>
    quire.put(fakeView(id, { title: 'Lisbon in March', fileCount: 48, blockCount: 3241, keep: view, ...over }))
  const unreached = { sinceMs: Date.now() - 3_600_000, promisedUntilMs: untilMs }
  const gone = (keeper: PeerId) => at(keeper, 'away', { heldBytes: size, unreached })
  const [mine, theirs] = [at(first, 'safe'), at(second, 'safe')]
  put('safe', keep(mine), { otherCopies: 1 })
  put('safe-many', keep(mine), { otherCopies: 4, title: 'thesis-draft-7.pdf' })
  const handed = put('handing', keep(at(first, 'handing', { heldBytes: 6.2e7 }), at(second, 'asking')), {
    title: 'grant-budget.xlsx'
  })
  addEventListener('fake-safe', () => handed.change({ keep: keep(mine), otherCopies: 1 }))
  put('next', keep(mine, at(second, 'handing', { heldBytes: 6.2e7 })), { otherCopies: 1 })
  put('both', keep(mine, theirs), { otherCopies: 2 })
  put('both-many', keep(mine, theirs), { otherCopies: 4, title: 'thesis-draft-7.pdf' })
  put('one-away', keep(mine, gone(second)), { otherCopies: 1 })
  put('all-away', keep(gone(first), gone(second)))
  put('asked', keep(at(first, 'asking'), at(second, 'asking')))
  put('full', keep(at(first, 'refused', { code: 'full' }), at(second, 'refused', { code: 'too-large' })))
  put('large', keep(at(first, 'refused', { code: 'too-large' })))
  put('away', keep(at(first, 'away')))
  put('none', fakeKeep())
  put('off', fakeKeep({ wanted: false }))
  put('releasing', fakeKeep({ wanted: false, state: 'releasing' }))
  const failing = put('unwritable', keep(mine))
  failing.keep = () => Promise.reject(new ReportedError(errorOf('store-failed')))
  put('rest', keep(mine, theirs), { state: 'paused', can: ['resume', 'remove'] })
  put('sealing', fakeKeep(), { state: 'adding', link: undefined, doneBlocks: 0, doneBytes: 9e7, can: ['remove'] })
  return quire
}

const otherKeeper = 'other-fake-keeper' as PeerId
const ours = { peerId: fakeKeeper, host: 'quire.example' }
const friends = { peerId: otherKeeper, host: 'keep.friends.example' }
const strangers = { peerId: otherKeeper, host: peerName(otherKeeper), found: true }

const inviting = { peerId: otherKeeper, host: peerName(otherKeeper), byInvitation: true }

function relayGone(): FakeQuire {
  const quire = full()
  quire.network.tell({
    relays: [{ url: 'wss://one.example', state: 'unreachable', nextTryAtMs: Date.now() + 12_000 }],
    webrtc: true
  })
  return quire
}

/** Nothing is kept here. */
function privately(): FakeQuire {
  const quire = full()
  quire.put(fakeView('sounds', { title: 'Sounds and films', fileCount: 3 }), [
    file('a song.mp3', 3e6, 'audio/mpeg'),
    file('b film.mp4', 3e8, 'video/mp4'),
    file('c photo.png', 4e6, 'image/png')
  ])
  quire.storage.tell({ ...quire.storage.peek(), durable: false })
  return quire
}

function noWebrtc(): FakeQuire {
  const quire = full()
  quire.network.tell({ ...quire.network.peek(), webrtc: false })
  return quire
}

export const scenes: Readonly<Record<string, () => Promise<FakeQuire>>> = {
  'empty': () => Promise.resolve(new FakeQuire()),
  'full': () => Promise.resolve(full()),
  'odd': () => Promise.resolve(odd()),
  'edges': () => Promise.resolve(edges()),
  'many': () => Promise.resolve(many()),
  'keepers': () => Promise.resolve(keepers(ours, friends)),
  'stranger': () => Promise.resolve(keepers(ours, strangers)),
  'invited': () => Promise.resolve(keepers(ours, inviting)),
  'no-keepers': () => Promise.resolve(keepers()),
  'relay': () => Promise.resolve(relayGone()),
  'private': () => Promise.resolve(privately()),
  'webrtc': () => Promise.resolve(noWebrtc()),
  'loading': () => new Promise(() => {}),
  'broken': () => Promise.reject(new Error('no workers here')),
  'blocked': () => Promise.reject(new ReportedError(errorOf('store-blocked')))
}
