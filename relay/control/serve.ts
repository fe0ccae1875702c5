import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { reportOf } from '../../src/core/errors.ts'
import { controlBodyBytesMax } from '../../src/core/limits.ts'
import { BadCommand } from '../errors.ts'
import { noteFailures } from '../listening.ts'
import type { Log } from '../log.ts'
import { socketPath } from './path.ts'
import type { AddWish, Control, ItemFacts, KeepWish, Progress } from './types.ts'

/** One answer: how far it is, as often as it changes, or one item of many, and how it ended. One JSON object a line. */
export type Answer =
  | { readonly progress: Progress }
  | { readonly item: ItemFacts }
  | { readonly done: unknown }
  | { readonly error: ReturnType<typeof reportOf> }

/** Resolves when the other end has taken what was said before, or has gone. */
type Say = (line: Answer) => Promise<void>

type Call = (control: Control, wish: Record<string, unknown>, say: Say) => Promise<unknown>

const calls: Readonly<Record<string, Call>> = {
  '/list': async (control, _wish, say) => {
    for await (const item of control.list()) await say({ item })
  },
  '/add': (control, wish, say) => control.add(addWishOf(wish), (progress) => void say({ progress })),
  '/keep': (control, wish, say) => control.keep(keepWishOf(wish), (progress) => void say({ progress })),
  '/forget': (control, wish) => control.forget(textOf(wish['name'])),
  '/status': (control) => control.status(),
  '/peers': (control) => control.peers(),
  '/invite': (control, wish) => control.invite(textOf(wish['name'])),
  '/invitations': (control) => control.invitations(),
  '/revoke': (control, wish) => control.revoke(textOf(wish['name']))
}

/**
 * Answers at the socket of a data folder, to whoever may write to it: the person who runs this program. The folder is
 * ours, so that a socket that stands there is left from a program that was killed. Returns how to end it. [CT1] [CT2]
 */
export async function serveControl(control: Control, dataDir: string, log: Log): Promise<() => Promise<void>> {
  const path = socketPath(dataDir)
  await rm(path, { force: true })
  const server = createServer((request, response) => void answer(control, request, response))
  const before = process.umask(0o177)
  try {
    server.listen(path)
    await once(server, 'listening')
  } finally {
    process.umask(before)
  }
  noteFailures(server, log)
  return async () => {
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  }
}

async function answer(control: Control, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const gone = once(response, 'close')
  const say = async (line: Answer) => {
    if (!response.writable || response.write(`${JSON.stringify(line)}\n`)) return
    await Promise.race([once(response, 'drain'), gone])
  }
  try {
    const call = request.method === 'POST' ? calls[request.url ?? ''] : undefined
    if (!call) throw new BadCommand('The program that runs there knows no such request: is it of another version?')
    const wish = await bodyOf(request)
    void say({ done: (await call(control, wish, say)) ?? null })
  } catch (error) {
    void say({ error: reportOf(error) })
  }
  response.end()
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = ''
  for await (const chunk of request.setEncoding('utf8') as AsyncIterable<string>) {
    text += chunk
    if (text.length > controlBodyBytesMax) throw new BadCommand('This names too much at once. Do it in several steps.')
  }
  const wish: unknown = JSON.parse(text || '{}')
  if (typeof wish !== 'object' || wish === null) throw new BadCommand('A request is one JSON object.')
  return wish as Record<string, unknown>
}

function addWishOf({ paths, plain, copies, invitation }: Record<string, unknown>): AddWish {
  if (!Array.isArray(paths)) throw new BadCommand('paths is a list of texts.')
  const asked = { copies: countOf(copies), invitation: maybeTextOf(invitation) }
  return { paths: paths.map(textOf), plain: plain === true, ...asked }
}

function keepWishOf({ link, copies, invitation }: Record<string, unknown>): KeepWish {
  return { link: textOf(link), copies: countOf(copies), invitation: maybeTextOf(invitation) }
}

function textOf(value: unknown): string {
  if (typeof value === 'string' && value !== '') return value
  throw new BadCommand('A text is missing in this request.')
}

const maybeTextOf = (value: unknown): string | undefined => (value === undefined ? undefined : textOf(value))

const countOf = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined)
