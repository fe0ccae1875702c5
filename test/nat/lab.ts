import { chmod, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromiumPath } from '../support/chromium.ts'
import { removeFolder } from '../support/files.ts'
import { hasPublicAddress, type NatKind, rulesOf } from './kinds.ts'
import { Namespaces } from './namespaces.ts'
import { type Path, PathBridge } from './path-bridge.ts'

/**
 * Two hosts, each behind a router of its own, and an internet between them:
 *
 *     host-a --lan-- router-a --wan-- [ internet ] --wan-- router-b --lan-- host-b
 *
 * All outside addresses are of ranges that documents use; inside ones are private.
 */
export type Side = 'a' | 'b'
export const sides: readonly Side[] = ['a', 'b']

/** Where the relay answers, and a second address on the internet. */
export const relayAddress = '203.0.113.10'
export const otherAddress = '203.0.113.20'
export const relayAddress6 = '2001:db8::10'

const places = {
  a: {
    wan: '203.0.113.11',
    private: '10.0.1',
    public: '198.51.100.0/28',
    router: '198.51.100.1',
    host: '198.51.100.2'
  },
  b: {
    wan: '203.0.113.12',
    private: '10.0.2',
    public: '198.51.100.16/28',
    router: '198.51.100.17',
    host: '198.51.100.18'
  }
} as const

export class Lab {
  readonly spaces = new Namespaces(['internet', 'path', 'router-a', 'router-b', 'host-a', 'host-b'])
  readonly #home: string
  readonly #gateways = new Map<Side, string>()
  #bridge: PathBridge | undefined

  private constructor(home: string) {
    this.#home = home
    this.#lay()
  }

  /**
   * With a path, what goes between router b and the internet takes it.
   * @throws NoLabError where this machine cannot.
   */
  static async build(path?: Path): Promise<Lab> {
    const lab = new Lab(await mkdtemp(join(tmpdir(), 'quire-nat-')))
    if (path) await lab.#lengthen('b', path)
    return lab
  }

