import { counter, t } from './messages.ts'
import type { Format } from './format.ts'

/** Words of sheets that open when a person asks for them: they come with the first of those. As in messages.ts. */
// Long: one tree of words.
function english(f: Format) {
  const count = counter(f)

  return {
    share: {
      title: (name: string) => (name === '' ? 'Share' : `Share “${name}”`),
      what: 'What to fetch',
      key: 'The key: never sent to any server',
      plain: 'No key: anyone with the address can read it',
      qr: 'QR code of the link',
      qrKey: 'The code holds the key too.',
      copy: 'Copy link',
      copied: 'Copied',
      whole: 'The whole link',
      notCopied: 'The browser did not allow copying. The whole link is selected: copy it from there.',
      system: 'Share…',
      saveQr: 'Save QR code',
      qrName: 'quire-link.svg',
      sealing: 'Sealing',
      sealingLine: 'The link appears when everything is sealed. Keep this tab open.',
      sealed: 'Sealed: the link is here.',
      progress: (done: number, total: number) => f.bytesOf(done, total),
      unseen: 'No other copy is in sight',
      unseenLine: 'Keep this tab open until someone fetches it. If nobody else has it open, the link finds nothing.',
      only: 'Only this tab has it',
      onlyLine: 'Keep this tab open until someone fetches it. If you close it now, the link finds nothing.',
      onlyPrivateLine:
        'Keep this tab open until someone fetches it. This window keeps nothing: if you close it, the link is dead.',
      several: (n: number) => `${count(n, 'full copy', 'full copies')} now, one is yours`,
      severalLine: 'The link works while one of them is open.',
      partial: 'You do not have all of it yet',
      partialLine: 'The link works. What is here already is passed on.',
      paused: 'Sharing is paused',
      pausedLine: 'The link finds nothing here until you resume.',
      theirs: 'Copies that others already made stay theirs.',
      cutOffLine: 'Nobody can find you for now. Quire keeps trying by itself.',
      peers: (n: number, sentBytesPerSecond: number) => {
        if (n === 0) return 'No one is connected.'
        const going = sentBytesPerSecond > 0 ? `, ${f.rate(sentBytesPerSecond)} to them` : ''
        return `${count(n, 'peer')} connected${going}.`
      }
    },
    keep: {
      label: 'Ask keepers to hold a copy',
      line: 'The sealed copy leaves this tab, the key does not: a keeper cannot read it.',
      plainLine: 'This share is not sealed: a keeper can read it.',
      off: 'No keeper is asked.',
      releasing: 'Keepers are told to remove what they have.',
      sealing: 'That begins when all is sealed.',
      partial: 'That begins when all of it is here.',
      paused: 'Nothing is handed over while sharing is paused.',
      none: 'No keeper is known here. One is asked as soon as there is one.',
      soon: 'Keepers are asked in a moment.',
      asking: (host: string) => `${host} is asked.`,
      askingSeveral: (n: number) => `${n} keepers are asked.`,
      handing: (host: string, done: number, total: number) => `${host} has ${f.bytesOf(done, total)}.`,
      safe: (host: string, untilMs: number) => `${host} has all of it and keeps it until ${f.date(untilMs)}.`,
      safeAt: (n: number, untilMs: number) => `${n} keepers have all of it and keep it until ${f.date(untilMs)}.`,
      nextToo: (host: string) => ` ${host} is taking a second copy.`,
      reach: {
        'offline': 'This device is offline: keepers are asked when it is back.',
        'cut-off': 'No relay answers this device: keepers are asked when one does.'
      },
      promised: (host: string, { promisedUntilMs }: { promisedUntilMs: number }, why: string) =>
        `${host} promised to keep it until ${f.date(promisedUntilMs)}. ${why}`,
      away: (host: string) => `${host} does not answer. Quire asks again by itself.`,
      unreached: (host: string, { sinceMs, promisedUntilMs }: { sinceMs: number; promisedUntilMs: number }) =>
        `${host} promised to keep it until ${f.date(promisedUntilMs)}, but could not be reached since ${f.moment(sinceMs)}.`,
      unreachedAll: (n: number) => `${n} keepers promised to keep it, but cannot be reached just now.`,
      refusedByAll: 'No keeper that is known here takes it.',
      refused: {
        'full': (host: string) => `${host} has no room for it now.`,
        'too-large': (host: string) => `It is larger than what ${host} takes.`,
        'not-allowed': (host: string) => `${host} keeps only for those it knows.`,
        'term-too-long': (host: string) => `${host} does not keep for so long.`,
        'invitation-revoked': (host: string) =>
          `${host} has taken back its invitation. Ask whoever gave it to you for another.`,
        'invitation-ended': (host: string) =>
          `${host} takes no invitations any more. Ask whoever gave you one, or forget it.`,
        'invitation-unknown': (host: string) =>
          `${host} does not know its invitation. Ask whoever gave it to you for another.`
      },
      notLonger: (why: string) => ` Not for longer: ${why}`,
      unnamed: 'A keeper',
      unnamedThere: 'a keeper',
      keepers: 'Keepers',
      terms: (bytesMax: number, termMs: number) => `up to ${f.bytes(bytesMax)} a share, for ${f.duration(termMs)}`,
      strangers: 'a stranger’s, found on the network, ',
      byInvitation: 'by invitation, ',
      forget: 'Forget',
      forgetLong: (host: string) => `Forget the invitation of ${host}`,
      forgotten: (host: string) => `${host} is offered nothing more. What it promised stays.`,
      invited: 'only for those it knows',
      holds: (bytes: number) => `holds ${f.bytes(bytes)}`,
      holdsNothing: 'holds nothing of it',
      until: (untilMs: number) => `until ${f.date(untilMs)}`,
      awaySince: (sinceMs: number) => `not reached since ${f.moment(sinceMs)}`,
      silent: 'does not answer',
      isAsked: 'is asked',
      declined: {
        'full': 'has no room now',
        'too-large': 'takes nothing this large',
        'not-allowed': 'keeps only for those it knows',
        'term-too-long': 'does not keep for so long',
        'invitation-revoked': 'has taken back its invitation',
        'invitation-ended': 'takes no invitations any more',
        'invitation-unknown': 'does not know its invitation'
      },
      safeLine: (untilMs: number) => `Kept until ${f.date(untilMs)}. Until then the link works without this tab.`,
      safeTwice: (n: number, untilMs: number) =>
        `${n} keepers have it. Until ${f.date(untilMs)} the link works without this tab.`,
      promisedTitle: (n: number) => `${n > 1 ? `${n} keepers` : 'A keeper'} promised to keep it`,
      promisedLine: (untilMs: number) =>
        `Until ${f.date(untilMs)}, but there is no answer just now. Keep this tab open until there is, or another has a copy.`,
      promisedOffline: (untilMs: number) =>
        `Until ${f.date(untilMs)}. This device reaches nobody just now, and asks again by itself.`,
      notYet: 'Not safe to close yet',
      askingLine: 'A keeper is asked to hold a copy. Keep this tab open until it has one.',
      handingLine: 'A keeper is taking its copy. Keep this tab open until it has all of it.',
      reachLine: 'Keepers take their copies when this device reaches others again. Keep this tab open until then.',
      pausedLine: (untilMs: number) =>
        `The link finds nothing here until you resume. A keeper has a copy until ${f.date(untilMs)}.`
    },
    invitation: {
      title: 'A keeper invites you',
      wrong: 'This invitation cannot be taken',
      reading: 'Reading the invitation',
      offer: (host: string, bytesMax: number, termMs: number) =>
        `${host} keeps up to ${f.bytes(bytesMax)} a share for you, for ${f.duration(termMs)}.`,
      line: 'Shares of this browser are offered to it before any other keeper. Sealed ones it cannot read.',
      secret: 'Whoever has this link can use it: pass it on to nobody.',
      yes: 'Take the invitation',
      no: 'Not now',
      taken: (host: string) => `${host} is asked from now on.`,
      known: 'You have taken this invitation.',
      errors: {
        'not-an-invitation':
          'One has /#/keeper/ in it, followed by a long text. Copy the whole link and open it again.',
        'invitation-cut': 'Its end is missing. Copy the whole link and open it again.',
        'invitation-damaged': 'A character in it is wrong. Copy the whole link and open it again.',
        'invitation-newer-version': 'It is of a newer Quire. Reload this page, then open it again.',
        'invitation-unsigned': 'What it says of a keeper is not signed by that keeper. Ask for another one.'
      }
    },
    note: {
      label: 'Text',
      line: 'It is sealed and shared as a file.',
      share: 'Share',
      name: 'Note'
    },
    remove: {
      title: (name: string) => (name === '' ? 'Remove this item?' : `Remove “${name}”?`),
      line: 'Its blocks leave this device. Copies that others already made stay theirs.',
      frees: (bytes: number) => `That frees ${f.bytes(bytes)}.`,
      last: 'No other full copy is in sight: its link may find nothing from then on.',
      kept: (untilMs: number) =>
        `A keeper has a copy until ${f.date(untilMs)}. To have that removed too, first switch it off beside the link.`,
      yes: 'Remove',
      done: (name: string) => `${name} was removed.`
    },
    dropped: {
      none: 'There was no file in what you dropped.',
      reading: (n: number) => `Reading the folder: ${count(n, 'file')} so far.`,
      unread: (path: string, more: number) =>
        `“${path}”${more > 0 ? ` and ${count(more, 'other')}` : ''} could not be read.`,
      leftOut: 'The rest is shared.'
    },
    help: {
      single: 'Single-key shortcuts',
      singleLine: 'Off while you type in a field.',
      relayOnly: 'Hide my address from others',
      relayOnlyLine:
        'Everything goes through relays, which is slower. This page loads again; other tabs of Quire follow when you reload them.',
      relayOnlyLater: (hidden: boolean) =>
        hidden
          ? 'From the next load on. Until then this page hides your address.'
          : 'From the next load on. Until then others can see your address.',
      keys: {
        paste: 'Paste a link',
        choose: 'Choose files',
        library: 'Go to Library',
        rows: 'Move through items',
        open: 'Open the item',
        share: 'Share the item',
        pause: 'Pause or resume',
        play: 'Play or pause a preview',
        close: 'Close, back',
        help: 'This list'
      },
      then: 'then',
      or: 'or'
    }
  }
}

const catalogues: Readonly<Record<string, typeof english>> = { en: english }

/** The words of those sheets, in the language of the page. */
export const sheet = (catalogues[t.lang] ?? english)(t.format)
