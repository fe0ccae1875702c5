import type { Upgrader } from '@libp2p/interface'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { beginningEndMs, beginningMs } from '../../src/core/limits.ts'
import { patient } from '../../src/network/libp2p/web-rtc.ts'

type Make = Parameters<typeof patient>[0]

/** A data channel, as far as its beginning and end go. */
class Channel extends EventTarget {
  readonly label: string
  readyState = 'open'

  constructor(label: string) {
    super()
    this.label = label
  }

  close(): void {
    this.readyState = 'closed'
    this.dispatchEvent(new Event('close'))
  }
}

describe('an incoming WebRTC connection', () => {
  const peerConnection = new EventTarget()
  let upgraded = 0

  /** Begins to take a connection that brought these channels. */
  function accept(channels: readonly Channel[]): Promise<void> {
    let upgrader: Upgrader | undefined
    const make = ((components: { upgrader: Upgrader }) => (upgrader = components.upgrader)) as unknown as Make
    const beneath = {
      upgradeInbound: () => {
        upgraded++
        return Promise.resolve()
      }
    }
    patient(make)({ upgrader: beneath } as unknown as Parameters<Make>[0])
    const muxerFactory = { peerConnection, earlyDataChannels: channels.map((channel) => ({ channel })) }
    const options = { muxerFactory } as unknown as Parameters<Upgrader['upgradeInbound']>[1]
    return upgrader!.upgradeInbound({} as Parameters<Upgrader['upgradeInbound']>[0], options)
  }

  beforeEach(() => {
    upgraded = 0
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it.each([
    ['came already', true],
    ['comes later', false]
  ])('[NW20] takes streams once the dialler closed the channel it began with, where that %s', async (_, early) => {
    const init = new Channel('init')
    const accepted = accept(early ? [init] : [])
    if (!early) peerConnection.dispatchEvent(Object.assign(new Event('datachannel'), { channel: init }))
    new Channel('').close()
    await vi.advanceTimersByTimeAsync(beginningMs - 1)
    expect(upgraded).toBe(0)
    init.close()
    await accepted
    expect(upgraded).toBe(1)
  })

  it('[NW20] takes them when the first comes, though nobody told of the end of that channel', async () => {
    const accepted = accept([new Channel('init')])
    peerConnection.dispatchEvent(Object.assign(new Event('datachannel'), { channel: new Channel('') }))
    await accepted
    expect(upgraded).toBe(1)
  })

  it('[NW20] takes them at once where it is closed already', async () => {
    const init = new Channel('init')
    init.close()
    await accept([init])
    expect(upgraded).toBe(1)
  })

  it('[NW20] takes them after a while, whatever the dialler does', async () => {
    const accepted = accept([])
    await vi.advanceTimersByTimeAsync(beginningMs)
    await accepted
    expect(upgraded).toBe(1)
  })
})

describe('a WebRTC connection that a page makes', () => {
  class Native {
    createDataChannel(label: string): Channel {
      return new Channel(label)
    }
  }

  beforeEach(() => {
    vi.useFakeTimers()
    vi.stubGlobal('RTCPeerConnection', Native)
  })
  afterEach(() => {
    vi.useRealTimers()
    vi.unstubAllGlobals()
  })

  it('[NW24] leaves its first channel open a little longer, others not, and the page has its own class back', async () => {
    const { undoGentle } = await import('../../src/network/libp2p/gentle-rtc.ts')
    const [init, other] = ['init', ''].map((label) => new RTCPeerConnection().createDataChannel(label))
    for (const channel of [init, other]) channel!.close()
    expect([init!.readyState, other!.readyState]).toEqual(['open', 'closed'])
    await vi.advanceTimersByTimeAsync(beginningEndMs)
    expect(init!.readyState).toBe('closed')
    undoGentle()
    expect(globalThis.RTCPeerConnection).toBe(Native)
  })
})