  /** Starts Chromium at a host: a path to give to Playwright. */
  async chromiumAt(side: Side): Promise<string> {
    return writeChromium(join(this.#home, `chromium-${side}`), this.spaces.within(`host-${side}`))
  }

  /** Puts a host behind another kind of router; connections that it had are forgotten. */
  setKind(side: Side, kind: NatKind): void {
    const place = places[side]
    const [host, gateway, bits] = hasPublicAddress(kind)
      ? [place.host, place.router, 28]
      : [`${place.private}.2`, `${place.private}.1`, 24]
    this.spaces.rules(`router-${side}`, rulesOf(kind))
    this.spaces.ip(
      `host-${side}`,
      `address flush dev lan scope global
       address add ${host}/${bits} dev lan
       route replace default via ${gateway}`
    )
    this.spaces.run(`router-${side}`, ['conntrack', '-F'])
  }

  /** How the way that the lab was built with is from now on. */
  setPath(path: Path): void {
    this.#bridge?.set(path)
  }

  /** Whatever a host asks over TCP is answered by the router itself, at this port; nothing else gets through. */
  setPortal(side: Side, port: number): void {
    this.spaces.rules(
      `router-${side}`,
      `table ip router {
         chain inward { type nat hook prerouting priority dstnat; iifname lan meta l4proto tcp redirect to :${port}; }
         chain through { type filter hook forward priority filter; policy drop; }
       }`
    )
    this.spaces.run(`router-${side}`, ['conntrack', '-F'])
  }

  /** Hosts, routers and the internet have IPv6 from now on, and hosts nothing else; routers are firewalls. */
  setIpv6Only(): void {
    const { spaces } = this
    spaces.ip('internet', `address add ${relayAddress6}/64 dev hub nodad`)
    for (const [side, n] of [
      ['a', 1],
      ['b', 2]
    ] as const) {
      const other = 3 - n
      spaces.set(`router-${side}`, { 'net.ipv6.conf.all.forwarding': 1 })
      spaces.ip(
        `router-${side}`,
        `address add 2001:db8::1${n}/64 dev wan nodad
         address add 2001:db8:${n}::1/64 dev lan nodad
         route add 2001:db8:${other}::/64 via 2001:db8::1${other}`
      )
      spaces.ip('internet', `route add 2001:db8:${n}::/64 via 2001:db8::1${n}`)
      spaces.ip(
        `host-${side}`,
        `address flush dev lan scope global
         address add 2001:db8:${n}::2/64 dev lan nodad
         route add default via 2001:db8:${n}::1`
      )
      spaces.rules(
        `router-${side}`,
        `table ip6 router {
           chain through {
             type filter hook forward priority filter; policy drop;
             ct state established,related accept
             iifname lan accept
           }
         }`
      )
    }
  }

  /** Takes a host's cable away, or gives it back. Its routes go with it. */
  setPlugged(side: Side, isPlugged: boolean): void {
    const gateway = this.spaces.run(`host-${side}`, ['ip', 'route', 'show', 'default'])
    const via = /via (\S+)/.exec(gateway)?.[1] ?? this.#gateways.get(side)
    if (via !== undefined) this.#gateways.set(side, via)
    const route = via === undefined ? '' : `route replace default via ${via}`
    this.spaces.ip(`host-${side}`, isPlugged ? `link set lan up\n${route}` : 'link set lan down')
  }

  /** What a host can send and be sent, in bits a second; unbounded without. */
  setRate(side: Side, bitsPerSecond?: number): void {
    const bound = bitsPerSecond === undefined ? 'pfifo' : `tbf rate ${bitsPerSecond} burst 64kb latency 50ms`
    for (const device of ['wan', 'lan']) {
      this.spaces.run(`router-${side}`, ['tc', 'qdisc', 'replace', 'dev', device, 'root', ...bound.split(' ')])
    }
  }

  /** Nothing that is sent to the relay's addresses gets there, or all does. */
  setRelayReached(isReached: boolean): void {
    this.spaces.rules(
      'internet',
      isReached
        ? ''
        : `table inet wall {
             chain input { type filter hook input priority filter; drop; }
             chain output { type filter hook output priority filter; drop; }
           }`
    )
  }

  /** Counts what passes on the wire from now on: see `seen`. */
  watch(): void {
    this.spaces.rules(
      'internet',
      `table bridge wire {
         counter between { }
         chain forward {
           type filter hook forward priority filter;
           ether type ip counter name between
           ip6 daddr != ff00::/8 counter name between
         }
       }
       table ip wire {
         counter stun { }
         chain input {
           type filter hook input priority filter;
           iifname hub ip saddr ${places.b.host} meta l4proto udp udp dport != 3478 counter name stun
         }
       }`
    )
  }

  /**
   * Packets since `watch`: those that went from one side to the other without stopping at the relay's machine, and those
   * by which host b, with an address of its own, asked for STUN there.
   */
  seen(): { readonly between: number; readonly stun: number } {
    return {
      between: this.spaces.counted('internet', 'bridge wire between'),
      stun: this.spaces.counted('internet', 'ip wire stun')
    }
  }

  /** The largest packet between a router and the internet. */
  setMtu(side: Side, bytes: number): void {
    this.spaces.ip(`router-${side}`, `link set wan mtu ${bytes}`)
    this.spaces.ip('internet', `link set to-${side} mtu ${bytes}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#bridge?.[Symbol.asyncDispose]()
    this.spaces.remove()
    await removeFolder(this.#home)
  }

  #lay(): void {
    const { spaces } = this
    spaces.ip(
      'internet',
      `link add hub type bridge
       link add nowhere type veth peer name nobody
       address add ${relayAddress}/24 dev hub
       address add ${otherAddress}/24 dev hub
       link set hub up
       link set nobody up
       link set nowhere arp off
       link set nowhere up
       route add default dev nowhere`
    )
    // Bridged frames would otherwise meet rules that are for what is routed.
    spaces.run('internet', ['/bin/sh', '-c', 'echo 0 > /proc/sys/net/bridge/bridge-nf-call-iptables || true'])
    for (const side of sides) {
      const { private: net, router } = places[side]
      spaces.ip('internet', `link add to-${side} type veth peer name wan netns ${spaces.name(`router-${side}`)}`)
      spaces.ip(`router-${side}`, `link add lan type veth peer name lan netns ${spaces.name(`host-${side}`)}`)
      spaces.ip(
        `router-${side}`,
        `address add ${net}.1/24 dev lan
         address add ${router}/28 dev lan
         link set lan up`
      )
      spaces.set(`router-${side}`, { 'net.ipv4.ip_forward': 1 })
      spaces.ip(`host-${side}`, 'link set lan up')
      this.#join(side)
    }
  }

  /** A router's cable, which is there, joins it to the internet. */
  #join(side: Side): void {
    const { wan, public: range } = places[side]
    const other = places[side === 'a' ? 'b' : 'a']
    this.spaces.ip(
      'internet',
      `link set to-${side} master hub
       link set to-${side} up
       route replace ${range} via ${wan}`
    )
    this.spaces.ip(
      `router-${side}`,
      `address add ${wan}/24 dev wan
       link set wan up
       route add default via ${relayAddress}
       route add ${other.public} via ${other.wan}`
    )
  }

  async #lengthen(side: Side, path: Path): Promise<void> {
    this.spaces.ip('internet', `link delete to-${side}`)
    const ends = [
      { role: 'internet', device: `to-${side}` },
      { role: `router-${side}`, device: 'wan' }
    ] as const
    this.#bridge = await PathBridge.lay(this.spaces, 'path', ends, path)
    this.#join(side)
  }
}

/** A program that starts Chromium behind these words, for Playwright to start. */
export async function writeChromium(program: string, words: readonly string[]): Promise<string> {
  await writeFile(program, `#!/bin/sh\nexec ${words.join(' ')} ${chromiumPath()} "$@"\n`)
  await chmod(program, 0o755)
  return program
}
