/**
 * Stands in the page for parts of libp2p that weigh 1.4 KiB of a first load and do nothing under our settings: relays
 * are never looked for among peers, and who is still there is asked by us.
 */
export class RelayDiscovery extends EventTarget {
  startDiscovery(): void {}
  stopDiscovery(): void {}
}

export class ConnectionMonitor {
  constructor() {
    throw new Error('This page has no monitor of connections.')
  }
}
