import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, stat, truncate, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { reachControl } from '../../relay/control/reach.ts'
import type { ItemFacts, Status } from '../../relay/control/types.ts'
import { type RunningRelay, startRelay } from '../../relay/relay.ts'
import { newSetId } from '../../src/engine/set-id.ts'
import { openStore } from '../../src/store/open.ts'
import { temporaryFolder } from '../support/files.ts'
import { type Outcome, type Program, runProgram, startProgram, startQuire } from '../support/program.ts'
import { seededBytes } from '../support/seeded.ts'

const cli = 'relay/cli.ts'
let place: Awaited<ReturnType<typeof temporaryFolder>>
let relay: RunningRelay
let film: string

beforeAll(async () => {
  place = await temporaryFolder('control')
  film = join(place.path, 'film.bin')
  await writeFile(film, seededBytes(7, 900_000))
  relay = await startRelay({ port: 0, host: '127.0.0.1', dataDir: join(place.path, 'relay'), json: false }, place.path)
})

afterAll(async () => {
  await relay.stop()
  await place[Symbol.asyncDispose]()
})

const folder = (name: string) => join(place.path, name)
const quire = (...args: readonly string[]): Promise<Outcome> => runProgram(cli, args, { QUIRE_RELAY: relay.url })
const last = <T>({ lines }: Outcome): T => JSON.parse(lines.at(-1)!) as T

async function startKeeper(dataDir: string): Promise<Program> {
  const program = startProgram(cli, ['keeper', '--rest-port', '0', '--data', dataDir, '--relay', relay.url, '--json'])
  await program.line()
  return program
}

describe('a library that no program has open', () => {
  it('takes, lists and forgets by itself', async () => {
    const data = folder('alone')
    const added = await quire('add', film, '--data', data, '--json')
    expect(added.code, added.said).toBe(0)
    const { link, cid } = last<ItemFacts>(added)
    expect(link).toContain(`/#/s/${cid}?k=`)
    expect(last(await quire('ls', '--data', data, '--json'))).toMatchObject({ cid, title: 'film.bin', complete: true })
    expect(last(await quire('status', '--data', data, '--json'))).toMatchObject({ items: 1, heldForOthers: 0 })
    expect((await quire('forget', cid!, '--data', data)).lines).toEqual(['film.bin is removed'])
    expect((await quire('ls', '--data', data)).lines).toEqual([])
  })

  it('has no peers to tell of, and says how to get some', async () => {
    const { code, said } = await quire('peers', '--data', folder('nobody'))
    expect({ code, said }).toMatchObject({ code: 1, said: expect.stringContaining('quire keeper --data') as string })
  })

  it('[CT6] keeps nothing of what cannot be read, and says whose fault it is', async () => {
    const data = folder('unread')
    const { code, lines } = await quire('add', folder('missing.bin'), '--data', data, '--json')
    expect({ code, error: (JSON.parse(lines.at(-1)!) as { error: object }).error }).toMatchObject({
      code: 1,
      error: { code: 'cannot-read', fault: 'user' }
    })
    expect(last<Status>(await quire('status', '--data', data, '--json')).items).toBe(0)
  })

  it('[CT6] keeps nothing of what is still read when it is stopped', async () => {
    const [data, long] = [folder('stopped'), folder('long.bin')]
    await writeFile(long, '')
    await truncate(long, 600_000_000)
    const adding = startProgram(cli, ['add', long, '--data', data, '--relay', relay.url, '--json'])
    expect(JSON.parse(await adding.line())).toMatchObject({ state: 'adding' })
    expect(await adding.stop()).toBe(130)
    const { blocks, catalog } = await openStore(join(data, 'store'))
    expect([await catalog.items(), await blocks.sets()]).toEqual([[], []])
    await Promise.all([blocks.close(), catalog.close()])
  })

  it('does what it is asked also where nobody reads on, and lists no further', async () => {
    const data = folder('unheard')
    const adding = startProgram(cli, ['add', film, '--data', data, '--relay', relay.url, '--json'])
    adding.process.stdout!.destroy()
    expect(await once(adding.process, 'close')).toEqual([0, null])
    const { blocks, catalog } = await openStore(join(data, 'store'))
    const [added] = await catalog.items()
    expect(added).toMatchObject({ title: 'film.bin', complete: true })
    const many = Array.from({ length: 300 }, (_, i) => ({ ...added!, id: newSetId(), title: `${i}`.padStart(1_000) }))
    await Promise.all(many.map((item) => catalog.putItem(item)))
    await Promise.all([blocks.close(), catalog.close()])
    const listing = startProgram(cli, ['ls', '--data', data])
    listing.process.stdout!.destroy()
    expect(await once(listing.process, 'close')).toEqual([0, null])
  })

  it('takes --data or QUIRE_DATA, and says so', async () => {
    const { code, said } = await quire('status')
    expect({ code, said }).toMatchObject({ code: 2, said: expect.stringContaining('--data DIR') as string })
    for (const words of [['status'], ['forget', (await quire('cid', film)).lines[0]!]]) {
      const { code: failed, said: why } = await quire(...words, '--data', folder('mistyped'))
      expect([words[0], failed, why]).toEqual([words[0], 1, expect.stringContaining('mistyped')])
      await expect(stat(folder('mistyped'))).rejects.toThrow('ENOENT')
    }
    const fromEnvironment = await runProgram(cli, ['ls'], { QUIRE_DATA: folder('nowhere') })
    expect(fromEnvironment.said).toContain('nowhere')
  })
})

