import { Bitmap } from '../../src/core/block/bitmap.ts'
import type { ErrorReport } from '../../src/core/errors.ts'
import * as storeErrors from '../../src/store/errors.ts'
import type { BlockStore } from '../../src/store/types.ts'
import type { StoreAsk } from './store-worker.ts'

type Answer = { id: number; result?: unknown; report?: ErrorReport }
type ErrorClass = { prototype: Error }

const classOfCode: Record<string, ErrorClass> = {
  'store-full': storeErrors.StoreFull,
  'store-closed': storeErrors.StoreClosed,
  'block-not-held': storeErrors.BlockNotHeld,
  'unknown-set': storeErrors.UnknownSet,
  'bad-store-call': storeErrors.BadStoreCall
}

export interface WorkerStore {
  readonly store: BlockStore
  /** Where blocks of new data sets rest. */
  readonly home: string
  /** Ends the worker at once, with whatever it was doing. */
  terminate(): void
}

/** A store that works in a dedicated worker of its own, as a tab's does. */
export async function openInWorker(kind: 'records' | 'best', name: string): Promise<WorkerStore> {
  const worker = new Worker(new URL('./store-worker.ts', import.meta.url), { type: 'module' })
  const asked = new Map<number, PromiseWithResolvers<unknown>>()
  worker.onmessage = ({ data: { id, result, report } }: MessageEvent<Answer>) => {
    if (report) asked.get(id)!.reject(errorOf(report))
    else asked.get(id)!.resolve(result)
    asked.delete(id)
  }
  let asks = 0
  const ask = async (method: StoreAsk['method'], ...args: readonly unknown[]): Promise<never> => {
    const id = asks++
    const outcome = Promise.withResolvers<unknown>()
    asked.set(id, outcome)
    worker.postMessage({ id, method, args } satisfies StoreAsk)
    return (await outcome.promise) as never
  }
  const store: BlockStore = {
    create: (...args) => ask('create', ...args),
    shape: (...args) => ask('shape', ...args),
    putBlocks: (...args) => ask('putBlocks', ...args),
    readBlocks: (...args) => ask('readBlocks', ...args),
    held: async (set) => {
      const held = (await ask('held', set)) as { size: number; bytes: Uint8Array } | undefined
      return held && new Bitmap(held.size, held.bytes)
    },
    putHashGroups: (...args) => ask('putHashGroups', ...args),
    readHashGroup: (...args) => ask('readHashGroup', ...args),
    remove: (...args) => ask('remove', ...args),
    sets: () => ask('sets'),
    usedBytes: () => ask('usedBytes'),
    close: () => ask('close')
  }
  return { store, home: await ask('open', kind, name), terminate: () => worker.terminate() }
}

function errorOf(report: ErrorReport): Error {
  const known = classOfCode[report.code]
  return Object.assign(Object.create(known?.prototype ?? Error.prototype) as Error, report)
}
