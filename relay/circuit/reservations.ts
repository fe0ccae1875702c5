import type { Connection } from '@libp2p/interface'
import { AddressCounts } from '../limits/address-budgets.ts'

interface Reserved {
  readonly connection: Connection
  readonly payer: string | undefined
  expiresAtMs: number
}

/** Who is reachable through this relay, by the bytes of a peer id. A reservation lives as long as its connection. [RL11] */
export class Reservations {
  readonly #byPeer = new Map<string, Reserved>()
  /** Those whose end is listened for: one that reserves by turns with another connection is so once. */
  readonly #watched = new WeakSet<Connection>()
  readonly #most: number
  readonly #perAddress: AddressCounts

  constructor(most: number, mostPerAddress: number) {
    this.#most = most
    this.#perAddress = new AddressCounts(mostPerAddress)
  }

  get size(): number {
    return this.#byPeer.size
  }

  /** Makes or renews one. False where there are too many; a renewal never is. */
  reserve(peer: string, connection: Connection, payer: string | undefined, expiresAtMs: number): boolean {
    const before = this.#byPeer.get(peer)
    if (before?.connection === connection) {
      before.expiresAtMs = expiresAtMs
      return true
    }
    if (!before && this.#byPeer.size >= this.#most) return false
    if (!this.#perAddress.enter(payer)) return false
    if (before) this.#perAddress.leave(before.payer)
    this.#byPeer.set(peer, { connection, payer, expiresAtMs })
    this.#watch(peer, connection)
    return true
  }

  /** The connection of a peer that is reachable now. */
  find(peer: string, nowMs: number): Connection | undefined {
    const reserved = this.#byPeer.get(peer)
    if (!reserved || reserved.connection.status !== 'open') return undefined
    return reserved.expiresAtMs > nowMs ? reserved.connection : undefined
  }

  has(connection: Connection): boolean {
    return this.#byPeer.get(peerKey(connection))?.connection === connection
  }

  /** Forgets what ran out. */
  sweep(nowMs: number): void {
    for (const [peer, { connection, expiresAtMs }] of this.#byPeer) {
      if (expiresAtMs <= nowMs) this.#release(peer, connection)
    }
  }

  #watch(peer: string, connection: Connection): void {
    if (this.#watched.has(connection)) return
    this.#watched.add(connection)
    connection.addEventListener('close', () => this.#release(peer, connection), { once: true })
  }

  #release(peer: string, connection: Connection): void {
    const reserved = this.#byPeer.get(peer)
    if (reserved?.connection !== connection) return
    this.#byPeer.delete(peer)
    this.#perAddress.leave(reserved.payer)
  }
}

export const peerKey = ({ remotePeer }: Connection): string => keyOf(remotePeer.toMultihash().bytes)

export const keyOf = (multihash: Uint8Array): string => Buffer.from(multihash).toString('base64')
