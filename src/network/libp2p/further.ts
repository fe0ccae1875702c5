import type { Connection } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'

export type DialFurther = (address: Multiaddr, signal: AbortSignal) => Promise<Connection>

/** What libp2p gives a service of what it consists of, as far as it is needed here. */
interface Components {
  readonly transportManager: {
    dial(address: Multiaddr, options: { readonly signal: AbortSignal }): Promise<Connection>
  }
}

/**
 * A libp2p service that makes connections beyond the first to a peer. A dial of libp2p itself, forced or not, joins one
 * to the same peer that is under way, so that several could only be made one after the other. [NW35]
 */
export const furtherDials =
  () =>
  ({ transportManager }: Components): DialFurther =>
  (address, signal) =>
    transportManager.dial(address, { signal })
