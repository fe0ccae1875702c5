import { sha256 } from '@noble/hashes/sha2.js'
import { hexOf, joinBytes } from '../bytes.ts'
import { utf8Encode } from '../proto/utf8.ts'

/** What a keeper compares of a token. [KE3] */
export const tokenHash = (token: Uint8Array): string =>
  hexOf(sha256(joinBytes(utf8Encode('quire keep token v1\n'), token)))
