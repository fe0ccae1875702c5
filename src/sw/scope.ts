/** What the worker uses of its global scope: TypeScript's own types for it do not live beside those of a page. */

export interface LifeEvent extends Event {
  waitUntil(work: Promise<unknown>): void
}

export interface RequestEvent extends LifeEvent {
  readonly request: Request
  readonly clientId: string
  respondWith(response: Promise<Response>): void
}

export interface WorkerMessageEvent extends LifeEvent {
  readonly data: unknown
}

export interface WindowPage {
  readonly id: string
  readonly url: string
  readonly type: string
  postMessage(message: unknown, transfer: Transferable[]): void
  focus(): Promise<unknown>
}

export interface NoteEvent extends LifeEvent {
  readonly notification: { close(): void }
}

export interface WorkerScope {
  readonly registration: { readonly scope: string }
  readonly clients: {
    get(id: string): Promise<WindowPage | undefined>
    matchAll(options: { type: 'window'; includeUncontrolled: boolean }): Promise<readonly WindowPage[]>
    claim(): Promise<void>
  }
  skipWaiting(): Promise<void>
  addEventListener(type: 'install' | 'activate', listener: (event: LifeEvent) => void): void
  addEventListener(type: 'notificationclick', listener: (event: NoteEvent) => void): void
  addEventListener(type: 'fetch', listener: (event: RequestEvent) => void): void
  addEventListener(type: 'message', listener: (event: WorkerMessageEvent) => void): void
}
