import { mkdir, readdir, readFile, truncate, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RunningRelay, startRelay } from '../../relay/relay.ts'
import { contentOf } from '../support/codex-content.ts'
import { sha256OfFile, temporaryFolder } from '../support/files.ts'
import { type Program, runProgram, startProgram } from '../support/program.ts'
import { seededBytes } from '../support/seeded.ts'
import { within } from '../support/waiting.ts'
import vectors from '../vectors/codex.json' with { type: 'json' }

const cli = 'relay/cli.ts'
let place: Awaited<ReturnType<typeof temporaryFolder>>
let relay: RunningRelay

beforeAll(async () => {
  place = await temporaryFolder('cli')
  relay = await startRelay({ port: 0, host: '127.0.0.1', dataDir: join(place.path, 'relay'), json: false }, place.path)
})

afterAll(async () => {
  await relay.stop()
  await place[Symbol.asyncDispose]()
})

const wires = ['2025', 'v0.3', 'v0.4'] as const
/**
 * One data set in four, in one of the three forms, by turns: a program starts for each, and that all of them have their
 * addresses is seen without one.
 */
const cidCases = [
  ...vectors.official.map((each) => ({ ...each, cid: each.manifestCid })),
  ...vectors.datasets.map((each, i) => {
    const wire = wires[i % wires.length]!
    return { ...each, wire, cid: each.manifests[wire].cid }
  })
].filter((_, i) => i % 4 === 0)

describe('quire cid', () => {
  it.each(cidCases)('gives the address that Codex gives: $name, $wire', async (vector) => {
    const file = join(place.path, 'content')
    await writeFile(file, await contentOf(vector.content))
    const { filename, mimetype, wire, blockSize } = vector
    const facts = ['--name', filename ?? '', '--mime', mimetype ?? '', '--block-size', String(blockSize)]
    const { code, lines } = await runProgram(cli, ['cid', file, ...facts, '--wire', wire.replace('v', ''), '--json'])
    const { cid, treeCid, size: datasetSize, blockCount } = vector
    expect({ code, ...JSON.parse(lines[0]!) }).toEqual({ code: 0, cid, treeCid, datasetSize, blockCount })
  })

  it('prints the address alone, with name and type taken from the file', async () => {
    const file = join(place.path, 'hello.txt')
    await writeFile(file, 'Hello World!')
    const { code, lines } = await runProgram(cli, ['cid', file, '--wire', '2025'])
    expect({ code, lines }).toEqual({ code: 0, lines: [vectors.official[0]!.manifestCid] })
  })

  it('says that an empty file has no address', async () => {
    const file = join(place.path, 'empty')
    await writeFile(file, '')
    const { code, lines, said } = await runProgram(cli, ['cid', file])
    expect({ code, lines, said }).toEqual({
      code: 1,
      lines: [],
      said: 'There is nothing in it: an empty file cannot be shared.'
    })
  })
})

/** `quire share` of these paths, and the link that it prints. */
async function share(...args: readonly string[]): Promise<Program & { readonly link: string }> {
  const program = startProgram(cli, ['share', ...args, '--relay', relay.url])
  const link = await within(20_000, 'a link is printed', program.line())
  return Object.assign(program, { link })
}

/** Every file below a folder, by its path from there. */
async function filesBelow(folder: string): Promise<Map<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries.filter((each) => each.isFile()).map((each) => join(each.parentPath, each.name))
  const facts = paths.map(async (path) => [relative(folder, path), await sha256OfFile(path)] as const)
  return new Map(await Promise.all(facts))
}

