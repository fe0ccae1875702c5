import { readdir, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openControl } from '../../relay/control/open.ts'
import type { Control, ItemFacts } from '../../relay/control/types.ts'
import { readKeeperConfig } from '../../relay/keeper-config.ts'
import { type RunningKeeper, startKeeper } from '../../relay/keeper.ts'
import { checkFolder } from '../../src/store/fsck.ts'
import { temporaryFolder } from '../support/files.ts'
import { luckOf, seededBytes } from '../support/seeded.ts'
import { within } from '../support/waiting.ts'

interface File {
  readonly path: string
  readonly bytes: Uint8Array
  /** Sent and added again and again, and removed. */
  readonly isShared: boolean
}

interface Asking {
  readonly headers?: Readonly<Record<string, string | number>>
  readonly bytes?: Uint8Array
  /** The client leaves once it has sent so many bytes. */
  readonly cutAt?: number
  readonly mayBeCut?: boolean
}

/** What clients are told where room ends, a data set is gone, or the keeper stops. */
const mayAnswer = [200, 204, 206, 404, 416, 507]
const mayFail = ['program-gone', 'store-blocked', 'store-full', 'not-held', 'item-gone', 'stopped', 'cannot-read']
const sizes = [1, 70_000, 300_000, 1_500_000, 3_000_000]

/** Clients of both doors of one keeper, which is stopped and started meanwhile. */
class Clients {
  readonly said: string[] = []
  readonly #dir: string
  readonly #luck: () => number
  readonly #files: File[] = []
  readonly #told = new Map<string, File>()
  readonly #deeds = new Set<Promise<void>>()
  readonly #faults: string[] = []
  #keeper: RunningKeeper | undefined

  constructor(dir: string, seed: number) {
    this.#dir = dir
    this.#luck = luckOf(seed * 77 + 3)
    for (let i = 0; i < 20; i++) this.#luck()
  }

  get #data(): string {
    return join(this.#dir, 'keeper')
  }

  async start(): Promise<void> {
    const args = ['--rest-port', '0', '--data', this.#data, '--quota', '30000000', '--listen', '/ip4/127.0.0.1/tcp/0']
    // A verb that found nobody may have the library open just now.
    for (let isOurs = false; !isOurs;) {
      this.#keeper = await startKeeper(readKeeperConfig({}, args)).catch((error: { code?: string }) => {
        if (error.code !== 'store-blocked') throw error
        return undefined
      })
      isOurs = this.#keeper !== undefined
    }
    while (this.#files.length < 3) await this.#file(true)
  }

