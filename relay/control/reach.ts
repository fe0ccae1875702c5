import { type IncomingMessage, request, type RequestOptions } from 'node:http'
import { ReportedError } from '../../src/core/errors.ts'
import type { InvitationView } from '../../src/engine/types.ts'
import { ProgramGone } from '../errors.ts'
import { socketPath } from './path.ts'
import type { Answer } from './serve.ts'
import type { AddWish, Control, InvitationFacts, ItemFacts, KeepWish, PeerFacts, Progress, Status } from './types.ts'

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

  async *list(): AsyncGenerator<ItemFacts> {
    for await (const answer of this.#lines('/list')) if ('item' in answer) yield answer.item
  }

  add(wish: AddWish, tell: (progress: Progress) => void): Promise<ItemFacts> {
    return this.#ask('/add', wish, tell)
  }

  keep(wish: KeepWish, tell: (progress: Progress) => void): Promise<ItemFacts> {
    return this.#ask('/keep', wish, tell)
  }

  forget(name: string): Promise<ItemFacts | InvitationView> {
    return this.#ask('/forget', { name })
  }

  status(): Promise<Status> {
    return this.#ask('/status')
  }

  peers(): Promise<readonly PeerFacts[]> {
    return this.#ask('/peers')
  }

  invite(name: string): Promise<InvitationFacts> {
    return this.#ask('/invite', { name })
  }

  invitations(): Promise<readonly InvitationFacts[]> {
    return this.#ask('/invitations')
  }

  revoke(name: string): Promise<InvitationFacts> {
    return this.#ask('/revoke', { name })
  }

  async close(): Promise<void> {}

  async #ask<T>(path: string, wish: object = {}, tell?: (progress: Progress) => void): Promise<T> {
    let done: unknown
    for await (const answer of this.#lines(path, wish)) {
      if ('progress' in answer) tell?.(answer.progress)
      else if ('done' in answer) done = answer.done
    }
    return done as T
  }

  /**
   * What is between here and there is this machine's own: lines are as `serve.ts` writes them, the last says that it is
   * done. @throws ProgramGone, ReportedError
   */
  async *#lines(path: string, wish: object = {}): AsyncGenerator<Answer> {
    const response = await answerTo({ socketPath: this.#path, path, method: 'POST' }, JSON.stringify(wish))
    try {
      let begun = ''
      for await (const text of response.setEncoding('utf8') as AsyncIterable<string>) {
        const lines = (begun + text).split('\n')
        begun = lines.pop()!
        for (const line of lines) {
          const answer = JSON.parse(line) as Answer
          if ('error' in answer) throw new ReportedError(answer.error)
          yield answer
          if ('done' in answer) return
        }
      }
    } catch (error) {
      throw error instanceof ReportedError ? error : new ProgramGone({ cause: error })
    } finally {
      response.destroy()
    }
    throw new ProgramGone()
  }
}

function answerTo(options: RequestOptions, body: string): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const asking = request(options, resolve)
  asking.once('error', (cause) => reject(new ProgramGone({ cause })))
  asking.end(body)
  return promise
}
