import { sha256 } from '@noble/hashes/sha2.js'
import { base64urlOf, bytesEqual, bytesOfBase64url, joinBytes } from '../bytes.ts'
import { PayloadReader, PayloadWriter } from '../exchange/bytes-io.ts'
import { BadFrame } from '../exchange/errors.ts'
import { QuireError } from '../errors.ts'
import { invitationTextMax, keepTokenBytesMax, receiptBytesMax, recordBytesMax } from '../limits.ts'
import { utf8Encode } from '../proto/utf8.ts'

/** What a keeper gives to somebody who may hand copies over to it. SPEC.md has its bytes. [KE26] */
export interface Invitation {
  /** Shows that whoever has it is invited. */
  readonly token: Uint8Array
  /** How the keeper is reached, as it signed that. */
  readonly record: Uint8Array
  /** What it accepts, as it signed that. */
  readonly terms: Uint8Array
}

export abstract class InvitationError extends QuireError {
  readonly fault = 'user'
  readonly retryable = false
}

export class NotAnInvitation extends InvitationError {
  readonly code = 'not-an-invitation'
  constructor() {
    super('This is not an invitation to a keeper. One has /#/keeper/ in it, followed by a long text.')
  }
}

export class InvitationCut extends InvitationError {
  readonly code = 'invitation-cut'
  constructor() {
    super('The end of this invitation is missing. Copy the whole link and paste it again.')
  }
}

export class InvitationDamaged extends InvitationError {
  readonly code = 'invitation-damaged'
  constructor() {
    super('A character of this invitation is wrong. Copy the whole link and paste it again.')
  }
}

export class InvitationNewer extends InvitationError {
  readonly code = 'invitation-newer-version'
  constructor() {
    super('This invitation was made by a newer version of Quire. Update Quire to take it.')
  }
}

/** It is whole, and what it says of a keeper is not signed by that keeper. */
export class InvitationUnsigned extends InvitationError {
  readonly code = 'invitation-unsigned'
  constructor() {
    super('What this invitation says of a keeper is not signed by it. Ask whoever sent it for another one.')
  }
}

const version = 1
const checkBytes = 4

const checkOf = (said: Uint8Array): Uint8Array =>
  sha256(joinBytes(utf8Encode('quire invitation check v1'), said)).subarray(0, checkBytes)

/** `origin`: where a page lives, with its scheme; empty where none is known, for whoever pastes it into one. [KE26] */
export function formatInvitation(origin: string, { token, record, terms }: Invitation): string {
  const { bytes: said } = new PayloadWriter(6 + token.length + record.length + terms.length)
    .u8(version)
    .u8(token.length)
    .put(token)
    .u16(record.length)
    .put(record)
    .u16(terms.length)
    .put(terms)
  return `${origin.replace(/\/+$/, '')}/#/keeper/${base64urlOf(joinBytes(said, checkOf(said)))}`
}

/** What stands behind the place of an invitation; undefined where that is not named. */
function writtenIn(text: string): string | undefined {
  const bare = text.replace(/[\s<>]/g, '') // as in links: mail programs break long ones and put them in brackets
  return /(?:^|#)\/?keeper\/([^?&]*)/.exec(bare)?.[1]
}

export const isInvitation = (text: string): boolean => writtenIn(text) !== undefined

/** Reads a whole link, or only its fragment; throws one of the errors above. [KE27] */
export function parseInvitation(text: string): Invitation {
  const written = writtenIn(text)
  if (written === undefined || text.length > invitationTextMax) throw new NotAnInvitation()
  const whole = bytesOfBase64url(written)
  // Of one that was cut within a group of four characters, those before.
  const bytes = whole ?? bytesOfBase64url(written.slice(0, written.length & ~3))
  if (!bytes) throw new InvitationDamaged()
  const reader = new PayloadReader(bytes)
  try {
    const generation = reader.u8()
    if (generation > version) throw new InvitationNewer()
    const token = reader.bytes(reader.u8())
    const [record, terms] = [reader.bytes(reader.u16()), reader.bytes(reader.u16())]
    const said = bytes.subarray(0, bytes.length - reader.left)
    const isRight = bytesEqual(reader.bytes(checkBytes), checkOf(said)) && reader.left === 0 && bytes === whole
    if (!isRight || generation !== version || !isInBounds({ token, record, terms })) throw new InvitationDamaged()
    return { token: token.slice(), record: record.slice(), terms: terms.slice() }
  } catch (error) {
    throw error instanceof BadFrame ? new InvitationCut() : error
  }
}

const isInBounds = ({ token, record, terms }: Invitation): boolean =>
  token.length > 0 &&
  token.length <= keepTokenBytesMax &&
  record.length <= recordBytesMax &&
  terms.length <= receiptBytesMax
