// Long: the words of the page, so that a translator has few files.
import { formatFor } from './format.ts'
import type { FigureWords, Format } from './format.ts'

/**
 * Every word of the page but those of sheets that open later (sheet-messages.ts). Tone: plain, present tense, second person; what is true, then what happens next, then the
 * one thing to do. Another language is another function of this shape in `catalogues`.
 */
const plural = new Intl.PluralRules('en')

/** "1 peer", "3 peers". */
export const counter =
  (f: Format) =>
  (n: number, one: string, other = `${one}s`): string =>
    `${f.count(n)} ${plural.select(n) === 'one' ? one : other}`

const englishFigures: FigureWords = {
  of: (part, whole) => `${part} of ${whole}`,
  days: (n) => `${n} days`,
  h: 'h',
  min: 'min',
  s: 's'
}

// Long: one tree of words.
function english(f: Format) {
  const count = counter(f)
  const others = (n: number) => count(n, 'other')

  return {
    lang: 'en',
    format: f,
    app: {
      name: 'Quire',
      main: 'Main',
      library: 'Library',
      close: 'Close',
      cancel: 'Cancel',
      ready: (relays: number) => `Ready, ${count(relays, 'relay')}`,
      connecting: 'Connecting',
      idle: 'Ready',
      skip: 'Skip to content',
      titled: (what: string) => (what === '' ? 'Quire' : `${what} · Quire`),
      offline: 'Offline',
      noRelay: 'No relay answers',
      peers: (n: number, direct: number) => `${count(n, 'peer')}, ${f.count(direct)} direct`,
      peersNow: (n: number) => `${count(n, 'peer')} now`,
      stored: 'Stored here',
      storedOf: (used: number, limit: number) => f.bytesOf(used, limit),
      storedLong: (used: number, limit: number) => `${f.bytes(used)} of ${f.bytes(limit)} used`,
      reload: 'Reload',
      offlineReady: 'Opens offline.'
    },
    intake: {
      label: 'Share or receive',
      drop: 'Drop files to share',
      share: 'Share files',
      dropLine: 'They are sealed here first. Nobody without the link can read them.',
      shareLine: 'Sealed here before anything leaves.',
      choose: 'Choose',
      chooseFiles: 'Choose files',
      chooseFolder: 'Choose folder',
      open: 'Open a link',
      paste: 'Paste a Quire link',
      go: 'Open',
      filesInput: 'Files to share',
      folderInput: 'Folder to share',
      notReceived: 'What was shared with Quire did not arrive. Choose it here.'
    },
    note: {
      title: 'Share a text',
      instead: 'Share it as a text'
    },
    first: {
      title: 'Share a file straight from this tab',
      line: 'No account, and no server that can read it. Whoever has the link fetches it from you, and from everyone else who already has a copy.',
      or: 'or drop files anywhere on this page',
      sealed: 'Sealed before it leaves',
      sealedLine: 'The key is in the link and nowhere else. Relays pass on what they cannot read.',
      gathered: 'Gathered from many',
      gatheredLine: 'A file is a set of small blocks. Each can come from a different tab.',
      honest: 'Honest about copies',
      honestLine: 'You see how many copies exist now, and what happens if you close this tab.'
    },
    install: {
      line: 'Install Quire: it opens offline, and the browser is less likely to clear what you keep.',
      yes: 'Install',
      no: 'Not now'
    },
    update: { line: 'New version ready. Fetches carry on.', yes: 'Reload', no: 'Later' },
    list: {
      filter: 'Filter',
      all: (n: number) => `All ${f.count(n)}`,
      sharing: (n: number) => `Sharing ${f.count(n)}`,
      fetching: (n: number) => `Fetching ${f.count(n)}`,
      offline: (n: number) => `Offline ${f.count(n)}`,
      items: 'Items',
      blocks: 'Blocks here',
      item: 'Item',
      copies: 'Copies right now',
      closing: 'If you close this tab',
      search: 'Find by name',
      none: 'Nothing here has this in its name.',
      loading: 'Opening the library'
    },
    item: {
      untitled: 'Not known yet',
      files: (n: number) => count(n, 'file'),
      blocks: (n: number) => count(n, 'block'),
      adding: (done: number, total: number) => `Adding ${f.percent(done, total)}`,
      sharing: 'Sharing',
      waiting: (done: number, total: number) =>
        total > 0 ? `Waiting · ${f.count(done)} of ${count(total, 'block')}` : 'Waiting · no one online has it',
      fetching: (done: number, total: number) => `Fetching ${f.percent(done, total)}`,
      complete: 'Available offline',
      completeHere: 'Here until this window closes',
      paused: (done: number, total: number) => (total > 0 ? `Paused · ${f.bytesOf(done, total)}` : 'Paused'),
      left: (ms: number) => `${f.duration(ms)} left`,
      rate: (bytesPerSecond: number) => f.rate(bytesPerSecond),
      actions: {
        share: (name: string) => `Share ${name}`,
        pause: (name: string) => `Pause ${name}`,
        resume: (name: string) => `Resume ${name}`,
        retry: (name: string) => `Try ${name} again`,
        more: (name: string) => `More for ${name}`,
        menu: {
          open: 'Open',
          share: 'Share…',
          pause: 'Pause',
          resume: 'Resume',
          save: 'Save to disk',
          saveFolder: 'Save into a folder…',
          retry: 'Try again',
          remove: 'Remove…'
        }
      }
    },
    /** Durability: how many copies exist right now, and what closing does. */
    standing: {
      onlyHere: 'Only this tab',
      noOneYet: 'No one has fetched it yet',
      unseen: '1 copy in sight',
      unseenLine: 'Only this tab is known to have it',
      beingFetched: (n: number) => `${count(n, 'peer is', 'peers are')} fetching it`,
      copies: (n: number) => `${count(n, 'copy', 'copies')} now`,
      thisAndOthers: (n: number) => `This tab and ${others(n)}`,
      noFull: 'No full copy now',
      heldByNoOne: (n: number) => `${count(n, 'block')} held by no one`,
      noHolder: 'No one online has it',
      fullCopies: (n: number) => `${count(n, 'full copy', 'full copies')} now`,
      sending: (n: number) => (n === 0 ? 'Asking for blocks' : `${count(n, 'peer')} sending`),
      unreachable: 'Not reachable right now',
      notLinked: 'No link yet',
      notLinkedLine: 'Comes when all is sealed',
      notShared: 'This copy is not shared now',
      notMade: 'Not shared',
      notMadeLine: 'Nothing left this device',
      failed: 'Nothing was lost elsewhere',
      stops: 'Link stops working',
      stopsLine: 'Until you open Quire again',
      mayStop: 'Link may stop working',
      mayStopLine: 'Unless someone else has it open',
      mayStopShort: 'Closing may break the link',
      stopsForGood: 'Link stops working for good',
      stopsForGoodLine: 'A private window keeps nothing',
      stopsShort: 'Closing breaks the link',
      stays: 'Stays while one is open',
      staysLine: (n: number) => `${count(n, 'other holds', 'others hold')} all of it`,
      pauses: 'Pauses',
      pausesLine: 'Picks up where it stopped',
      pausesShort: 'Closing pauses it',
      startsOver: 'Starts over',
      startsOverShort: 'Closing starts it over',
      nothingLost: 'Nothing is lost',
      nothingLostLine: 'Resumes when a holder returns',
      nothingLostShort: 'Closing loses nothing',
      staysPaused: 'Stays paused',
      staysPausedLine: 'Until you resume it',
      addingStops: 'Adding stops',
      addingStopsLine: 'You choose the files again',
      changesNothing: 'Changes nothing',
      keptToo: (keepers: number, others: number) =>
        `${others > 0 ? `${count(others, 'other')}, this` : 'This'} tab and ${keepers > 1 ? count(keepers, 'keeper') : 'a keeper'}`,
      outOfReach: 'No keeper can be reached',
      handing: 'A keeper is taking its copy',
      safe: 'Safe to close',
      kept: (untilMs: number) => `Kept until ${f.date(untilMs)}`
    },
    receive: {
      opening: 'Opening the link',
      untitled: 'Shared with you',
      unknownSender: 'Sender unknown',
      unknownSenderWhy: ': a link carries no name',
      fromHere: 'Shared from here',
      progress: 'Progress',
      left: (ms: number) => `${f.duration(ms)} left`,
      soFar: (done: number, total: number) => f.bytesOf(done, total),
      allHere: 'All of it is here',
      allVerified: (n: number) => (n === 1 ? 'The one block is verified' : `All ${f.count(n)} blocks verified`),
      waiting: 'Waiting',
      paused: 'Paused',
      starting: 'Asking for the first block',
      fetching: 'Fetching',
      save: 'Save to disk',
      saving: 'Saving',
      done: { saved: 'Saved to disk.', handed: 'Handed to the browser: see its downloads.' },
      saveOne: 'Save this file',
      saveFailed: 'Saving did not work. What is here is safe; try again.',
      pause: 'Pause',
      resume: 'Resume',
      share: 'Share',
      peers: 'Peers',
      idle: 'Idle',
      sendingTo: 'Sending to it ',
      peersSummary: (n: number) => (n === 0 ? 'No peer connected' : `${count(n, 'peer')} connected`),
      roles: { tab: 'Tab', keeper: 'Keeper', program: 'Program' },
      kinds: { direct: 'Direct', turn: 'TURN', relayed: 'Relay', socket: 'Direct' },
      came: {
        direct: 'Came straight from its holders.',
        turn: 'Came through a TURN server.',
        relayed: 'Came through a relay.'
      },
      blocks: 'Blocks',
      verified: (done: number, total: number) => `${f.count(done)} of ${count(total, 'block')} verified`,
      verifiedFrom: (done: number, total: number, peers: number) =>
        `${f.count(done)} of ${count(total, 'block')} verified, from ${count(peers, 'peer')}`,
      leaf: (n: number) => `One leaf is ${n === 1 ? 'one block' : count(n, 'block')}. Colour shows who sent it.`,
      unlocked: 'Unlocked only in this tab',
      unlockedLine: 'The key came with the link. Peers and relays pass on sealed blocks they cannot read.',
      sealed: 'Sealed',
      sealedLine: 'The key is in the link and nowhere else. Peers and relays pass on sealed blocks they cannot read.',
      plain: 'Not sealed',
      plainLine: 'Anyone who knows the address can read it. Every block is still checked.',
      copiesDone: (n: number) => `${count(n, 'full copy', 'full copies')} now, one is yours`,
      copiesSoon: (n: number) => `${count(n, 'full copy', 'full copies')} now, yours will be the next`,
      announce: (percent: number, name: string) =>
        `${percent}${percent === 100 ? ' percent, all here' : ' percent'}: ${name}`,
      peersGone: 'No peer is connected now.'
    },
    files: {
      title: (n: number) => count(n, 'file'),
      search: 'Search files',
      found: (n: number, all: number) => `${f.count(n)} of ${f.count(all)}`,
      none: 'No file has this in its name.',
      list: 'Files'
    },
    preview: {
      label: 'Preview',
      soon: 'The preview starts as soon as its blocks are here.',
      none: 'No preview for this kind of file',
      noneLine: 'Save it to disk to open it. Quire never runs what others send.',
      cut: (bytes: number) => `The first ${f.bytes(bytes)}. Save it to read on.`,
      notYet: 'No preview yet',
      notYetLine: 'It comes by itself, unless this window forbids it. Saving works all the same.',
      failed: 'This browser cannot show it',
      failedLine: 'It may be damaged or of a kind unknown here. Saving works all the same.'
    },
    kinds: {
      image: 'Image',
      video: 'Video',
      audio: 'Audio',
      text: 'Text',
      pdf: 'PDF',
      archive: 'Archive',
      file: 'File'
    },
    state: {
      offline: 'Offline.',
      offlineLine: 'Everything kept here still opens. Sharing resumes by itself.',
      privateMode: 'Nothing is kept after this window closes.',
      privateModeLine: 'This browser gives Quire no storage here, so everything stays in memory.',
      noWebrtc: 'This browser makes no direct connections.',
      noWebrtcLine: 'Files come and go through the relay, which is slower. Relays still cannot read them.',
      noRelay: 'No relay is answering',
      noRelayLine: (n: number) =>
        n === 0
          ? 'Nobody can find you, and you can find nobody, for now.'
          : `The ${count(n, 'direct peer stays', 'direct peers stay')} connected. New ones cannot find you for now.`,
      tryNow: 'Try now',
      nextTry: (ms: number) => `Next try in ${f.duration(ms)}`,
      noPeers: 'No one online has this yet',
      noPeersLine: 'The link is good. Leave this open and it starts when a holder returns.',
      noPeersPlainLine:
        'This link has no key. If it was longer, copy it again. Otherwise leave this open and it starts when a holder returns.',
      tell: 'Tell me when it starts',
      told: 'You will be told',
      toldHere: 'This browser shows no notifications from here. You will be told in this tab.',
      started: (name: string) => (name === '' ? 'It starts now.' : `${name} starts now.`),
      searching: 'Looking for someone who has it',
      looking: (ms: number) => `Looking, ${f.duration(ms)}`,
      waiting: (missing: number) => `${count(missing, 'block is', 'blocks are')} with no one online`,
      waitingLine: (here: number, all: number, durable: boolean) =>
        `${f.count(here)} of ${f.count(all)} are here${durable ? ' and safe. You can close this tab and come back.' : '. Leave this open: a private window keeps nothing.'}`,
      damaged: 'One block failed its check',
      damagedLine: 'It was thrown away and is coming from another peer. Nothing for you to do.',
      damagedAlone:
        'It was thrown away, and the peer that sent it dropped. It is asked for again when another peer has it.',
      dropped: (name: string) => `${name} was dropped`,
      damagedBy: (name: string) => `${name} sent it and is not asked again.`,
      dropReasons: {
        'stalled': 'It stopped answering. What it was asked for comes from others.',
        'bad-proof': 'It could not show that it knows this link.',
        'wrong-manifest': 'It described something that this link does not name. Nothing of it was kept.',
        'overasked': 'It asked for more than its share.'
      },
      droppedLine: 'What it sent made no sense. Nothing of it was kept.'
    },
    help: {
      title: 'Settings and keys'
    },
    errors: {
      'link-not-quire': {
        title: 'This is not a Quire link',
        line: () => 'A link has /#/s/ in it, followed by a long address. Copy the whole link and paste it.'
      },
      'link-bad-cid': {
        title: 'The address in this link is damaged',
        line: () => 'A character is wrong or missing in the middle. Copy the whole link and paste it again.'
      },
      'link-cut': {
        title: 'The end of this link is missing',
        line: () => 'It was cut off on the way. Copy the whole link and paste it again.'
      },
      'link-bad-key': {
        title: 'This key does not open the file',
        line: () => 'A character in the key is wrong. Copy the whole link and paste it again.'
      },
      'link-newer-version': {
        title: 'This link is of a newer Quire',
        line: () => 'Reload this page to get the newest version, then open the link again.'
      },
      'link-no-key': {
        title: 'This link has no key',
        line: () => 'Its blocks are sealed, and without the key nobody can open them. Ask for the whole link.'
      },
      'newer-version': {
        title: 'This was made by a newer Quire',
        line: () => 'Reload this page to get the newest version, then try again.'
      },
      'empty-content': {
        title: 'This file is empty',
        line: () => 'It has no bytes, or this browser may not read it. Look at it, or choose another one.'
      },
      'plain-is-one-file': {
        title: 'That is more than one file',
        line: () => 'Without a seal, share one file at a time.'
      },
      'source-changed': {
        title: 'A file changed while it was read',
        line: (p: Params) => `${named(p['path'], 'One of the files')} was changed, moved or removed. Choose it again.`
      },
      'adding-interrupted': {
        title: 'Adding was interrupted',
        line: () => 'The page closed while the files were read. Choose them again.'
      },
      'store-full': {
        title: 'There is no room for this',
        line: (p: Params) => {
          const free = bytesIn(p, 'freeBytes')
          const needed = bytesIn(p, 'neededBytes')
          return free === undefined || needed === undefined
            ? 'The storage of this browser is full. Nothing was removed. Make room, then try again.'
            : `It needs ${f.bytes(needed)}, and ${f.bytes(free)} are free. Nothing was fetched or removed.`
        }
      },
      'store-unavailable': {
        title: 'This browser stores nothing here',
        line: () => 'A private window or a setting forbids it. Open Quire in a normal window.'
      },
      'store-closed': {
        title: 'The storage was taken away',
        line: () => 'The browser closed or cleared it. Reload the page.'
      },
      'store-blocked': {
        title: 'Another tab holds the storage',
        line: () => 'An older Quire is open in another tab. Close that tab, then reload this page.'
      },
      'store-newer': {
        title: 'What is stored here is of a newer Quire',
        line: () => 'Reload this page to get the newest version. Nothing was changed.'
      },
      'store-failed': {
        title: 'The storage failed',
        line: () => 'The browser could not read or write it. Try again, or reload the page.'
      },
      'too-many-files': {
        title: 'That is too many files for one share',
        line: () => 'Share them in parts, or pack them into an archive first.'
      },
      'names-too-long': {
        title: 'The file names are too long',
        line: () => 'Shorten them, or share the files in parts.'
      },
      'too-large': { title: 'This is too large for one share', line: () => 'Share it in parts.' },
      'bad-envelope': {
        title: 'What arrived cannot be read',
        line: () => 'Every block is exactly what was shared, but it was not put together by Quire as it should be.'
      },
      'bad-manifest': {
        title: 'What arrived cannot be read',
        line: () => 'The description of this data set is damaged. Ask for a new link.'
      },
      'bad-block': {
        title: 'A block failed its check',
        line: () => 'It was thrown away. Quire asks for it again when another peer has it.'
      },
      'item-gone': { title: 'This item is not in your library', line: () => 'It was removed, perhaps in another tab.' },
      'no-such-file': { title: 'That file is not in this item', line: () => 'Choose one from the list.' },
      'too-large-to-save': {
        title: 'This window cannot save so much',
        line: () => 'Without its service worker the browser saves small files only. Open Quire in a normal window.'
      },
      'save-refused': {
        title: 'The browser did not save it',
        line: () => 'The browser did not start the download. Try again.'
      },
      'folder-refused': {
        title: 'The folder could not be written',
        line: () => 'The folder could not be written. Choose another one.'
      },
      'name-refused': {
        title: 'The browser did not save every file',
        line: (p: Params) =>
          `It writes no file called ${named(p['path'], 'so')}${p['more'] ? `, nor ${count(Number(p['more']), 'other')}` : ''}. All else is saved.`
      },
      'unexpected': {
        title: 'Something went wrong here',
        line: () => 'What is stored is safe. Try again, or reload the page.'
      },
      'part-missing': {
        title: 'A part of this page did not load',
        line: () => 'The connection failed, or a newer version took its place. Reload the page.'
      },
      'cannot-start': {
        title: 'Quire cannot start in this browser',
        line: () => 'It needs a current version of Firefox, Chrome, Edge or Safari, with scripts and workers allowed.'
      }
    },
    retry: 'Try again',
    pasteAgain: 'Paste again',
    toLibrary: 'Go to Library'
  }

  function named(path: string | number | undefined, otherwise: string): string {
    return path === undefined || path === '' ? otherwise : `“${path}”`
  }
}

type Params = Readonly<Record<string, string | number>>

function bytesIn(params: Params, name: string): number | undefined {
  const value = params[name]
  return typeof value === 'number' ? value : undefined
}

export type Messages = ReturnType<typeof english>

const catalogues: Readonly<Record<string, () => Messages>> = { en: () => english(formatFor('en', englishFigures)) }

/** The first of the person's languages that there are words in; numbers follow the words. */
export function messagesFor(languages: readonly string[]): Messages {
  const language = languages.map((tag) => tag.split('-')[0] ?? '').find((tag) => tag in catalogues) ?? 'en'
  return catalogues[language]!()
}

/** The words of this page. */
export const t: Messages = messagesFor(globalThis.navigator?.languages ?? [])
