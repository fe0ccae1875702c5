import type { CDPSession, Page } from 'playwright'

/** JavaScript heaps of a page and of its workers, with the buffers that scripts hold, in bytes. */
export interface HeapMeter {
  /** With `clean`, after what nobody holds is gone. */
  read(options?: { readonly clean?: boolean }): Promise<number>
}

interface HeapUsage {
  readonly usedSize: number
  readonly backingStorageSize?: number
}

/** Asks the engine of the browser itself; to be called before the page makes its workers. */
export async function heapMeter(page: Page): Promise<HeapMeter> {
  const devtools = await page.context().newCDPSession(page)
  const workers = new Map<string, (method: string) => Promise<unknown>>()
  devtools.on('Target.attachedToTarget', ({ sessionId, targetInfo }) => {
    if (targetInfo.type === 'worker') workers.set(sessionId, callerOf(devtools, sessionId))
  })
  devtools.on('Target.detachedFromTarget', ({ sessionId }) => workers.delete(sessionId))
  await devtools.send('Target.setAutoAttach', { autoAttach: true, waitForDebuggerOnStart: false, flatten: false })
  const all = () => [(method: string) => devtools.send(method as 'Runtime.getHeapUsage'), ...workers.values()]
  return {
    async read({ clean = false } = {}) {
      if (clean) for (const call of all()) await call('HeapProfiler.collectGarbage')
      const usages = (await Promise.all(all().map((call) => call('Runtime.getHeapUsage')))) as HeapUsage[]
      return usages.reduce((sum, { usedSize, backingStorageSize = 0 }) => sum + usedSize + backingStorageSize, 0)
    }
  }
}

/** Takes samples, one after the other, until the function that it returns is called; that waits for the last of them. */
export function sampling(sample: () => Promise<void>, everyMs: number): () => Promise<void> {
  let going = true
  const loop = async () => {
    while (going) {
      await sample()
      // Time: a heap changes without a word.
      await new Promise((resolve) => setTimeout(resolve, everyMs))
    }
  }
  const looping = loop()
  return () => {
    going = false
    return looping
  }
}

/** Calls a worker, whose session is carried by its page's. */
function callerOf(devtools: CDPSession, sessionId: string): (method: string) => Promise<unknown> {
  const waiting = new Map<number, (result: unknown) => void>()
  let last = 0
  devtools.on('Target.receivedMessageFromTarget', (event) => {
    if (event.sessionId !== sessionId) return
    const { id, result } = JSON.parse(event.message) as { id?: number; result?: unknown }
    if (id !== undefined) waiting.get(id)?.(result)
  })
  return (method) =>
    new Promise((resolve) => {
      const id = ++last
      waiting.set(id, resolve)
      const message = JSON.stringify({ id, method })
      void devtools.send('Target.sendMessageToTarget', { sessionId, message })
    })
}
