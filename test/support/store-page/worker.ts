import { blockBytes } from '../../../src/core/limits.ts'
import { hexOf } from '../../../src/core/bytes.ts'
import type { SetId } from '../../../src/core/ids.ts'
import { openBrowserStore } from '../../../src/store/browser.ts'
import { openIndexedDb } from '../../../src/store/indexeddb.ts'
import { buffered, type BufferedBlockStore } from '../../../src/store/segment-buffer.ts'
import { seededBytes } from '../seeded.ts'

export interface Task {
  readonly kind: 'write' | 'verify'
  readonly home: 'file' | 'records'
  readonly set: string
  readonly blockCount: number
}

/** Looks at everything that a store of this origin claims to hold. */
export interface Audit {
  readonly kind: 'audit'
  readonly database: string
}

/** A block that a store claims to hold, and the digest of what it gives for it; undefined when it cannot be read. */
export interface Claim {
  readonly set: string
  readonly index: number
  readonly sha256: string | undefined
}

/** What is claimed, and which of it cannot be read or is not what was written. */
export interface Verified {
  readonly claimed: readonly number[]
  readonly wrong: readonly number[]
}

export type WorkerSays = { begun: number } | { durable: number } | { result: unknown } | { failed: string }

const timer = {
  after(delayMs: number, run: () => void) {
    const id = setTimeout(run, delayMs)
    return () => clearTimeout(id)
  }
}

let opened: Promise<BufferedBlockStore> | undefined

async function open(home: Task['home']): Promise<BufferedBlockStore> {
  if (home === 'records') return buffered((await openIndexedDb('crash')).blocks, timer)
  const best = await openBrowserStore('crash')
  if (best.home !== 'file') throw new Error('this browser has no shared private files')
  return buffered(best.blocks, timer)
}

const say = (what: WorkerSays): void => self.postMessage(what)
const contentOf = (set: string, index: number) => seededBytes(set.length * 65_537 + index + 1, blockBytes)

/** Blocks within which a writer jumps about, so that segments fill side by side. */
const windowBlocks = 256
/** Without common factor with the window, so that each of its blocks comes once. */
const stride = 37

/** Puts every block, up to two segments ahead of the disk. */
async function write(store: BufferedBlockStore, { set, blockCount }: Task): Promise<void> {
  await store.create(set as SetId, { blockCount, blockBytes })
  const ahead = new Set<Promise<void>>()
  for (let i = 0; i < blockCount; i++) {
    const index = i - (i % windowBlocks) + ((i * stride) % windowBlocks)
    const put = store.putBlocks(set as SetId, [{ index, bytes: contentOf(set, index) }]).then(() => {
      ahead.delete(put)
      say({ durable: index })
    })
    ahead.add(put)
    say({ begun: i })
    if (ahead.size >= 128) {
      await store.flush(set as SetId)
      await Promise.race(ahead)
    }
  }
  await store.flush(set as SetId)
  await Promise.all(ahead)
}

async function verify(store: BufferedBlockStore, { set }: Task): Promise<Verified> {
  const held = await store.held(set as SetId)
  const claimed: number[] = []
  const wrong: number[] = []
  for (const { start, count } of held?.ranges() ?? []) {
    for (let index = start; index < start + count; index++) {
      claimed.push(index)
      const read = await store.readBlocks(set as SetId, { start: index, count: 1 }).catch(() => undefined)
      const isRight = read !== undefined && (await digestOf(read[0]!)) === (await digestOf(contentOf(set, index)))
      if (!isRight) wrong.push(index)
    }
  }
  return { claimed, wrong }
}

async function audit({ database }: Audit): Promise<Claim[]> {
  const { blocks } = await openBrowserStore(database)
  const claims: Claim[] = []
  for (const set of await blocks.sets()) {
    const held = await blocks.held(set)
    for (const { start, count } of held?.ranges() ?? []) {
      for (let index = start; index < start + count; index++) {
        const read = await blocks.readBlocks(set, { start: index, count: 1 }).catch(() => undefined)
        claims.push({ set, index, sha256: read && (await digestOf(read[0]!)) })
      }
    }
  }
  return claims
}

const digestOf = async (bytes: Uint8Array): Promise<string> =>
  hexOf(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>)))

self.onmessage = async ({ data: task }: MessageEvent<Task | Audit>) => {
  try {
    if (task.kind === 'audit') return say({ result: await audit(task) })
    const store = await (opened ??= open(task.home))
    say({ result: await (task.kind === 'write' ? write : verify)(store, task) })
  } catch (thrown) {
    say({ failed: String(thrown) })
  }
}
