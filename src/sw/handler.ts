/** A request as handlers look at it. */
export interface ParsedRequest {
  readonly request: Request
  /** Path below the page's home, without a leading slash; undefined for anything outside of it. */
  readonly path: string | undefined
  /** Without the question mark. */
  readonly query: string
  /** The page that asked; empty where there is none. Never what comes of a navigation, which is no page until it is answered. */
  readonly clientId: string
}

/** Answers the requests that it can. Whatever no handler can is the network's, untouched. */
export interface Handler {
  readonly name: string
  canHandle(request: ParsedRequest): boolean
  handle(request: ParsedRequest): Promise<Response>
}

/** `homeUrl` is the worker's scope. */
export function parseRequest(request: Request, homeUrl: string, clientId: string): ParsedRequest {
  const url = new URL(request.url)
  const within = `${url.origin}${url.pathname}`.startsWith(homeUrl)
  const path = within ? url.pathname.slice(new URL(homeUrl).pathname.length) : undefined
  return { request, path, query: url.search.slice(1), clientId }
}