describe('quire share and quire get', () => {
  it('a folder goes over whole, names and all, and both programs say so in JSON', async () => {
    const name = 'Fotos – 你好'
    const sent = join(place.path, 'sent')
    await mkdir(join(sent, name, 'inner'), { recursive: true })
    await writeFile(join(sent, name, 'Grüße 🌍.txt'), 'Hello')
    await writeFile(join(sent, name, 'inner', 'large.bin'), seededBytes(1, 3_000_001))
    await writeFile(join(sent, name, 'inner', 'empty'), '')
    await using program = startProgram(cli, ['share', join(sent, name), '--relay', relay.url, '--json'])
    let link: string | undefined
    while (link === undefined) ({ link } = JSON.parse(await program.line()) as { link?: string })

    const out = join(place.path, 'folder')
    const { code, lines } = await runProgram(cli, ['get', link, '-o', out, '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(lines.at(-1)!)).toMatchObject({ state: 'complete', files: { length: 3 } })
    expect(await filesBelow(out)).toEqual(await filesBelow(sent))
    expect(await program.stop()).toBe(0)
  })

  it('a plain file goes by a link without a key, to the address that quire cid gives', async () => {
    const file = join(place.path, 'plain.bin')
    await writeFile(file, seededBytes(2, 200_000))
    await using program = await share(file, '--plain')
    const { lines: cid } = await runProgram(cli, ['cid', file])
    expect(program.link.replace(/\?c=[\w-]{4}$/, '')).toBe(`${relay.url}/#/s/${cid[0]}`)

    const out = join(place.path, 'plain')
    const { code, lines } = await runProgram(cli, ['get', program.link, '-o', out])
    expect({ code, lines }).toEqual({ code: 0, lines: [join(out, 'plain.bin')] })
    expect(await sha256OfFile(join(out, 'plain.bin'))).toBe(await sha256OfFile(file))
    program.process.kill('SIGTERM')
    expect(await program.stop()).toBe(0)
  })

  it('waits while nobody who has it is online, gets it when somebody is, and a name that is taken gets a number', async () => {
    const file = join(place.path, 'later.txt')
    const data = join(place.path, 'sharer')
    await writeFile(file, 'worth waiting for')
    const first = await share(file, '--data', data)
    expect(await first.stop()).toBe(0)

    await using getting = startProgram(cli, ['get', first.link, '-o', place.path, '--json'])
    expect(JSON.parse(await getting.line())).toMatchObject({ state: 'waiting' })
    await using again = startProgram(cli, ['share', file, '--data', data, '--relay', relay.url])
    await again.line()
    let last: { state?: string; files?: string[] } = {}
    while (last.files === undefined) last = JSON.parse(await getting.line()) as typeof last
    expect(last).toEqual({ state: 'complete', files: [join(place.path, 'later (2).txt')] })
    expect(await readFile(last.files[0]!, 'utf8')).toBe('worth waiting for')
  })

  it('stopped before everything is here, it says so, exits with 1 and leaves no file', async () => {
    const file = join(place.path, 'gone.txt')
    await writeFile(file, 'gone')
    const program = await share(file)
    await program.stop()
    const out = join(place.path, 'nothing')
    const getting = startProgram(cli, ['get', program.link, '-o', out, '--json'])
    expect(JSON.parse(await getting.line())).toMatchObject({ state: 'waiting' })
    expect(await getting.stop()).toBe(1)
    expect(JSON.parse(await getting.line())).toMatchObject({ error: { code: 'stopped' } })
    expect(await filesBelow(out)).toEqual(new Map())
  })
})

it('a share that is stopped before all of it is read ends at once, says so, exits with 1 and leaves nothing', async () => {
  const [file, temporary] = [join(place.path, 'long.bin'), join(place.path, 'temporary')]
  await Promise.all([writeFile(file, ''), mkdir(temporary)])
  await truncate(file, 600_000_000)
  const sharing = startProgram(cli, ['share', file, '--relay', relay.url, '--json'], { TMPDIR: temporary })
  expect(JSON.parse(await sharing.line())).toMatchObject({ state: 'adding' })
  expect(await sharing.stop()).toBe(1)
  let last: { state?: string; error?: object }
  do last = JSON.parse(await sharing.line()) as typeof last
  while (last.state === 'adding')
  expect(last).toMatchObject({ error: { code: 'stopped', fault: 'user' } })
  expect(await readdir(temporary)).toEqual([])
})

describe('what is wrong with a command is told in one sentence, and by the exit status [RL26]', () => {
  const link = `http://localhost:1/#/s/${vectors.official[0]!.manifestCid}?k=FroHSF-k1RIu2qhEtv2xvTaX`
  it.each([
    ['a link that is cut in its address', ['get', link.slice(0, 50)], 'The end of this link is missing.'],
    ['a link that is cut in its key', ['get', link.slice(0, -3)], 'The end of this link is missing.'],
    ['a link with a wrong key', ['get', link], 'The key in this link does not belong to its address'],
    [
      'a link with a damaged address',
      ['get', link.replace('zDvZRwz', 'zDvZRw0')],
      'The address in this link is damaged.'
    ],
    ['a link of a newer version', ['get', link.replace('/s/', '/s2/')], 'made by a newer version of Quire'],
    ['what is no link', ['get', 'https://example.org/'], 'This is not a Quire link.'],
    ['a flag that there is not', ['get', '--fast'], "Unknown option '--fast'", 2],
    ['no link', ['get'], 'quire get takes exactly one link.', 2],
    ['a file that is not there', ['share', 'not-here.txt'], '"not-here.txt" cannot be read.'],
    ['a command that there is not', ['fetch'], 'There is no command "fetch".', 2]
  ])('%s', async (_what, args, sentence, status = 1) => {
    const { code, lines, said } = await runProgram(cli, args)
    expect({ code, lines }).toEqual({ code: status, lines: [] })
    expect(said).toContain(sentence)
    expect(said.split('\n')).toHaveLength(1)
  })
})
