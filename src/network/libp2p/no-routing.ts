/**
 * Stands in the page for the parts of libp2p that would ask other services who is where: nothing of that kind is
 * configured, so they would answer this too, and weigh 1.7 KiB of a first load. libp2p's interface has modules of the
 * same names, which hold the two symbols.
 */
export const contentRoutingSymbol = Symbol.for('@libp2p/content-routing')
export const peerRoutingSymbol = Symbol.for('@libp2p/peer-routing')

export class CompoundContentRouting {}

export class DefaultPeerRouting {
  findPeer(): Promise<never> {
    return Promise.reject(
      Object.assign(new Error('This page asks nobody who is where.'), { name: 'NoPeerRoutersError' })
    )
  }
}
