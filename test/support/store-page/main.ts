import type { Audit, Task, WorkerSays } from './worker.ts'

declare global {
  interface Window {
    /** Gives the worker a task and resolves with its result; what it reports on the way goes to `reported`. */
    runTask(task: Task | Audit): Promise<unknown>
    /** Bound by the test. */
    reported?(what: 'begun' | 'durable', index: number): void
  }
}

const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' })

window.runTask = (task) => {
  const outcome = Promise.withResolvers<unknown>()
  worker.onmessage = ({ data }: MessageEvent<WorkerSays>) => {
    if ('begun' in data) window.reported?.('begun', data.begun)
    else if ('durable' in data) window.reported?.('durable', data.durable)
    else if ('failed' in data) outcome.reject(new Error(data.failed))
    else outcome.resolve(data.result)
  }
  worker.postMessage(task)
  return outcome.promise
}
