interface Reply {
  readonly id?: number
  readonly type?: string
  readonly method?: string
  readonly result?: unknown
  readonly message?: string
  readonly error?: { readonly message: string }
}

/** Commands to a browser over one WebSocket, each answered by its number: WebDriver BiDi and DevTools speak alike. */
export class CommandSocket {
  readonly #socket: WebSocket
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>()
  readonly #awaited = new Map<string, PromiseWithResolvers<void>>()
  #last = 0

  static async open(address: string): Promise<CommandSocket> {
    const socket = new WebSocket(address)
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve, { once: true })
      socket.addEventListener('error', () => reject(new Error('The browser refuses to be driven.')), { once: true })
    })
    return new CommandSocket(socket)
  }

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.addEventListener('message', ({ data }) => this.#receive(JSON.parse(String(data)) as Reply))
    socket.addEventListener('close', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('The browser has ended.'))
      this.#waiting.clear()
    })
  }

  send<T>(method: string, params: object = {}): Promise<T> {
    const id = ++this.#last
    const waiting = Promise.withResolvers<unknown>()
    this.#waiting.set(id, waiting)
    this.#socket.send(JSON.stringify({ id, method, params }))
    return waiting.promise as Promise<T>
  }

  /** Resolves when the browser next tells of an event. */
  event(method: string): Promise<void> {
    const awaited = this.#awaited.get(method) ?? Promise.withResolvers<void>()
    this.#awaited.set(method, awaited)
    return awaited.promise
  }

  #receive(reply: Reply): void {
    if (reply.method !== undefined) {
      this.#awaited.get(reply.method)?.resolve()
      this.#awaited.delete(reply.method)
    }
    const waiting = reply.id === undefined ? undefined : this.#waiting.get(reply.id)
    if (reply.id === undefined || waiting === undefined) return
    this.#waiting.delete(reply.id)
    const fault = reply.error?.message ?? (reply.type === 'error' ? reply.message : undefined)
    if (fault === undefined) waiting.resolve(reply.result)
    else waiting.reject(new Error(`The browser: ${fault}`))
  }
}
