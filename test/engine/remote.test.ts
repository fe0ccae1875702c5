import { beforeEach, describe, expect, it } from 'vitest'
import type { SetId } from '../../src/core/ids.ts'
import { RemoteQuire } from '../../src/engine/remote/client.ts'
import { EngineHost } from '../../src/engine/remote/host.ts'
import type { FromWorker } from '../../src/engine/remote/protocol.ts'
import { type FakeItem, FakeQuire, fakeView } from '../support/fake-quire.ts'

let engine: FakeQuire
let page: RemoteQuire
let sent: FromWorker[]
let first: FakeItem
let second: FakeItem

beforeEach(() => {
  engine = new FakeQuire()
  first = engine.put(fakeView('first'))
  second = engine.put(fakeView('second'))
  sent = []
  const host: EngineHost = new EngineHost(engine, (message) => {
    sent.push(message)
    page.receive(message)
  })
  page = new RemoteQuire((message) => void host.handle(message), engine.network.peek(), engine.storage.peek())
  host.start()
})

const libraries = () => sent.flatMap((message) => (message.type === 'library' ? [message.ids] : []))

describe('the library across the worker boundary', () => {
  it('is sent once, until it holds other items', () => {
    engine.library.tell([...engine.library.peek()])
    expect(libraries()).toEqual([['first', 'second']])
    engine.put(fakeView('third'))
    engine.put(fakeView('third', { title: 'taken over by this tab' }))
    expect(libraries()).toEqual([
      ['first', 'second'],
      ['first', 'second', 'third']
    ])
    expect(page.item('third' as SetId)?.peek().title).toBe('taken over by this tab')
  })

  it.each([
    ['here', () => page.item(first.id)!.remove()],
    ['in another tab', () => first.remove()]
  ])('forgets an item that is removed %s, whatever it still does, and tells who waits', async (_where, remove) => {
    first.change({ state: 'waiting' })
    const ready = page.item(first.id)!.whenReady({ signal: AbortSignal.timeout(5_000) })
    await Promise.all([remove(), expect(ready).rejects.toMatchObject({ code: 'item-gone' })])
    sent.length = 0
    first.change({ doneBlocks: 7 })
    expect(sent).toEqual([])
    expect(page.item(first.id)).toBeUndefined()
    second.change({ doneBlocks: 7 })
    expect(page.item(second.id)!.peek().doneBlocks).toBe(7)
  })
})
