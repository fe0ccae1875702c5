import { metPeerMs, metPeersMax } from '../core/limits.ts'
import type { MetPeer } from '../store/types.ts'

/** Those that were met lately: whom to ask at the next visit, before any relay answers. */
export const lately = (met: readonly MetPeer[] = [], nowMs = Date.now()): readonly MetPeer[] =>
  met.filter(({ metAtMs }) => nowMs - metAtMs < metPeerMs)

/** With one that was met just now. */
export const withMet = (met: readonly MetPeer[] | undefined, peer: MetPeer): readonly MetPeer[] =>
  [peer, ...lately(met).filter(({ peerId }) => peerId !== peer.peerId)].slice(0, metPeersMax)