describe('a library that a keeper has open', () => {
  it('[CT1] [CT4] does the same by way of the keeper, who serves what was added', async () => {
    const data = folder('kept')
    await using keeper = await startKeeper(data)
    expect((await stat(join(data, 'control.sock'))).mode & 0o777).toBe(0o600)
    const { link, cid } = last<ItemFacts>(await quire('add', film, '--data', data, '--json'))
    const other = folder('other')
    const kept = await quire('keep', link!, '--data', other, '--json')
    expect(kept.code, kept.said).toBe(0)
    expect(last<ItemFacts>(kept)).toMatchObject({ cid, complete: true })
    const status = last<Status>(await quire('status', '--data', data, '--json'))
    expect(status).toMatchObject({ items: 1, running: { relays: [{ url: relay.url, state: 'reserved' }] } })
    expect(last(await quire('ls', '--data', data, '--json'))).toMatchObject({ cid })
    expect((await quire('forget', link!, '--data', data)).code).toBe(0)
    expect((await quire('ls', '--data', data)).lines).toEqual([])
    expect((await quire('forget', link!, '--data', data, '--json')).said).toContain('quire ls')
    await keeper.stop()
    expect(await reachControl(data)).toBeUndefined()
  })

  it('tells who is connected to it', async () => {
    const data = folder('asked')
    await using keeper = await startKeeper(data)
    const { link } = last<ItemFacts>(await quire('add', film, '--data', data, '--json'))
    await using holder = startProgram(cli, [
      'keeper',
      '--rest-port',
      '0',
      '--data',
      folder('asking'),
      '--relay',
      relay.url
    ])
    await holder.line()
    const control = (await reachControl(folder('asking')))!
    const seen = new Promise<void>((resolve) => {
      void control.keep({ link: link! }, ({ peers }) => peers.length > 0 && resolve())
    })
    await seen
    const [peer] = (await quire('peers', '--data', folder('asking'), '--json')).lines
    expect(JSON.parse(peer!)).toMatchObject({ role: 'keeper', title: 'film.bin' })
    await Promise.all([holder.stop(), keeper.stop()])
  })

  it('[CT2] [CT3] a socket that a killed keeper left counts as none, and is replaced', async () => {
    const data = folder('killed')
    const killed = await startKeeper(data)
    await killed.kill()
    expect((await stat(join(data, 'control.sock'))).isSocket()).toBe(true)
    expect(await reachControl(data)).toBeUndefined()
    await using again = await startKeeper(data)
    expect(await reachControl(data)).toBeDefined()
    await again.stop()
  })

  it('[CT5] a program that ends in the middle is told as gone', async () => {
    const data = folder('gone')
    const server = createServer((socket) => socket.once('data', () => socket.destroy()))
    await mkdir(data)
    await new Promise<void>((resolve) => server.listen(join(data, 'control.sock'), resolve))
    const { SocketControl } = await import('../../relay/control/reach.ts')
    await expect(new SocketControl(join(data, 'control.sock')).status()).rejects.toMatchObject({ code: 'program-gone' })
    server.close()
  })
})

describe('copies at keepers', () => {
  it('are held before the command ends, so that others get it from there', async () => {
    await using site = await startQuire({ keeper: true })
    const [from, to] = [folder('giver'), folder('taker')]
    const added = await quire('add', film, '--data', from, '--copies', '1', '--relay', site.url, '--json')
    expect(added.code, added.said).toBe(0)
    const { link } = last<ItemFacts>(added)
    const kept = await quire('keep', link!, '--data', to, '--relay', site.url, '--json')
    expect({ code: kept.code, ...last<ItemFacts>(kept) }, kept.said).toMatchObject({ code: 0, complete: true })
  })

  it('are a number', async () => {
    const { code, said } = await quire('add', film, '--data', folder('many'), '--copies', 'all')
    expect({ code, said }).toEqual({ code: 2, said: '--copies is "all"; it must be a number above 0.' })
    expect((await quire('add', film, '--data', folder('many'), '--copies', '99')).said).toContain('from 1 to 8')
  })
})

describe('quire completion', () => {
  /** What bash offers for the last of these words. */
  async function offered(...words: readonly string[]): Promise<string[]> {
    const { lines } = await quire('completion', 'bash')
    const ask = `COMP_WORDS=(quire ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}; _quire`
    const script = `${lines.join('\n')}\n${ask}; printf '%s\\n' "\${COMPREPLY[@]}"`
    return execFileSync('bash', ['-c', script], { encoding: 'utf8', cwd: place.path }).trim().split('\n')
  }

  it('completes commands, flags, choices and files in bash', async () => {
    expect(await offered('ke')).toEqual(['keep', 'keeper'])
    expect(await offered('keep', '--co')).toEqual(['--copies'])
    expect(await offered('keeper', '--rest-p')).toEqual(['--rest-port'])
    expect(await offered('cid', '--wire', '0')).toEqual(['0.3', '0.4'])
    expect(await offered('share', 'fil')).toEqual(['film.bin'])
    expect(await offered('forget', '')).toEqual(['--data', '--json'])
  })

  it('names the shells that it knows', async () => {
    expect((await quire('completion', 'tcsh')).said).toContain('bash, zsh, fish')
    for (const shell of ['zsh', 'fish']) expect((await quire('completion', shell)).lines.length).toBeGreaterThan(10)
  })
})