  async act(steps: number): Promise<void> {
    for (let step = 0; step < steps; step++) {
      const luck = this.#luck()
      if (luck < 0.03) await this.#restart()
      else this.#begin(luck < 0.5 ? this.#request() : this.#verb())
      // Time: clients come at any moment, which is no event that could be waited for.
      await new Promise((resolve) => setTimeout(resolve, this.#luck() * 8))
    }
    await within(20_000, 'everybody is answered', Promise.all(this.#deeds))
    expect(this.#faults.join()).toBe('')
  }

  #begin(work: Promise<void>): void {
    const deed = work
      .catch((error: Error) => void this.#faults.push(error.message))
      .finally(() => this.#deeds.delete(deed))
    this.#deeds.add(deed)
  }

  async #restart(): Promise<void> {
    this.said.push('restart')
    await this.stop()
    await this.start()
  }

  async #request(): Promise<void> {
    const luck = this.#luck()
    const cid = this.#pick([...this.#told.keys()])
    if (luck < 0.5 || cid === undefined) return this.#send(await this.#any(), this.#luck() < 0.3)
    if (luck < 0.6 && this.#told.get(cid)!.isShared) return void (await this.#ask('DELETE', `/data/${cid}`))
    const { bytes, isShared } = this.#told.get(cid)!
    const start = luck < 0.8 ? 0 : Math.floor(this.#luck() * bytes.length)
    const headers = { Range: `bytes=${start}-` }
    // One that somebody removes meanwhile ends in its middle.
    const answer = await this.#ask('GET', `/data/${cid}`, { headers, mayBeCut: isShared })
    if (answer?.status === 206) expect(answer.body.equals(bytes.subarray(start)), cid).toBe(true)
  }

  async #send(file: File, isCut: boolean): Promise<void> {
    const type = { 'Content-Type': 'application/octet-stream', 'Content-Disposition': `filename="${file.path}"` }
    const headers = this.#luck() < 0.6 ? { ...type, 'Content-Length': file.bytes.length } : type
    const cutAt = isCut ? Math.floor(this.#luck() * file.bytes.length) : undefined
    const answer = await this.#ask('POST', '/data', { headers, bytes: file.bytes, cutAt })
    if (answer?.status === 200) this.#told.set(answer.body.toString(), file)
  }

  /** Undefined where the connection ends before the answer. */
  async #ask(method: string, path: string, { headers = {}, bytes, cutAt, mayBeCut = false }: Asking = {}) {
    const keeper = this.#keeper
    const { promise, resolve } = Promise.withResolvers<{ status: number; body: Buffer } | undefined>()
    if (!keeper) return undefined // it is being started again
    const asking = request(
      `${keeper.rest}/api/codex/v1${path}`,
      { method, headers, agent: false },
      async (response) => {
        const parts: Buffer[] = await response.toArray().catch(() => [])
        resolve(response.complete ? { status: response.statusCode!, body: Buffer.concat(parts) } : undefined)
      }
    )
    asking.on('error', () => resolve(undefined))
    if (cutAt === undefined) asking.end(bytes)
    else asking.write(bytes!.subarray(0, cutAt), () => asking.destroy())
    const answer = await promise
    this.said.push(`${method} ${path} ${answer?.status} ${answer?.body.length}`)
    if (answer) expect(mayAnswer, answer.body.toString()).toContain(answer.status)
    else expect(mayBeCut || cutAt !== undefined || this.#keeper !== keeper, `${method} ${path} is answered`).toBe(true)
    return answer
  }

  async #verb(): Promise<void> {
    try {
      const control = await openControl(this.#data, [])
      await this.#useVerb(control).finally(() => control.close())
    } catch (error) {
      this.said.push(`verb: ${(error as Error).message}`)
      expect(mayFail, (error as Error).stack).toContain((error as { code?: string }).code)
    }
  }

  async #useVerb(control: Control): Promise<void> {
    const luck = this.#luck()
    const cid = this.#pick([...this.#told.keys()])
    if (luck < 0.5 || cid === undefined) {
      const file = await this.#any()
      const facts = await control.add({ paths: [join(this.#dir, file.path)], plain: luck < 0.4 }, () => undefined)
      if (facts.kind === 'plain') this.#told.set(facts.cid!, file)
    } else if (luck < 0.7 && this.#told.get(cid)!.isShared) await control.forget(cid)
    else if (luck < 0.85) await control.status()
    else for await (const { title } of control.list()) expect(title).not.toBe('')
  }

  /** Both doors show the same, all that was told is there, and nothing is left over. */
  async hold(): Promise<void> {
    const [control, listed] = [await openControl(this.#data, []), await this.#ask('GET', '/data')]
    const items: ItemFacts[] = []
    for await (const item of control.list()) items.push(item)
    expect(items.filter(({ complete }) => !complete)).toEqual([])
    const cids = items.flatMap(({ kind, cid }) => (kind === 'plain' ? cid! : []))
    expect(cids.length, 'each is held once').toBe(new Set(cids).size)
    const { content } = JSON.parse(listed!.body.toString()) as { content: { cid: string }[] }
    expect(content.map(({ cid }) => cid).sort()).toEqual(cids.toSorted())
    for (const [cid, { bytes, isShared }] of this.#told) {
      const answer = await this.#ask('GET', `/data/${cid}`)
      if (!isShared || cids.includes(cid)) expect(answer!.body.equals(bytes), cid).toBe(true)
    }
    await this.stop()
    expect(await readdir(join(this.#data, 'uploads'))).toEqual([])
    expect((await readdir(this.#data)).sort()).toEqual(['keeper.key', 'store', 'uploads'])
    expect(await checkFolder(join(this.#data, 'store'))).toMatchObject({ setCount: items.length, problems: [] })
  }

  async stop(): Promise<void> {
    const keeper = this.#keeper
    this.#keeper = undefined
    if (keeper) await within(10_000, 'the keeper stops', keeper.stop())
  }

  async #any(): Promise<File> {
    return this.#luck() < 0.7 ? this.#files[Math.floor(this.#luck() * 3)]! : this.#file(false)
  }

  async #file(isShared: boolean): Promise<File> {
    const path = `${this.#files.length}.bin`
    const file = { path, bytes: seededBytes(this.#files.length + 1, this.#pick(sizes)!), isShared }
    this.#files.push(file)
    await writeFile(join(this.#dir, path), file.bytes)
    return file
  }

  #pick<T>(all: readonly T[]): T | undefined {
    return all[Math.floor(this.#luck() * all.length)]
  }
}

// The platform ends what goes on at one time in an order of its own: a seed gives the same deeds, not quite the same run.
describe('whatever clients of a keeper do, in whatever order', () => {
  it.for([1, 2])('[RE3] [RE5] [CT4] [CT6] nothing hangs, is lost or is left over, seed %i', async (seed) => {
    await using place = await temporaryFolder('whatever')
    const clients = new Clients(place.path, seed)
    await clients.start()
    try {
      await clients.act(200)
      await clients.hold()
    } catch (error) {
      await clients.stop()
      throw new Error(`${(error as Error).message}\n${clients.said.join('\n')}`, { cause: error })
    }
  })
})
