import { figure, untilFigure } from './figures.ts'
import { type Quire, startQuire } from './program.ts'
import { within } from './waiting.ts'

/** Nobody listens there. */
const nobody = 'http://127.0.0.1:9'

/** Relays in processes of their own, each told of the first two. */
export class RelayPrograms implements AsyncDisposable {
  readonly relays: Quire[] = []

  static async start(count: number): Promise<RelayPrograms> {
    await using stack = new AsyncDisposableStack()
    const programs = stack.use(new RelayPrograms())
    for (let n = 0; n < count; n++) programs.relays.push(await programs.#begin(programs.#named()))
    await programs.know(count - 1)
    stack.move()
    return programs
  }

  /** Resolves once each of these relays knows so many others. */
  async know(least: number): Promise<void> {
    const each = this.relays.map(({ url }) => untilFigure(url, 'quire_relays_known', least))
    await within(90_000, `each relay knows ${least} others`, Promise.all(each))
  }

  /** SIGKILL. */
  async kill(which: readonly number[]): Promise<void> {
    await Promise.all(which.map((n) => this.relays[n]!.program.kill()))
  }

  /** Where each stood before, with the same key. */
  async restart(which: readonly number[]): Promise<void> {
    for (const n of which) {
      const { port, dataDir } = this.relays[n]!
      this.relays[n] = await this.#begin(this.#named(), { port, dataDir })
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.relays.map((relay) => relay.stop()))
  }

  #named(): string {
    return this.relays.length === 0
      ? nobody
      : this.relays
          .slice(0, 2)
          .map(({ url }) => url)
          .join()
  }

  #begin(bootstrap: string, place: { port?: number; dataDir?: string } = {}): Promise<Quire> {
    return startQuire({
      ...place,
      env: { QUIRE_PUBLIC_HOST: '127.0.0.1', QUIRE_BOOTSTRAP: bootstrap, QUIRE_TURN: 'off' }
    })
  }
}

/** How long after a tab asked a relay for the first time that relay knew of a peer at another one. */
export async function msUntilFound({ url }: Quire): Promise<number> {
  const before = await figure(url, 'quire_tracker_messages_total')
  await untilFigure(url, 'quire_tracker_messages_total', before + 1)
  const beganMs = performance.now()
  await untilFigure(url, 'quire_relays_peers', 1)
  return performance.now() - beganMs
}
