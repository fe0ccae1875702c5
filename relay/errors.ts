import { QuireError } from '../src/core/errors.ts'
import type { RefuseCode } from '../src/core/keep/types.ts'

/** A word, a setting or a file of settings is wrong: a program that ends by it would end so again. [RL26] */
abstract class WrongWish extends QuireError {
  readonly fault = 'user'
  readonly retryable = false
  readonly exitStatus = 2
}

export class PortTaken extends QuireError {
  readonly code = 'port-taken'
  readonly fault = 'user'
  readonly retryable = false
  constructor(port: number) {
    super(`Port ${port} is in use by another program. Stop it, or choose another port with QUIRE_PORT.`, { port })
  }
}

export class CannotListen extends QuireError {
  readonly code = 'cannot-listen'
  readonly fault = 'environment'
  readonly retryable = false
  constructor(host: string, port: number, reason: string) {
    super(`Quire cannot listen at ${host}, port ${port}: ${reason}.`, { host, port, reason })
  }
}

export class TurnMissing extends WrongWish {
  readonly code = 'turn-missing'
  constructor() {
    super(
      'TURN is asked for, and there is no coturn here. Install it (on Debian: apt-get install coturn), or leave --turn on out.'
    )
  }
}

export class TurnPortTaken extends QuireError {
  readonly code = 'turn-port-taken'
  readonly fault = 'user'
  readonly retryable = false
  constructor(port: number) {
    super(
      `Port ${port} for TURN is in use by another program, such as a coturn of the system's own. Stop it, or choose another port with QUIRE_TURN_PORT.`,
      { port }
    )
  }
}

export class DirectPortTaken extends QuireError {
  readonly code = 'webrtc-port-taken'
  readonly fault = 'user'
  readonly retryable = false
  constructor(port: number) {
    super(
      `UDP port ${port} for webrtc-direct is in use by another program. Stop it, or choose another port with QUIRE_WEBRTC_PORT.`,
      { port }
    )
  }
}

export class BadCertificate extends QuireError {
  readonly code = 'bad-certificate'
  readonly fault = 'user'
  readonly retryable = false
  constructor(cert: string, key: string, reason: string, options?: ErrorOptions) {
    const files = cert === key ? cert : `${cert} and ${key}`
    super(`The certificate cannot be used (${files}): ${reason}.`, { cert, key, reason }, options)
  }
}

export class CannotWrite extends QuireError {
  readonly code = 'cannot-write'
  readonly fault = 'user'
  readonly retryable = false
  constructor(folder: string, options?: ErrorOptions) {
    const message = `Quire cannot write to its folder ${folder}. Change its owner, or choose another with QUIRE_DATA.`
    super(message, { folder }, options)
  }
}

export class BadKeyFile extends QuireError {
  readonly code = 'bad-key-file'
  readonly fault = 'environment'
  readonly retryable = false
  constructor(file: string, options?: ErrorOptions) {
    const message = `The key in ${file} is damaged. Put a copy of it back, or remove it: then a new one is made, and what names the old one is void.`
    super(message, { file }, options)
  }
}

export class BadSetting extends WrongWish {
  readonly code = 'bad-setting'
  constructor(name: string, value: string, wanted: string) {
    super(`${name} is "${value}"; it must be ${wanted}.`, { name, value, wanted })
  }
}

export class UnknownSetting extends WrongWish {
  readonly code = 'unknown-setting'
  constructor(name: string, nearest: string | undefined) {
    super(`There is no setting ${name}.${nearest ? ` Is ${nearest} meant?` : ''}`, { name, nearest: nearest ?? '' })
  }
}

export class TokenMissing extends WrongWish {
  readonly code = 'token-missing'
  constructor(host: string) {
    super(
      `At ${host} others can reach the API, so it takes a token or certificates of clients: set QUIRE_REST_TOKEN or --rest-client-ca, or leave out --rest-host to listen on this machine alone.`,
      { host }
    )
  }
}

export class BadConfigFile extends WrongWish {
  readonly code = 'bad-config-file'
  constructor(path: string, reason: string) {
    super(`The file of settings ${path} cannot be used: ${reason}.`, { path, reason })
  }
}

export class PageNotBuilt extends QuireError {
  readonly code = 'page-not-built'
  readonly fault = 'ours'
  readonly retryable = true
  constructor(reason: string, options?: ErrorOptions) {
    super(`The page could not be built: ${reason}`, { reason }, options)
  }
}

export class CannotRead extends QuireError {
  readonly code = 'cannot-read'
  readonly fault = 'user'
  readonly retryable = false
  constructor(path: string, options?: ErrorOptions) {
    super(`"${path}" cannot be read. Is the path right, and may you read it?`, { path }, options)
  }
}

