import { chmod, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromiumPath } from '../support/chromium.ts'
import { removeFolder } from '../support/files.ts'
import { hasPublicAddress, type NatKind, rulesOf } from './kinds.ts'
import { Namespaces } from './namespaces.ts'

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
  readonly spaces = new Namespaces(['internet', 'router-a', 'router-b', 'host-a', 'host-b'])
  readonly #home: string

  private constructor(home: string) {
    this.#home = home
    this.#lay()
  }

  /** @throws NoLabError where this machine cannot. */
  static async build(): Promise<Lab> {
    return new Lab(await mkdtemp(join(tmpdir(), 'quire-nat-')))
  }

  /** Starts Chromium at a host: a path to give to Playwright. */
  async chromiumAt(side: Side): Promise<string> {
    const program = join(this.#home, `chromium-${side}`)
    await writeFile(program, `#!/bin/sh\nexec ${this.spaces.within(`host-${side}`).join(' ')} ${chromiumPath()} "$@"\n`)
    await chmod(program, 0o755)
    return program
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

  /** Takes a host's cable away, or gives it back. */
  setPlugged(side: Side, isPlugged: boolean): void {
    this.spaces.ip(`router-${side}`, `link set lan ${isPlugged ? 'up' : 'down'}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
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
      const { wan, private: net, public: range, router } = places[side]
      spaces.ip(
        'internet',
        `link add to-${side} type veth peer name wan netns ${spaces.name(`router-${side}`)}
         link set to-${side} master hub
         link set to-${side} up
         route add ${range} via ${wan}`
      )
      spaces.ip(`router-${side}`, `link add lan type veth peer name lan netns ${spaces.name(`host-${side}`)}`)
      spaces.ip(
        `router-${side}`,
        `address add ${wan}/24 dev wan
         address add ${net}.1/24 dev lan
         address add ${router}/28 dev lan
         link set wan up
         link set lan up
         route add default via ${relayAddress}`
      )
      spaces.set(`router-${side}`, { 'net.ipv4.ip_forward': 1 })
      spaces.ip(`host-${side}`, 'link set lan up')
    }
    spaces.ip('router-a', `route add ${places.b.public} via ${places.b.wan}`)
    spaces.ip('router-b', `route add ${places.a.public} via ${places.a.wan}`)
  }
}
