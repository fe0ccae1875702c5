import type { CDPSession, Page } from 'playwright'

/** A task that held a page's thread: by the clock, and how long that thread itself computed. */
export interface TracedTask {
  readonly ms: number
  readonly cpuMs: number
}

interface TraceEvent {
  readonly name: string
  readonly pid: number
  readonly tid: number
  /** Microseconds by the clock, and of the thread's own processor time. */
  readonly dur?: number
  readonly tdur?: number
  readonly args: { readonly name?: string }
}

/**
 * Tasks of a page's thread that took `overMs` by the clock while `work` ran, from Chromium's own trace: the Long Tasks
 * API cannot tell a thread that computes from one that waits for a processor.
 */
export async function tracedTasks(page: Page, overMs: number, work: () => Promise<unknown>): Promise<TracedTask[]> {
  const session = await page.context().newCDPSession(page)
  const events: TraceEvent[] = []
  session.on('Tracing.dataCollected', ({ value }) => {
    const wanted = (value as unknown as TraceEvent[]).filter(
      ({ name, dur = 0 }) => name === 'thread_name' || dur > overMs * 1_000
    )
    events.push(...wanted)
  })
  await session.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: { includedCategories: ['toplevel'] }
  })
  await work()
  await traceEnd(session)
  const threads = new Set(events.filter(({ args }) => args.name === 'CrRendererMain').map(threadOf))
  return events
    .filter((event) => event.name.endsWith('RunTask') && threads.has(threadOf(event)))
    .map(({ dur = 0, tdur = 0 }) => ({ ms: dur / 1_000, cpuMs: tdur / 1_000 }))
}

const threadOf = ({ pid, tid }: TraceEvent): string => `${pid} ${tid}`

async function traceEnd(session: CDPSession): Promise<void> {
  const told = new Promise((resolve) => session.once('Tracing.tracingComplete', resolve))
  await session.send('Tracing.end')
  await told
  await session.detach()
}
