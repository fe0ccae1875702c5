import { sha256 } from '@noble/hashes/sha2.js'
import { hexOf } from '../bytes.ts'
import type { SwarmId } from '../ids.ts'
import { utf8Encode } from '../proto/utf8.ts'

/** SHA-256("quire keepers v1"): where keepers that are open to all announce themselves. [KE20] */
export const keepersSwarmId = (): SwarmId => hexOf(sha256(utf8Encode('quire keepers v1'))) as SwarmId

/** SHA-256("quire invitation v1\n" ‖ hash of a token): where a keeper is found by whoever has that token alone. [KE33] */
export const invitationSwarmId = (hashOfToken: string): SwarmId =>
  hexOf(sha256(utf8Encode(`quire invitation v1\n${hashOfToken}`))) as SwarmId
