import type { Upgrader } from '@libp2p/interface'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { beginningEndMs, beginningMs } from '../../src/core/limits.ts'
import { PeerUnreachable } from '../../src/network/errors.ts'
import { tellFailures } from '../../src/network/libp2p/failures-rtc.ts'
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

/** A peer connection, as far as libp2p's dials and answers see it. */
class Connection extends EventTarget {
  connectionState: RTCPeerConnectionState = 'connected'

  become(state: RTCPeerConnectionState): void {
    this.connectionState = state
    this.dispatchEvent(new Event('connectionstatechange'))
  }

  createDataChannel(label: string): Channel {
    return new Channel(label)
  }
}

describe('an incoming WebRTC connection', () => {
  let peerConnection: Connection
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
    peerConnection = new Connection()
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

  it.each(['failed', 'closed'] as const)('[NW42] is given up where it has %s before it began', async (state) => {
    const accepted = accept([])
    peerConnection.become(state)
    await expect(accepted).rejects.toThrow(PeerUnreachable)
    await expect(accept([])).rejects.toThrow(PeerUnreachable)
    expect(upgraded).toBe(0)
  })

  it('[NW20] takes them after a while, whatever the dialler does', async () => {
    const accepted = accept([])
    await vi.advanceTimersByTimeAsync(beginningMs)
    await accepted
    expect(upgraded).toBe(1)
  })
})

describe('[NW42] the channel that a program dials with', () => {
  class Dialled extends Connection {}
  tellFailures(Dialled as unknown as Parameters<typeof tellFailures>[0])
  tellFailures(Dialled as unknown as Parameters<typeof tellFailures>[0])
  const dial = (label: string) => {
    const connection = new Dialled()
    const channel = connection.createDataChannel(label)
    channel.readyState = 'connecting'
    let failures = 0
    channel.addEventListener('error', () => failures++)
    return { connection, channel, failures: () => failures }
  }

  it('tells that the connection failed', () => {
    const { connection, failures } = dial('init')
    connection.become('connecting')
    expect(failures()).toBe(0)
    connection.become('closed')
    expect(failures()).toBe(1)
  })

  it('has nothing to tell once it was open, nor has any other channel', () => {
    const { connection, channel, failures } = dial('init')
    channel.readyState = 'open'
    connection.become('closed')
    expect(failures()).toBe(0)
    const other = dial('')
    other.connection.become('failed')
    expect(other.failures()).toBe(0)
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