export class CannotSave extends QuireError {
  readonly code = 'cannot-save'
  readonly fault = 'user'
  readonly retryable = false
  constructor(path: string, options?: ErrorOptions) {
    super(`"${path}" cannot be written. Is there room, and may you write there?`, { path }, options)
  }
}

export class BadCommand extends WrongWish {
  readonly code = 'bad-command'
}

export class NotHeld extends QuireError {
  readonly code = 'not-held'
  readonly fault = 'user'
  readonly retryable = false
  constructor() {
    super('Nothing of that address is in this library. "quire ls" lists what is.')
  }
}

export class NoKeeper extends QuireError {
  readonly code = 'no-keeper'
  readonly fault = 'environment'
  readonly retryable = true
  constructor() {
    super('No keeper is known to ask. Name a relay that has one with --relay. What was added is here all the same.')
  }
}

export class CopyRefused extends QuireError {
  readonly code = 'copy-refused'
  readonly fault = 'peer'
  readonly retryable = true
  /** `name`: what the keeper is called, where that is known. */
  constructor(reason: RefuseCode, name = 'The keeper that was asked') {
    super(`No keeper takes a copy: ${whyRefused[reason](name)} What was added is here all the same.`, { reason, name })
  }
}

const whyRefused: Readonly<Record<RefuseCode, (name: string) => string>> = {
  'full': (name) => `${name} has no room for it now.`,
  'too-large': (name) => `${name} takes nothing this large.`,
  'not-allowed': (name) => `${name} keeps only for those it knows.`,
  'term-too-long': (name) => `${name} does not keep for so long.`,
  'invitation-revoked': (name) => `${name} has taken back its invitation. Ask whoever gave it to you for another.`,
  'invitation-ended': (name) => `${name} takes no invitations any more. "quire forget" forgets the one that you have.`,
  'invitation-unknown': (name) => `${name} does not know the invitation. Ask whoever gave it to you for another.`
}

/** So many keepers have it, and none was found for the rest. */
export class CopiesMissing extends QuireError {
  readonly code = 'copies-missing'
  readonly fault = 'peer'
  readonly retryable = true
  constructor(held: number, wanted: number) {
    const found = held === 0 ? 'No keeper holds a copy' : `${held} of ${wanted} keepers hold a copy`
    super(`${found}, and nothing more came to any for a while. What was added is here all the same.`, { held, wanted })
  }
}

export class NotRunning extends QuireError {
  readonly code = 'not-running'
  readonly fault = 'user'
  readonly retryable = false
  constructor(dataDir: string) {
    super(`No keeper runs over ${dataDir}, so it is connected to nobody. Start one with "quire keeper --data".`)
  }
}

/** It leads to no content. */
export class LinkIsInvitation extends WrongWish {
  readonly code = 'link-is-invitation'
  constructor() {
    super('This is an invitation to a keeper, and leads to no files. A page takes it, or --invitation.')
  }
}

export class NotByInvitation extends QuireError {
  readonly code = 'not-by-invitation'
  readonly fault = 'user'
  readonly retryable = false
  constructor() {
    super('This keeper gives no invitations. Start it with --by-invitation, and it keeps for those who have one alone.')
  }
}

export class NoSuchInvitation extends QuireError {
  readonly code = 'no-such-invitation'
  readonly fault = 'user'
  readonly retryable = false
  constructor(name: string) {
    super(`There is no invitation "${name}". "quire invite" lists those there are.`, { name })
  }
}

export class InvitationsFull extends QuireError {
  readonly code = 'invitations-full'
  readonly fault = 'user'
  readonly retryable = false
  constructor(invitationsMax: number) {
    super(`There are ${invitationsMax} invitations already. Revoke one that is not needed.`, { invitationsMax })
  }
}

/** An invitation says where a keeper is reached. */
export class NoAddress extends QuireError {
  readonly code = 'no-address'
  readonly fault = 'environment'
  readonly retryable = true
  constructor(options?: ErrorOptions) {
    super('This keeper is at none of its relays just now, so that nobody would reach it. Try again soon.', {}, options)
  }
}

export class ProgramGone extends QuireError {
  readonly code = 'program-gone'
  readonly fault = 'environment'
  readonly retryable = true
  constructor(options?: ErrorOptions) {
    super('The keeper that has this folder open does not answer any more. Ask again, or start it anew.', {}, options)
  }
}

/** By whoever sent SIGINT or SIGTERM. */
export class Stopped extends QuireError {
  readonly code = 'stopped'
  readonly fault = 'user'
  readonly retryable = true
}
