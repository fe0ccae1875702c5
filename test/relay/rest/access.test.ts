import { readdir } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readKeeperConfig } from '../../../relay/keeper-config.ts'
import { isListed } from '../../../relay/rest/holdings.ts'
import type { openApi } from '../../../relay/rest/openapi.ts'
import type { ManifestCid } from '../../../src/core/ids.ts'
import { freshRecord } from '../../../src/engine/describe.ts'
import { newSetId } from '../../../src/engine/set-id.ts'
import type { ItemRecord } from '../../../src/store/types.ts'
import { temporaryFolder } from '../../support/files.ts'
import { startedKeeper, type StartedKeeper } from '../../support/keeper.ts'
import { runProgram, startProgram } from '../../support/program.ts'

let one: StartedKeeper

beforeAll(async () => {
  one = await startedKeeper()
})
afterAll(() => one[Symbol.asyncDispose]())

describe('who may ask', () => {
  /** As fetch cannot: with a Host of one's own. */
  const statusOf = (base: string, headers: Record<string, string>, method = 'GET'): Promise<number> =>
    new Promise((resolve, reject) => {
      const request = httpRequest(`${base}/space`, { method, headers }, (answer) => {
        answer.resume()
        resolve(answer.statusCode!)
      })
      request.on('error', reject)
      request.end()
    })

  it('[RE9] no other host, and no page that is not allowed', async () => {
    const { port } = new URL(one.keeper.rest)
    expect(await statusOf(one.base, { Host: `localhost:${port}` })).toBe(200)
    expect(await statusOf(one.base, { Host: `evil.example:${port}` })).toBe(403)
    expect(await statusOf(one.base, { Origin: 'https://evil.example' })).toBe(403)
    await using open = await startedKeeper('--allow-origin', 'https://app.example', '--rest-token', 'abc')
    const allowed = { Origin: 'https://app.example' }
    expect(await statusOf(open.base, allowed, 'OPTIONS')).toBe(204)
    expect(await statusOf(open.base, allowed)).toBe(401)
    for (const scheme of ['Bearer', 'Basic']) {
      const answer = await fetch(`${open.base}/space`, { headers: { ...allowed, Authorization: `${scheme} abc` } })
      expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([200, 'https://app.example'])
    }
    expect(await statusOf(open.base, { Authorization: 'Bearer abd' })).toBe(401)
  })

  it('[RE9] what a page shows or leads to is asked by that page, which names no origin', async () => {
    const by = (site: string, mode: string, dest: string) => ({
      'Sec-Fetch-Site': site,
      'Sec-Fetch-Mode': mode,
      'Sec-Fetch-Dest': dest
    })
    await using open = await startedKeeper('--allow-origin', 'https://app.example')
    for (const site of ['cross-site', 'same-site']) {
      expect(await statusOf(open.base, by(site, 'no-cors', 'image'))).toBe(403)
      expect(await statusOf(open.base, by(site, 'navigate', 'document'))).toBe(403)
    }
    expect(await statusOf(open.base, by('none', 'navigate', 'document'))).toBe(200)
    expect(await statusOf(open.base, by('same-origin', 'cors', 'empty'))).toBe(200)
    const allowed = { ...by('cross-site', 'cors', 'empty'), Origin: 'https://app.example' }
    expect(await statusOf(open.base, allowed)).toBe(200)
    expect(await statusOf(open.base, allowed, 'OPTIONS')).toBe(204)
  })

  it('[RE9] a keeper that others can reach takes a token', () => {
    expect(() => readKeeperConfig({}, ['--rest-host', '0.0.0.0'])).toThrow(/QUIRE_REST_TOKEN/)
  })

  it('[RE9] a page is allowed by its origin as browsers write it, and by nothing else', () => {
    const read = (given: string) => readKeeperConfig({ QUIRE_ALLOW_ORIGIN: given }, []).allowOrigins
    expect(read('https://App.Example:443/, http://localhost:3000,chrome-extension://abc')).toEqual([
      'https://app.example',
      'http://localhost:3000',
      'chrome-extension://abc'
    ])
    for (const wrong of ['app.example', '*', 'null', 'https://app.example/page', 'https://a@app.example', 'file:///']) {
      expect(() => read(wrong)).toThrow(
        `QUIRE_ALLOW_ORIGIN is "${wrong}"; it must be origins of pages with commas between them`
      )
    }
  })

  it('[RL4] the program says in one line where it is, and ends in order', async () => {
    await using folder = await temporaryFolder('keeper')
    const args = ['keeper', '--rest-port', '0', '--data', folder.path, '--json']
    await using program = startProgram('relay/quire.js', args)
    const { rest, peerId, addresses } = JSON.parse(await program.line()) as Record<string, string>
    expect(await (await fetch(`${rest}/api/storage/v1/peerid`)).json()).toEqual({ id: peerId })
    expect(addresses).toEqual(expect.arrayContaining([expect.stringContaining(peerId!)]))
    expect(await program.stop()).toBe(0)
  })

  it('describes itself', async () => {
    const api = (await (await fetch(`${one.keeper.rest}/api`)).json()) as typeof openApi
    expect(api.openapi).toBe('3.1.0')
    expect(api.servers.map(({ url }) => url)).toEqual(['/api/codex/v1', '/api/storage/v1'])
    expect(Object.keys(api.paths)).toContain('/data/{cid}/network/progress/{downloadId}')
  })

  it('[ST21] what a keeper holds is listed at any time, and verified once it has stopped', async () => {
    await using folder = await temporaryFolder('keeper')
    const words = ['--rest-port', '0', '--data', folder.path, '--json']
    await using program = startProgram('relay/quire.js', ['keeper', ...words])
    const { rest } = JSON.parse(await program.line()) as { rest: string }
    const headers = { 'Content-Disposition': 'filename="kept.bin"' }
    const stored = await fetch(`${rest}/api/codex/v1/data`, { method: 'POST', body: Buffer.alloc(100_000, 7), headers })
    const cid = await stored.text()
    const meanwhile = await runProgram('relay/quire.js', ['ls', '--data', folder.path])
    expect([meanwhile.code, meanwhile.lines[0]]).toEqual([0, expect.stringContaining('kept.bin')])
    const busy = await runProgram('relay/quire.js', ['fsck', '--data', folder.path])
    expect([busy.code, busy.said]).toEqual([1, expect.stringContaining('another')])
    await program.stop()
    const listed = await runProgram('relay/quire.js', ['ls', '--data', folder.path, '--json'])
    expect(JSON.parse(listed.lines[0]!)).toMatchObject({
      cid,
      title: 'kept.bin',
      complete: true,
      contentBytes: 100_000
    })
    const checked = await runProgram('relay/quire.js', ['fsck', '--data', folder.path, '--json'])
    expect([checked.code, JSON.parse(checked.lines[0]!)]).toMatchObject([0, { verifiedBlocks: 2, problemCount: 0 }])
    expect((await runProgram('relay/quire.js', ['fsck', '--data', join(folder.path, 'no')])).code).toBe(1)
  })

  it('[RE3] an upload in whose middle the keeper is killed leaves nothing once it runs again', async () => {
    await using folder = await temporaryFolder('keeper')
    const words = ['keeper', '--rest-port', '0', '--data', folder.path, '--json']
    const killed = startProgram('relay/quire.js', words)
    const { rest } = JSON.parse(await killed.line()) as { rest: string }
    const headers = { 'Content-Length': 2_000_000 }
    const sending = httpRequest(`${rest}/api/codex/v1/data`, { method: 'POST', headers })
    sending.on('error', () => undefined).write(Buffer.alloc(1_000_000, 7))
    const list = async () => (await runProgram('relay/quire.js', ['ls', '--data', folder.path])).lines
    await expect.poll(list, { timeout: 60_000 }).toEqual([expect.stringContaining('not whole')])
    await killed.kill()
    await using again = startProgram('relay/quire.js', words)
    await again.line()
    expect(await list()).toEqual([])
    expect(await readdir(join(folder.path, 'uploads'))).toEqual([])
  })

  it('[RE10] a head is bounded', async () => {
    expect(await statusOf(one.base, { Cookie: 'c'.repeat(9_000) })).toBe(431)
  })

  it('[RE11] neither what is sealed nor what is held for others is listed', () => {
    const plain = {
      ...freshRecord(newSetId()),
      origin: 'fetched',
      kind: 'plain',
      manifestCid: 'zDv' as ManifestCid
    } as const
    expect(isListed(plain)).toBe(true)
    expect(isListed({ ...plain, kind: 'sealed' })).toBe(false)
    expect(isListed({ ...plain, kept: {} as ItemRecord['kept'] })).toBe(false)
  })
})
