import { streamFirstAnswerMs } from '../core/limits.ts'
import { parseStreamPath, type StreamAddress } from '../core/stream/address.ts'
import { NoPageAnswered, StreamUnknown } from '../core/stream/errors.ts'
import { streamHead } from '../core/stream/head.ts'
import type { Handler, ParsedRequest } from './handler.ts'
import { askPage, type Page, type PageAnswer, PageSource } from './page-source.ts'

/** Finds open pages of ours. */
export interface Pages {
  byId(id: string): Promise<(Page & { readonly id: string }) | undefined>
  all(): Promise<readonly (Page & { readonly id: string })[]>
}

/** Answers `stream/…` from whichever page has the item. [SW rules in core/stream/SPEC.md] */
export function streamHandler(pages: Pages): Handler {
  return {
    name: 'stream',
    canHandle: ({ request, path, query }) =>
      (request.method === 'GET' || request.method === 'HEAD') &&
      path !== undefined &&
      parseStreamPath(path, query) !== undefined,
    async handle(parsed) {
      const address = parseStreamPath(parsed.path!, parsed.query)!
      const source = await findSource(pages, parsed, address)
      return respond(source, parsed.request, address)
    }
  }
}

function respond(source: PageSource, request: Request, { download }: StreamAddress): Response {
  const asked = { range: request.headers.get('range'), ifRange: request.headers.get('if-range'), download }
  const { status, headers, start, end } = streamHead(asked, source.subject)
  const init = { status, headers: headers.map(([name, value]): [string, string] => [name, value]) }
  if (request.method === 'HEAD' || status === 416) {
    source.close()
    return new Response(null, init)
  }
  return new Response(source.body(start, end), init)
}

/** The page that asked, else any other that has the file. [SR2] [SR3] */
async function findSource(pages: Pages, { clientId }: ParsedRequest, address: StreamAddress): Promise<PageSource> {
  const near = clientId === '' ? undefined : await pages.byId(clientId)
  const first = near && askPage(near, address)
  if (first) {
    const early = await Promise.race([first, delay(streamFirstAnswerMs)])
    if (early instanceof PageSource) return early
  }
  const others = (await pages.all()).filter(({ id }) => id !== near?.id).map((page) => askPage(page, address))
  return firstSource(first ? [first, ...others] : others)
}

/** The first that gives the bytes; later ones are let go. */
async function firstSource(answers: readonly Promise<PageAnswer>[]): Promise<PageSource> {
  let found: PageSource | undefined
  const sources = answers.map(async (answer) => {
    const source = await answer
    if (!(source instanceof PageSource)) throw source === 'absent' ? new StreamUnknown() : new NoPageAnswered()
    if (found) source.close()
    return (found ??= source)
  })
  try {
    return await Promise.any(sources)
  } catch (cause) {
    const reasons = (cause as AggregateError).errors
    const unknown = reasons.find((reason) => reason instanceof StreamUnknown)
    throw unknown ?? new NoPageAnswered()
  }
}

const delay = (ms: number): Promise<undefined> => new Promise((resolve) => setTimeout(resolve, ms, undefined))
