/** What stands between a host and the internet. */
export const natKinds = [
  'none',
  'firewall',
  'full-cone',
  'address-restricted',
  'port-restricted',
  'symmetric',
  'udp-blocked',
  'tcp-443-only'
] as const

export type NatKind = (typeof natKinds)[number]

/** How two hosts come to each other at best. */
export type Way = 'direct' | 'turn' | 'relayed'

/** Kinds whose host has an address of the internet itself. */
export const hasPublicAddress = (kind: NatKind): boolean => kind === 'none' || kind === 'firewall'

const filtersByPort = (kind: NatKind): boolean => kind === 'firewall' || kind === 'port-restricted'

/**
 * The best way that this pair of NATs allows. Direct as measured between raw peer connections: a symmetric NAT cannot be
 * guessed by who takes packets from known ports alone. TURN takes a way to its port, over UDP or TCP.
 */
export function bestWay(one: NatKind, other: NatKind, turn: boolean): Way {
  const pair = [one, other]
  const isGuess = (near: NatKind, far: NatKind) => near === 'symmetric' && (far === 'symmetric' || filtersByPort(far))
  const udp = !pair.some((kind) => kind === 'udp-blocked' || kind === 'tcp-443-only')
  if (udp && !isGuess(one, other) && !isGuess(other, one)) return 'direct'
  return turn && !pair.includes('tcp-443-only') ? 'turn' : 'relayed'
}

/**
 * nftables rules of a router whose sides are `lan` and `wan`. New packets to the router itself are dropped: the early
 * packet of a peer would otherwise take, in connection tracking, the port that the host's own packet is about to get.
 */
export function rulesOf(kind: NatKind): string {
  return `
    table ip router {
      counter toPeer { }
      ${mapsOf(kind)}
      chain input { type filter hook input priority filter; iifname wan ct state new drop; }
      chain through {
        type filter hook forward priority filter; policy drop;
        ct state established,related accept
        ${throughOf(kind)}
      }
      ${hasPublicAddress(kind) ? '' : translationOf(kind)}
    }`
}

function throughOf(kind: NatKind): string {
  switch (kind) {
    case 'none':
      return 'accept'
    case 'udp-blocked':
      return 'iifname lan meta l4proto tcp accept'
    case 'tcp-443-only':
      return 'iifname lan tcp dport 443 accept'
    default:
      return 'iifname lan accept; ct status dnat accept'
  }
}

/** Which inside port an outside one stands for, and whom the host has spoken to. */
function mapsOf(kind: NatKind): string {
  const ports = 'map ports { type inet_service : ipv4_addr . inet_service; flags dynamic; size 65535; timeout 5m; }'
  const spoken = 'set spoken { type ipv4_addr . inet_service; flags dynamic; size 65535; timeout 5m; }'
  if (kind === 'full-cone') return ports
  return kind === 'address-restricted' ? `${ports}\n${spoken}` : ''
}

function translationOf(kind: NatKind): string {
  const inward = { 'full-cone': '', 'address-restricted': 'ip saddr . udp dport @spoken' }[kind as string]
  const prerouting =
    inward === undefined ? '' : `iifname wan meta l4proto udp ${inward} dnat ip to udp dport map @ports`
  const note =
    inward === undefined ? '' : 'oifname wan meta l4proto udp update @ports { udp sport : ip saddr . udp sport }'
  const noteSpoken =
    kind === 'address-restricted' ? 'oifname wan meta l4proto udp update @spoken { ip daddr . udp sport }' : ''
  return `
      chain inward {
        type nat hook prerouting priority dstnat;
        ${prerouting}
      }
      chain outward {
        type nat hook postrouting priority srcnat;
        ${note}
        ${noteSpoken}
        oifname wan masquerade ${kind === 'symmetric' ? 'random,fully-random' : ''}
      }`
}
