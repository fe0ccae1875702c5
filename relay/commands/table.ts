import { isInvitation, parseInvitation } from '../../src/core/keep/invitation.ts'
import { parseLink } from '../../src/core/link/link.ts'
import { BadSetting, LinkIsInvitation } from '../errors.ts'
import type { Settings } from '../settings/read.ts'

/** One flag: how it is parsed, and what stands for its value where flags are listed. */
interface Flag {
  readonly type: 'string' | 'boolean'
  readonly short?: string
  readonly multiple?: boolean
  readonly value?: string
}

interface Command {
  /** What stands after its name. */
  readonly words: string
  readonly about: string
  readonly options: Readonly<Record<string, Flag>>
}

const data = { type: 'string', value: 'DIR' } as const
const json = { type: 'boolean' } as const
const relay = { type: 'string', multiple: true, value: 'URL' } as const
const copies = { type: 'string', value: 'N' } as const
const invitation = { type: 'string', value: 'LINK' } as const
const plain = { type: 'boolean' } as const

/** Every command with its flags, which it is parsed by, listed by, and completed by. */
export const tableOf = {
  cid: {
    words: 'FILE',
    about: 'the address that FILE has as a plain data set',
    options: {
      'name': { type: 'string', value: 'N' },
      'mime': { type: 'string', value: 'M' },
      'block-size': { type: 'string', value: 'B' },
      'wire': { type: 'string', value: '2025|0.3|0.4' },
      json
    }
  },
  share: {
    words: 'PATH...',
    about: 'prints the link and serves until stopped',
    options: { relay, plain, 'upload-limit': { type: 'string', value: 'B' }, data, json }
  },
  get: {
    words: 'LINK',
    about: 'fetches, verifies and writes; exit status 0 only when everything is there',
    options: { out: { type: 'string', short: 'o', value: 'DIR' }, relay, data, json }
  },
  add: {
    words: 'PATH...',
    about: 'puts files into a library and prints the link; with --copies, once so many keepers hold it',
    options: { data, copies, invitation, relay, plain, json }
  },
  keep: {
    words: 'LINK',
    about: 'fetches a link into a library, where it stays; with --copies, until so many keepers hold it too',
    options: { data, copies, invitation, relay, json }
  },
  forget: { words: 'LINK|CID', about: 'removes it, or a keeper’s invitation, from a library', options: { data, json } },
  ls: { words: '', about: 'lists what a library holds', options: { data, json } },
  status: { words: '', about: 'how a library stands, and the keeper that runs over it', options: { data, json } },
  peers: { words: '', about: 'whom the keeper that runs over a library is connected to', options: { data, json } },
  invite: {
    words: '[NAME]',
    about: 'prints the invitation of NAME to the keeper that runs over a library, or lists or revokes names',
    options: { data, revoke: { type: 'string', value: 'NAME' }, json }
  },
  fsck: {
    words: '',
    about:
      'verifies every byte of a library that no program has open; exit status 0 when nothing is wrong, or all was repaired',
    options: { data, s3: { type: 'string', value: 'URL' }, repair: { type: 'boolean' }, json }
  },
  keeper: {
    words: '',
    about: 'holds copies for others, and serves the REST API of Codex, until stopped; prints one line when it answers',
    options: {}
  },
  relay: {
    words: '',
    about: 'page, relay and tracker from one port, until stopped; prints one line when it answers',
    options: {}
  },
  completion: { words: 'bash|zsh|fish', about: 'prints what makes a shell complete these words', options: {} }
} as const satisfies Readonly<Record<string, Command>>

export type CommandName = keyof typeof tableOf
export const commandNames = Object.keys(tableOf) as readonly CommandName[]

/** The flags of a command; relay and keeper have theirs in the tables of their settings, which are loaded for this. */
export async function flagsOf(name: CommandName): Promise<Readonly<Record<string, Flag>>> {
  if (name === 'keeper') return settingFlags((await import('../keeper-config.ts')).keeperSettings)
  if (name === 'relay') return settingFlags((await import('../config.ts')).relaySettings)
  return tableOf[name].options
}

function settingFlags(settings: Settings): Readonly<Record<string, Flag>> {
  const flags: Record<string, Flag> = {}
  for (const { flag, kind } of Object.values(settings)) {
    if (flag !== undefined) flags[flag] = kind.isSwitch ? json : { type: 'string', value: 'V' }
  }
  return { ...flags, config: { type: 'string', value: 'FILE' } }
}

/** Relays as given, else by the environment, else that of this machine. */
export function relaysOf(given: readonly string[] | undefined): readonly string[] {
  return given ?? [process.env.QUIRE_RELAY ?? 'http://localhost:8787']
}

/** @throws BadSetting for what is no number */
export function countOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined || /^[1-9]\d?$/.test(text)) return text === undefined ? undefined : Number(text)
  throw new BadSetting(name, text, 'a number above 0')
}

/** One that is cut or mistyped is told before anything is started. @throws LinkError, LinkIsInvitation */
export function checkLink(link: string): void {
  if (isInvitation(link)) throw new LinkIsInvitation()
  parseLink(link)
}

/** The same of an invitation. @throws InvitationError */
export function checkInvitation(link: string | undefined): void {
  if (link !== undefined) parseInvitation(link)
}
