import { type AddressInfo, isIP } from 'node:net'
import type { Transport, Upgrader } from '@libp2p/interface'
import type { TransportManager } from '@libp2p/interface-internal'
import type { webRTCDirect } from '@libp2p/webrtc'
import { multiaddr } from '@multiformats/multiaddr'
import { relaySocketBufferBytesMax } from '../../src/core/limits.ts'
import type { RelayNode } from '../circuits.ts'
import type { RelayConfig } from '../config.ts'
import { DirectPortTaken } from '../errors.ts'
import type { Log } from '../log.ts'
import { freeUdpPort } from '../udp-port.ts'
import { type DirectCertificate, loadDirectCertificate } from './certificate.ts'
import { type DirectListener, gated, type GateOptions } from './gated-listener.ts'
import { PublicHosts } from './public-hosts.ts'

export type DirectSettings = Pick<RelayConfig, 'port' | 'webrtcPort' | 'publicHost' | 'dataDir'> & {
  /** Of the relay. */
  readonly peerId: string
}

/** From the port of the page to that of webrtc-direct, by default. */
const portsOff = 1000

interface Place {
  readonly host: string
  readonly port: number
  readonly certificate: DirectCertificate
  readonly peerId: string
}

type Components = Parameters<ReturnType<typeof webRTCDirect>>[0] & { readonly transportManager: TransportManager }

/** webrtc-direct beside the WebSockets: pages served over HTTPS reach a relay by it that has no domain. [RL22] */
export class Direct {
  readonly #place: Place
  readonly #hosts: PublicHosts
  readonly #log: Log
  #isStopped = false
  #isListening = false

  private constructor(place: Place, hosts: PublicHosts, log: Log) {
    this.#place = place
    this.#hosts = hosts
    this.#log = log
  }

  /**
   * Finds a port and a certificate; `page` is where the page is listened for. Undefined where it is not wanted or cannot be had;
   * throws DirectPortTaken where the port was asked for by its number.
   */
  static async prepare(
    settings: DirectSettings,
    page: Pick<AddressInfo, 'address' | 'port'>,
    log: Log
  ): Promise<Direct | undefined> {
    const host = page.address
    const { webrtcPort = 'none', publicHost, dataDir, peerId } = settings
    if (webrtcPort === 'none') return undefined
    const wanted = webrtcPort === 'auto' ? portAfter(settings, page.port) : webrtcPort
    const port = await freeUdpPort(host, wanted)
    if (port === undefined) {
      if (webrtcPort !== 'auto') throw new DirectPortTaken(wanted)
      log('webrtc-port-taken', { port: wanted })
      return undefined
    }
    const certificate = await loadDirectCertificate(dataDir)
    const hosts = await PublicHosts.find(publicHost ?? (/^(::|0\.0\.0\.0)$/.test(host) ? '127.0.0.1' : host))
    return new Direct({ host, port, certificate, peerId }, hosts, log)
  }

  /** Where it is reached. */
  get addresses(): readonly string[] {
    const { port, certificate, peerId } = this.#place
    return this.#hosts.addresses.map(
      (host) => `${at(host, port)}/webrtc-direct/certhash/${certificate.certhash}/p2p/${peerId}`
    )
  }

  /** What `/config.json` says of it. */
  get offered(): readonly string[] | undefined {
    return this.#isListening ? this.addresses : undefined
  }

  /** Resolves when it listens, or cannot: what it takes is large, and whoever has a relay waits for none of it. */
  async begin(node: RelayNode, gate: GateOptions): Promise<void> {
    try {
      const { webRTCDirect } = await import('@libp2p/webrtc')
      if (this.#isStopped) return
      await this.#listen(webRTCDirect, node, gate)
      this.#isListening = true
      this.#log('webrtc-started')
    } catch (error) {
      this.#log('webrtc-missing', { reason: (error as Error).message.slice(0, 200) })
    }
  }

  stop(): void {
    this.#isStopped = true
    this.#hosts.stop()
  }

  async #listen(make: typeof webRTCDirect, node: RelayNode, gate: GateOptions): Promise<void> {
    const { host, port, certificate } = this.#place
    const { components } = node as unknown as { components: Components }
    const transport = make({
      certificate,
      // Its address is known: nobody is asked how it looks from outside.
      rtcConfiguration: { iceServers: [] },
      dataChannel: { maxBufferedAmount: relaySocketBufferBytesMax }
    })(withoutSignals(components)) as Transport & { start(): Promise<void> }
    await transport.start()
    const createListener = transport.createListener.bind(transport)
    transport.createListener = (options) => gated(createListener(options) as DirectListener, gate)
    transport.dialFilter = () => []
    components.transportManager.add(transport)
    await components.transportManager.listen([multiaddr(`${at(host, port)}/webrtc-direct`)])
  }
}

/**
 * libp2p's listener makes a signal with a timer for each packet that belongs to no connection, before it asks whether
 * one is wanted: a flood would fill the memory with them. The gate makes those that are needed.
 */
function withoutSignals(components: Components): Components {
  const none = Object.assign(new AbortController().signal, { clear: () => undefined })
  const upgrader = Object.create(components.upgrader, { createInboundAbortSignal: { value: () => none } }) as Upgrader
  return Object.create(components, { upgrader: { value: upgrader } }) as Components
}

const at = (host: string, port: number): string => `/ip${isIP(host) === 6 ? 6 : 4}/${host}/udp/${port}`

/** Some way off the page's, whose neighbours may be those of other relays' pages; a free one where the page's is any. */
const portAfter = ({ port }: { readonly port: number }, pagePort: number): number =>
  port === 0 || pagePort + portsOff > 65_535 ? 0 : pagePort + portsOff
