import type { PeerId, SwarmId } from '../../core/ids.ts'
import { invitationSwarmId } from '../../core/keep/swarm.ts'
import { tokenHash } from '../../core/keep/token.ts'
import type { TrackedPeer } from '../../core/tracker/types.ts'
import type { Discovery } from '../discovery.ts'
import { signerOfRecord } from './receipts.ts'

/** Waits at the trackers for keepers that invited and cannot be reached: they may be elsewhere by now. [KE33] */
export class InvitedWatch {
  readonly #discovery: Discovery
  readonly #onHeard: (keeper: PeerId, record: Uint8Array) => void
  readonly #watched = new Map<PeerId, SwarmId>()

  constructor(discovery: Discovery, onHeard: (keeper: PeerId, record: Uint8Array) => void) {
    this.#discovery = discovery
    this.#onHeard = onHeard
  }

  /** Nothing where it did not invite. */
  begin(keeper: PeerId, token: Uint8Array | undefined): void {
    if (!token || this.#watched.has(keeper)) return
    const swarmId = invitationSwarmId(tokenHash(token))
    this.#watched.set(keeper, swarmId)
    this.#discovery.join(swarmId, { seeking: true, onPeers: (peers) => void this.#look(keeper, peers) })
  }

  end(keeper: PeerId): void {
    const swarmId = this.#watched.get(keeper)
    this.#watched.delete(keeper)
    if (swarmId) this.#discovery.leave(swarmId)
  }

  close(): void {
    for (const keeper of [...this.#watched.keys()]) this.end(keeper)
  }

  /** Whoever has the token can be there too, and say anything. */
  async #look(keeper: PeerId, peers: readonly TrackedPeer[]): Promise<void> {
    for (const { peerId, record } of peers) {
      if (peerId !== keeper || (await signerOfRecord(record)) !== keeper) continue
      if (this.#watched.has(keeper)) this.#onHeard(keeper, record)
    }
  }
}
