/**
 * Tabs of the load generator: peers with the network of a program (libp2p, a real WebSocket with noise and yamux or
 * webrtc-direct, a reservation, a tracker lane), without an engine. Told by messages what to do.
 */
import type { SwarmId } from '../../src/core/ids.ts'
import { announceTtlMs } from '../../src/core/limits.ts'
import { encodeTrackerFrame } from '../../src/core/tracker/codec.ts'
import { createNodeNetwork } from '../../src/network/libp2p/node.ts'
import type { Lane, Network } from '../../src/network/types.ts'

export type ToTabs =
  | {
      readonly type: 'open'
      readonly url: string
      readonly direct: boolean
      readonly count: number
      readonly perSecond: number
    }
  | { readonly type: 'announce'; readonly perSecond: number; readonly seconds: number; readonly swarms: number }

export type FromTabs =
  /** One tab holds a reservation: so long after it began, or, once it had one, at this time. */
  | { readonly type: 'reserved'; readonly tookMs: number; readonly atMs: number; readonly again: boolean }
  | { readonly type: 'lost' }
  | { readonly type: 'announced'; readonly count: number; readonly told: number }

interface Tab {
  readonly network: Network
  tracker: Lane | undefined
  isReserved: boolean
}

const tabs: Tab[] = []
let told = 0
const say = (message: FromTabs): void => void process.send!(message)

process.on('message', (message: ToTabs) => {
  if (message.type === 'open') void openAll(message)
  else void announce(message)
})
process.once('disconnect', () => process.exit())

async function openAll({ url, direct, count, perSecond }: Extract<ToTabs, { type: 'open' }>): Promise<void> {
  for (let i = 0; i < count; i++) {
    void open(url, direct)
    // Time: people come at a pace.
    await new Promise((resolve) => setTimeout(resolve, 1000 / perSecond))
  }
}

async function open(url: string, direct: boolean): Promise<void> {
  const network = await createNodeNetwork({ relays: [url], webrtc: direct })
  const tab: Tab = { network, tracker: undefined, isReserved: false }
  tabs.push(tab)
  const startMs = performance.now()
  let again = false
  network.onLane = (lane) => {
    tab.tracker = lane
    lane.onChunk = () => told++
  }
  network.onStatus = ({ relays: [relay] }) => {
    const isReserved = relay?.state === 'reserved'
    if (isReserved === tab.isReserved) return
    tab.isReserved = isReserved
    if (!isReserved) return say({ type: 'lost' })
    say({ type: 'reserved', tookMs: performance.now() - startMs, atMs: Date.now(), again })
    again = true
  }
  await network.start()
}

/** Each tab in its turn says that it holds one of some data sets, as a tab does that adds, opens and comes back. */
async function announce({ perSecond, seconds, swarms }: Extract<ToTabs, { type: 'announce' }>): Promise<void> {
  for (const { network, tracker } of tabs) {
    const record = await network.selfRecord()
    if (record && tracker) tracker.send(encodeTrackerFrame({ type: 'record', record: record.slice() }))
  }
  told = 0
  const total = perSecond * seconds
  const startMs = performance.now()
  for (let sent = 0; sent < total; sent++) {
    const swarmId = (sent % swarms).toString(16).padStart(64, '0') as SwarmId
    const frame = { type: 'announce', swarmId, role: 'tab', holder: sent % 3 === 0, watch: true } as const
    tabs[sent % tabs.length]!.tracker?.send(encodeTrackerFrame({ ...frame, ttlMs: announceTtlMs }))
    const aheadMs = (sent * 1000) / perSecond - (performance.now() - startMs)
    // Time: a load has a pace.
    if (aheadMs > 5) await new Promise((resolve) => setTimeout(resolve, aheadMs))
  }
  say({ type: 'announced', count: total, told })
}
