import { FrameReader } from '../../src/core/exchange/frame-reader.ts'
import type { PeerId } from '../../src/core/ids.ts'
import { trackerFrameBytesMax } from '../../src/core/limits.ts'
import { decodeTrackerFrame, encodeTrackerFrame } from '../../src/core/tracker/codec.ts'
import type { KnownTrackerFrame, TrackerFrame } from '../../src/core/tracker/types.ts'
import { createNodeNetwork } from '../../src/network/libp2p/node.ts'
import type { Lane, Network } from '../../src/network/types.ts'
import { within } from './waiting.ts'

/** A tab at a relay that speaks with its tracker by hand. */
export interface TrackerTab {
  readonly network: Network
  readonly tracker: Lane
  readonly peerId: PeerId
  readonly record: Uint8Array
  readonly say: (frame: KnownTrackerFrame) => void
  /** The next frame of this type, also one that came already. */
  readonly next: ReturnType<typeof framesOf>
}

/** The frames that come over a tracker lane, to be waited for one by one. */
export function framesOf(
  lane: Lane
): <T extends TrackerFrame['type']>(wanted: T) => Promise<Extract<TrackerFrame, { type: T }>> {
  const frames: TrackerFrame[] = []
  const reader = new FrameReader(trackerFrameBytesMax)
  let look = (): void => undefined
  lane.onChunk = (chunk) => {
    for (const raw of reader.push(chunk)) frames.push(decodeTrackerFrame(raw))
    look()
  }
  return <T extends TrackerFrame['type']>(wanted: T) =>
    new Promise<Extract<TrackerFrame, { type: T }>>((resolve) => {
      look = () => {
        const i = frames.findIndex(({ type }) => type === wanted)
        if (i < 0) return
        look = () => undefined
        resolve(frames.splice(i, 1)[0] as Extract<TrackerFrame, { type: T }>)
      }
      look()
    })
}

export async function trackerTab(url: string): Promise<TrackerTab> {
  const network = await createNodeNetwork({ relays: [url], webrtc: false })
  const lane = new Promise<Lane>((resolve) => (network.onLane = resolve))
  const recorded = new Promise<void>((resolve) => (network.onSelfRecord = resolve))
  await network.start()
  const [tracker] = await within(10_000, 'a tracker', Promise.all([lane, recorded]))
  return {
    network,
    tracker,
    peerId: network.status().peerId!,
    record: (await network.selfRecord())!,
    say: (frame) => tracker.send(encodeTrackerFrame(frame)),
    next: framesOf(tracker)
  }
}
