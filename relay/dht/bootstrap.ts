import { resolveTxt } from 'node:dns/promises'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { bootstrapMax, dnsaddrDepthMax } from '../../src/core/limits.ts'
import { relayInfo } from '../../src/network/libp2p/relay-info.ts'
import { fetchRelayConfig } from '../../src/network/relay-config.ts'

/** Asks the DNS for texts, as Node's own `resolveTxt` does. */
export type AskTexts = (name: string) => Promise<string[][]>

/**
 * Addresses of relays, from the address of a page (asked who it is), a multiaddr, or `/dnsaddr/<name>`, whose texts in
 * the DNS name more of them. Those that cannot be found out now are left out. [RN9]
 */
export async function findBootstrap(named: readonly string[], askTexts: AskTexts = resolveTxt): Promise<Multiaddr[]> {
  const found = await Promise.all(named.map((each) => addressesOf(each, askTexts).catch(() => [])))
  return found.flat().slice(0, bootstrapMax)
}

async function addressesOf(named: string, askTexts: AskTexts): Promise<Multiaddr[]> {
  if (named.startsWith('/')) return resolveNames(multiaddr(named), askTexts, dnsaddrDepthMax)
  return [relayInfo(named, await fetchRelayConfig(named), Date.now()).address]
}

/** `dnsaddr=` texts of `_dnsaddr.<name>`, as libp2p's specification of addresses has them. */
async function resolveNames(address: Multiaddr, askTexts: AskTexts, depth: number): Promise<Multiaddr[]> {
  const [first, ...rest] = address.getComponents()
  if (first?.name !== 'dnsaddr') return [address]
  if (depth === 0) return []
  const texts = (await askTexts(`_dnsaddr.${first.value}`)).map((parts) => parts.join(''))
  const wanted = rest.find(({ name }) => name === 'p2p')?.value
  const named = texts.flatMap((text) => /^dnsaddr=(\/.+)$/.exec(text)?.[1] ?? []).slice(0, bootstrapMax)
  const fitting = named.filter((text) => wanted === undefined || text.endsWith(`/p2p/${wanted}`))
  const found = await Promise.all(
    fitting.map((text) => resolveNames(multiaddr(text), askTexts, depth - 1).catch(() => []))
  )
  return found.flat()
}
