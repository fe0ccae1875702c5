import { expect, it } from 'vitest'
import { mendFirstChannels } from '../../src/network/libp2p/first-channel.ts'

/** Just so much of a peer connection as opening channels takes. */
const connections = () => ({ createDataChannel: (_label: string) => new EventTarget() as RTCDataChannel })

/** Whether somebody who begins to listen after `type` has happened hears of it. */
async function isTold(channel: EventTarget, type: string): Promise<boolean> {
  let told = false
  channel.addEventListener(type, () => (told = true))
  await Promise.resolve()
  return told
}

it('[NW20] the first channel of a connection tells late listeners that it opened and closed, once each', async () => {
  const peer = connections()
  mendFirstChannels(peer)
  const channel = peer.createDataChannel('init')
  expect(await isTold(channel, 'open')).toBe(false)
  let opened = 0
  channel.addEventListener('open', () => opened++)
  channel.dispatchEvent(new Event('open'))
  expect(opened).toBe(1)
  expect([await isTold(channel, 'open'), await isTold(channel, 'close')]).toEqual([true, false])
  channel.dispatchEvent(new Event('close'))
  expect([await isTold(channel, 'open'), await isTold(channel, 'close')]).toEqual([true, true])
  expect(opened).toBe(1)
})

it('[NW20] other channels stay as they are', async () => {
  const peer = connections()
  mendFirstChannels(peer)
  const channel = peer.createDataChannel('')
  channel.dispatchEvent(new Event('open'))
  expect(await isTold(channel, 'open')).toBe(false)
})
