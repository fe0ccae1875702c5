import { request } from 'node:http'
import { createInterface } from 'node:readline'
import { ReportedError } from '../../src/core/errors.ts'
import { ProgramGone } from '../errors.ts'
import { socketPath } from './path.ts'
import type { Answer } from './serve.ts'
import type { AddWish, Control, ItemFacts, KeepWish, PeerFacts, Progress, Status } from './types.ts'

/** The program that has this data folder open; undefined where none runs. A socket that nobody answers at is none. [CT3] */
export async function reachControl(dataDir: string): Promise<Control | undefined> {
  const control = new SocketControl(socketPath(dataDir))
  try {
    await control.status()
    return control
  } catch (error) {
    if (error instanceof ProgramGone) return undefined
    throw error
  }
}

export class SocketControl implements Control {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  list(): Promise<readonly ItemFacts[]> {
    return this.#ask('/list')
  }

  add(wish: AddWish, tell: (progress: Progress) => void): Promise<ItemFacts> {
    return this.#ask('/add', wish, tell)
  }

  keep(wish: KeepWish, tell: (progress: Progress) => void): Promise<ItemFacts> {
    return this.#ask('/keep', wish, tell)
  }

  forget(name: string): Promise<ItemFacts> {
    return this.#ask('/forget', { name })
  }

  status(): Promise<Status> {
    return this.#ask('/status')
  }

  peers(): Promise<readonly PeerFacts[]> {
    return this.#ask('/peers')
  }

  async close(): Promise<void> {}

  /** What is between here and there is this machine's own: lines are as `serve.ts` writes them. */
  async #ask<T>(path: string, wish: object = {}, tell?: (progress: Progress) => void): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const lost = (cause?: unknown) => reject(new ProgramGone({ cause }))
    const asking = request({ socketPath: this.#path, path, method: 'POST' }, (response) => {
      const lines = createInterface({ input: response })
      lines.on('line', (line) => {
        const answer = JSON.parse(line) as Answer
        if ('progress' in answer) tell?.(answer.progress)
        else if ('error' in answer) reject(new ReportedError(answer.error))
        else resolve(answer.done as T)
      })
      lines.once('close', () => lost())
      response.once('error', lost)
    })
    asking.once('error', lost)
    asking.end(JSON.stringify(wish))
    return promise
  }
}
