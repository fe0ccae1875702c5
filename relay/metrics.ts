import { monitorEventLoopDelay, performance } from 'node:perf_hooks'

/** A count that only grows, whole or by the values of one label. */
export interface Counter {
  add(amount?: number, value?: string): void
}

interface Family {
  readonly name: string
  readonly help: string
  readonly type: 'gauge' | 'counter'
  /** Each line's labels, as they are written, and its value. */
  readonly read: () => Iterable<readonly [string, number]>
}

/** Figures of a running relay, written as Prometheus reads them (text format 0.0.4). None names a person or an address. */
export class Metrics {
  readonly #families: Family[] = []

  gauge(name: string, help: string, read: () => number): void {
    this.#families.push({ name, help, type: 'gauge', read: () => [['', read()]] })
  }

  /** A count that something else keeps. */
  tally(name: string, help: string, read: () => number): void {
    this.#families.push({ name, help, type: 'counter', read: () => [['', read()]] })
  }

  /** `values` are all that the label may have: a label that grows with its callers would fill the memory of two programs. */
  counter<V extends string>(name: string, help: string, label?: string, values: readonly V[] = []): Counter {
    const counts = new Map<string, number>(values.map((value) => [`{${label}="${value}"}`, 0]))
    if (!label) counts.set('', 0)
    this.#families.push({ name, help, type: 'counter', read: () => counts })
    return {
      add(amount = 1, value) {
        const key = value === undefined ? '' : `{${label}="${value}"}`
        const before = counts.get(key)
        if (before !== undefined) counts.set(key, before + amount)
      }
    }
  }

  text(): string {
    return this.#families
      .map(({ name, help, type, read }) => {
        const lines = [...read()].map(([labels, value]) => `${name}${labels} ${value}`)
        return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines, ''].join('\n')
      })
      .join('')
  }
}

/** What every program has: memory, processor, and how late it comes to its work. */
export function addProcessMetrics(metrics: Metrics): { stop(): void } {
  const delay = monitorEventLoopDelay({ resolution: 20 })
  delay.enable()
  metrics.gauge('process_resident_memory_bytes', 'Memory of this process.', () => process.memoryUsage.rss())
  metrics.tally('process_cpu_seconds_total', 'Processor time of this process.', () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1e6
  })
  metrics.gauge('process_start_time_seconds', 'When this process began, in seconds since 1970.', () =>
    Math.round(performance.timeOrigin / 1000)
  )
  metrics.gauge(
    'nodejs_eventloop_delay_p99_seconds',
    'How late work begins, 99th percentile since the last look.',
    () => {
      const seconds = delay.percentile(99) / 1e9
      delay.reset()
      return seconds
    }
  )
  return { stop: () => delay.disable() }
}
