import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { PeerRecord, RecordEnvelope } from '@libp2p/peer-record'
import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it } from 'vitest'
import { BadFrame } from '../../../src/core/exchange/errors.ts'
import type { PeerId } from '../../../src/core/ids.ts'
import {
  formatInvitation,
  InvitationCut,
  InvitationDamaged,
  InvitationError,
  parseInvitation
} from '../../../src/core/keep/invitation.ts'
import { readSignedRecord } from '../../../src/core/keep/signed-record.ts'
import { invitationTextMax, keepTokenBytesMax, receiptBytesMax, recordBytesMax } from '../../../src/core/limits.ts'
import { NotALink, parseLink } from '../../../src/core/link/link.ts'
import { sealRecord } from '../../../src/network/libp2p/records.ts'
import { fc } from '../../support/properties.ts'
import { seededBytes } from '../../support/seeded.ts'

const origin = 'https://quire.example'
const invitation = { token: seededBytes(1, 32), record: seededBytes(2, 290), terms: seededBytes(3, 131) }
const text = formatInvitation(origin, invitation)
const start = text.indexOf('/keeper/') + 8

describe('an invitation', () => {
  it('[KE26] [KE27] gives back what was written, as a whole link, by its fragment, and as mails break it', () => {
    expect(text).toMatch(/^https:\/\/quire\.example\/#\/keeper\/AS[\w-]+$/)
    const fragment = text.slice(text.indexOf('#'))
    const broken = `<${text.slice(0, 90)}\r\n  ${text.slice(90)}>`
    for (const form of [text, fragment, fragment.slice(1), `${text}?utm_source=mail`, broken])
      expect(parseInvitation(form)).toEqual(invitation)
    const part = (bytesMax: number, bytesMin = 0) => fc.uint8Array({ minLength: bytesMin, maxLength: bytesMax })
    const any = fc.record({
      token: part(keepTokenBytesMax, 1),
      record: part(recordBytesMax),
      terms: part(receiptBytesMax)
    })
    fc.assert(fc.property(any, (given) => void expect(parseInvitation(formatInvitation(origin, given))).toEqual(given)))
  })

  it('[KE26] at its largest fits what is read', () => {
    const largest = {
      token: seededBytes(1, keepTokenBytesMax),
      record: seededBytes(2, recordBytesMax),
      terms: seededBytes(3, receiptBytesMax)
    }
    const link = formatInvitation(`https://${'a'.repeat(200)}.example`, largest)
    expect(link.length).toBeLessThan(invitationTextMax)
    expect(parseInvitation(link)).toEqual(largest)
    expect(() =>
      parseInvitation(formatInvitation('', { ...largest, record: seededBytes(4, recordBytesMax + 1) }))
    ).toThrow(InvitationDamaged)
  })

  it('[KE27] cut anywhere, says so', () => {
    for (let length = start; length < text.length; length++)
      expect(() => parseInvitation(text.slice(0, length)), String(length)).toThrow(InvitationCut)
  })

  it('[KE27] with a wrong character is never taken for another one', () => {
    for (let at = start; at < text.length; at++) {
      const wrong = text[at] === 'q' ? 'r' : 'q'
      for (const change of [wrong, '*', `${text[at]}${wrong}`])
        expect(() => parseInvitation(text.slice(0, at) + change + text.slice(at + 1))).toThrow(InvitationError)
    }
    expect(() => parseInvitation(`${text}A`)).toThrow(InvitationDamaged)
  })

  it('[KE27] gives an invitation or an InvitationError, for any text', () => {
    const change = fc.tuple(fc.nat(text.length), fc.nat(4), fc.string({ maxLength: 4 }))
    const near = fc
      .array(change, { maxLength: 3 })
      .map((changes) => changes.reduce((now, [at, count, put]) => now.slice(0, at) + put + now.slice(at + count), text))
    const wild = fc.string({ unit: 'binary' }).map((end) => `#/keeper/${end}`)
    fc.assert(
      fc.property(fc.oneof(near, wild, fc.string()), (given) => {
        try {
          expect(parseInvitation(given)).toEqual(invitation)
        } catch (error) {
          expect(error).toBeInstanceOf(InvitationError)
        }
      }),
      { numRuns: 500 }
    )
  })

  it.each([
    ['', 'not-an-invitation'],
    [`${origin}/keeper/#/s/zDv`, 'not-an-invitation'],
    [`${text}${'A'.repeat(invitationTextMax)}`, 'not-an-invitation'],
    [`${origin}/#/keeper/`, 'invitation-cut'],
    [`${text.slice(0, start)}Ag${text.slice(start + 2)}`, 'invitation-newer-version'],
    [`${text.slice(0, start)}AC${text.slice(start + 2)}`, 'invitation-damaged'],
    [formatInvitation('', { ...invitation, token: new Uint8Array(0) }), 'invitation-damaged']
  ])('[KE27] each fault has an error of its own, with words and a code', (given, code) => {
    try {
      parseInvitation(given)
      expect.unreachable(given)
    } catch (error) {
      expect(error).toMatchObject({ code, fault: 'user', retryable: false })
      expect((error as Error).message).toMatch(/\. .*\.$/)
    }
  })

  it('[LI4] is no link to files, and told apart from one', () => {
    for (const form of [text, text.slice(text.indexOf('#')), text.slice(text.indexOf('keeper/'))])
      expect(() => parseLink(form)).toThrow(NotALink)
  })
})

describe('the record in it', () => {
  it('[KE27] says who signed it, as libp2p makes it; no change of it goes unnoticed', async () => {
    const key = await generateKeyPair('Ed25519')
    const bytes = await sealRecord(key, [multiaddr('/dns4/relay.example/tcp/443/tls/ws')])
    const record = readSignedRecord(bytes)
    expect(record.keeper).toBe(peerIdFromPrivateKey(key).toString() as PeerId)
    expect(record.publicKey).toEqual(key.publicKey.raw)
    expect(await key.publicKey.verify(record.signed, record.signature)).toBe(true)
    for (let at = 0; at < bytes.length; at++) {
      const changed = bytes.with(at, bytes[at]! ^ 1)
      const isGood = async (): Promise<boolean> => {
        const { signed, signature, publicKey } = readSignedRecord(changed)
        return (await key.publicKey.verify(signed, signature)) && Buffer.from(publicKey).equals(key.publicKey.raw)
      }
      await expect(isGood().catch(() => false)).resolves.toBe(false)
    }
  })

  it('[KE27] of another peer, or by another kind of key, is none', async () => {
    const [one, two] = [await generateKeyPair('Ed25519'), await generateKeyPair('secp256k1')]
    expect(() => readSignedRecord(new Uint8Array(recordBytesMax + 1))).toThrow(BadFrame)
    expect(() => readSignedRecord(new Uint8Array(0))).toThrow(BadFrame)
    const ofTwo = new PeerRecord({ peerId: peerIdFromPrivateKey(await generateKeyPair('Ed25519')) })
    const aboutAnother = (await RecordEnvelope.seal(ofTwo, one)).marshal()
    for (const bytes of [await sealRecord(two, []), aboutAnother])
      expect(() => readSignedRecord(bytes)).toThrow(BadFrame)
  })

  it('[KE27] any bytes give a record or BadFrame', async () => {
    const good = await sealRecord(await generateKeyPair('Ed25519'), [])
    const near = fc.tuple(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length)).map(([at, byte, cut]) => {
      return good.with(at, byte).slice(0, cut)
    })
    fc.assert(
      fc.property(fc.oneof(near, fc.uint8Array({ maxLength: 300 })), (bytes) => {
        try {
          readSignedRecord(bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(BadFrame)
        }
      }),
      { numRuns: 500 }
    )
  })
})
