import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { space } from '../../src/ui/format.ts'
import { messagesFor, t } from '../../src/ui/messages.ts'
import { sheet } from '../../src/ui/sheet-messages.ts'
import { stateLine } from '../../src/ui/state-line.ts'
import { wordsOfError } from '../../src/ui/words.ts'
import { errorOf, fakePeer, fakeView } from '../support/fake-quire.ts'

const src = fileURLToPath(new URL('../../src', import.meta.url))
const plain = (text: string) => text.replaceAll(space, ' ')

/** What only a program that uses the library can cause, or what the engine mends by itself: no person reads of it. */
const unseen = new Set([
  'stopped',
  'not-a-blob',
  'out-of-range',
  'block-not-held',
  'unknown-set',
  'block-misplaced',
  'bad-store-call',
  'bad-file-name',
  'larger-than-offered',
  'bad-frame',
  'bad-proof',
  'stalled',
  'overasked',
  'peer-left',
  'duplicate'
])

function codesIn(folder: string): string[] {
  return readdirSync(join(src, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .flatMap((path) => [...readFileSync(join(src, folder, path), 'utf8').matchAll(/readonly code = '([a-z-]+)'/g)])
    .map((match) => match[1]!)
}

describe('words of errors', () => {
  it('has a title and a line of its own for everything that can go wrong with a link, a file or the storage', () => {
    const spoken = [
      ...codesIn('core/link'),
      ...codesIn('core/envelope'),
      ...codesIn('engine'),
      ...codesIn('store'),
      ...codesIn('ui')
    ]
    const fallback = wordsOfError({ code: 'unexpected', params: {} }).title
    expect(spoken.length).toBeGreaterThan(15)
    expect(spoken.filter((code) => !unseen.has(code) && wordsOfError({ code, params: {} }).title === fallback)).toEqual(
      []
    )
  })

  it('says what is wrong with an invitation where it is shown', () => {
    const codes = [
      ...readFileSync(join(src, 'core/keep/invitation.ts'), 'utf8').matchAll(/readonly code = '([a-z-]+)'/g)
    ]
    expect(Object.keys(sheet.invitation.errors)).toEqual(codes.map(([, code]) => code))
  })

  it('has a sane sentence for a code it never heard of, without its message', () => {
    const report = { ...errorOf('TypeError: x is undefined\n at y.js:3'), message: 'secret stack' }
    const words = wordsOfError(report)
    expect(words).toEqual({
      title: 'Something went wrong here',
      line: 'What is stored is safe. Try again, or reload the page.'
    })
    expect(wordsOfError({ code: 'toString', params: {} }).title).toBe(words.title)
  })

  it('tells how much is missing when the storage is full, and does without figures', () => {
    expect(plain(wordsOfError({ code: 'store-full', params: { neededBytes: 2.4e9, freeBytes: 3.1e8 } }).line)).toBe(
      'It needs 2.4 GB, and 310 MB are free. Nothing was fetched or removed.'
    )
    expect(wordsOfError({ code: 'store-full', params: {} }).line).toContain('Nothing was removed')
  })

  it('names the file that a browser does not write, and counts the others', () => {
    const of = (more: number) => wordsOfError({ code: 'name-refused', params: { path: 'a/x.lnk', more } }).line
    expect(of(0)).toBe('It writes no file called “a/x.lnk”. All else is saved.')
    expect(of(2)).toBe('It writes no file called “a/x.lnk”, nor 2 others. All else is saved.')
  })

  it('names the file that changed', () => {
    expect(wordsOfError({ code: 'source-changed', params: { path: 'a/b.txt' } }).line).toContain('“a/b.txt”')
  })
})

describe('what is here, while more is waited for', () => {
  it('is called safe only where something is kept', () => {
    expect(t.state.waitingLine(1047, 1472, true)).toBe(
      '1,047 of 1,472 are here and safe. You can close this tab and come back.'
    )
    expect(t.state.waitingLine(1047, 1472, false)).toBe(
      '1,047 of 1,472 are here. Leave this open: a private window keeps nothing.'
    )
  })
})

describe('the tone', () => {
  it('has no exclamation marks, no apologies and no jargon', () => {
    const code = ['messages', 'sheet-messages'].map((name) => readFileSync(join(src, `ui/${name}.ts`), 'utf8')).join()
    const strings = [...code.matchAll(/'((?:[^'\\\n]|\\.)*)'|`([^`]*)`/g)].map((match) => match[1] ?? match[2] ?? '')
    const sentences = strings.filter((text) => text.includes(' '))
    expect(sentences.length).toBeGreaterThan(100)
    expect(sentences.filter((text) => /!|\b(sorry|oops|please|CID|DHT|node|cloud)\b/i.test(text))).toEqual([])
  })

  it('counts one and many', () => {
    expect(t.standing.copies(1)).toBe('1 copy now')
    expect(t.standing.copies(2)).toBe('2 copies now')
    expect(t.item.files(10_000)).toBe('10,000 files')
    expect(t.receive.allVerified(1)).toBe('The one block is verified')
  })

  it('falls back to English with English numbers', () => {
    expect(messagesFor(['de-CH', 'fr']).item.files(1234)).toBe('1,234 files')
    expect(messagesFor([]).lang).toBe('en')
  })
})

describe('what an item is doing', () => {
  const line = (over: Parameters<typeof fakeView>[1]) => plain(stateLine(fakeView('x', over), true))

  it('says it in one line for each state', () => {
    const part = { blockCount: 3072, doneBlocks: 1905, contentBytes: 201_326_592 }
    expect(
      line({ ...part, state: 'fetching', rateBytesPerSecond: 4.2e6, remainingMs: 18_000, peers: [fakePeer(1)] })
    ).toBe('Fetching 62 % · 4.2 MB/s · 18 s left')
    expect(line({ ...part, state: 'waiting' })).toBe('Waiting · 1,905 of 3,072 blocks')
    expect(line({ state: 'waiting', blockCount: 0 })).toBe('Waiting · no one online has it')
    expect(line({ ...part, state: 'paused' })).toBe('Paused · 125 of 201 MB')
    expect(line({ state: 'sharing', fileCount: 48, contentBytes: 212_400_000 })).toBe('Sharing · 48 files · 212 MB')
    expect(line({ state: 'complete', contentBytes: 131_072 })).toBe('Available offline · 131 kB')
    expect(line({ state: 'error', error: errorOf('empty-content') })).toBe('This file is empty')
  })
})
