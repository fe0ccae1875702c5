import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { arrowFault } from './check/arrows.ts'
import { findDuplicates } from './check/duplicate-lines.ts'
import { root, trackedFiles } from './check/tree.ts'
import { readReport } from './support/tally.ts'
import * as rules from './tidy/rules.ts'
import type { HouseFile, Rule } from './tidy/rules.ts'

const ours = trackedFiles().map(readHouseFile)

function readHouseFile(path: string): HouseFile {
  const bytes = readFileSync(join(root, path))
  // Pictures and fonts have zero bytes near their beginning, text never has.
  const text = bytes.subarray(0, 8000).includes(0) ? '' : bytes.toString('utf8')
  return { path, text, sizeBytes: bytes.length }
}

function file(path: string, text: string): HouseFile {
  return { path, text, sizeBytes: text.length }
}

/** Where a rule is broken by these files, as `path:line`. */
function breaches(rule: Rule, ...files: HouseFile[]): string[] {
  return rule(files).map((breach) => `${breach.path}:${breach.line}`)
}

/** The checkout keeps the rule; a failure lists every place with what to do there. */
function expectKept(rule: Rule): void {
  expect(rule(ours).map((breach) => `${breach.path}:${breach.line} ${breach.says}`)).toEqual([])
}

const lines = (count: number): string => 'a()\n'.repeat(count)
const kept = (path: string, text: string): HouseFile => file(path, text)

describe('the house keeps', () => {
  it('[TI1] a core without clock, randomness, timers and network', () => expectKept(rules.coreIsPure))
  it('[TI2] tests whose randomness has a seed', () => expectKept(rules.testsAreSeeded))
  it('[TI3] no paths of machines and no hosts of registries', () => expectKept(rules.noForeignPlaces))
  it('[TI4] files of 300 lines', () => expectKept(rules.filesAreShort))
  it('[TI5] functions of 70 lines', () => expectKept(rules.functionsAreShort))
  it('[TI6] a test for every rule of a SPEC', () => expectKept(rules.rulesAreTested))
  it('[TI7] no test that does not run', () => expectKept(rules.everyTestRuns))
  it('[TI8] a number with every note about work to come', () => expectKept(rules.notesAreNumbered))
  it('[TI9] limits in one place', () => expectKept(rules.limitsHaveOneHome))
  it('[TI10] no large files', () => expectKept(rules.filesAreSmall))
  it('[TI11] tests that wait for events', () => expectKept(rules.testsWaitForEvents))
})

describe('the rules see', () => {
  it('[TI1] a clock in core, and not a field that is called like one', () => {
    const clock = file('src/core/a.ts', 'export const now = () =>\n  Date.now()\n')
    const field = kept('src/core/b.ts', 'export const f = (effects: { fetch: Date }) => new Date(effects.fetch)\n')
    expect(breaches(rules.coreIsPure, clock, field, kept('src/engine/c.ts', 'Date.now()'))).toEqual(['src/core/a.ts:2'])
  })

  it('[TI2] unseeded randomness', () => {
    const call = 'const x = Math.random()'
    expect(breaches(rules.testsAreSeeded, file('test/a.test.ts', `\n${call}`))).toEqual(['test/a.test.ts:2'])
  })

  it('[TI3] paths of a machine, hosts of registries, addresses in lock files', () => {
    const path = file('relay/a.ts', `const folder = '${['', 'tmp', 'x'].join('/')}'`)
    const host = file('README.md', ['registry', 'npmjs', 'org'].join('.'))
    const lock = file('package-lock.json', `"resolved": "${['https:', '', 'a.example', 'a.tgz'].join('/')}"`)
    const route = kept('src/a.ts', "import './work/a.ts'; const route = 'x/home/y'")
    expect(breaches(rules.noForeignPlaces, path, host, lock, route)).toEqual([
      'relay/a.ts:1',
      'README.md:1',
      'package-lock.json:1'
    ])
  })

  it('[TI4] a long file without a reason', () => {
    const bare = file('src/a.ts', lines(301))
    expect(breaches(rules.filesAreShort, bare, kept('src/b.ts', lines(300)))).toEqual(['src/a.ts:1'])
    expect(breaches(rules.filesAreShort, kept('src/c.ts', `// Long: one table\n${lines(301)}`))).toEqual([])
  })

  it('[TI5] a long function without a reason', () => {
    const long = `function f() {\n${lines(70)}}\n`
    const tests = kept('test/a.test.ts', `describe('all', () => {\n${lines(90)}it('…', f)\n})\n`)
    const reason = kept('src/b.ts', `// Long: one table\n${long}`)
    expect(breaches(rules.functionsAreShort, file('src/a.ts', `a()\n${long}`), reason, tests)).toEqual(['src/a.ts:2'])
  })

  it('[TI6] a rule that no test cites, a citation of no rule, and two rules of one name', () => {
    const spec = file('src/core/x/SPEC.md', '- **ZZ1** One.\n- **ZZ2** Two.\n- **ZZ3** Three.\n')
    const other = file('src/core/y/SPEC.md', '\n- **ZZ1** One more.\n')
    const test = file('test/core/x.test.ts', `it('[${'ZZ1'}, ${'ZZ2'}] …')\nit('[${'ZZ9'}] …')\nit('[${'YY1'}] …')`)
    const found = ['src/core/y/SPEC.md:2', 'src/core/x/SPEC.md:3', 'test/core/x.test.ts:2', 'test/core/x.test.ts:3']
    expect(breaches(rules.rulesAreTested, spec, other, test)).toEqual(found)
  })

  it('[TI7] a test that is left out', () => {
    const left = file('test/a.test.ts', `${['it', 'skip'].join('.')}('…', () => {})`)
    expect(breaches(rules.everyTestRuns, left)).toEqual(['test/a.test.ts:1'])
  })

  it('[TI8] a note without a number', () => {
    const note = ['TO', 'DO'].join('')
    const files = [file('src/a.ts', `// ${note} later`), kept('src/b.ts', `// ${note}(#12) later`)]
    expect(breaches(rules.notesAreNumbered, ...files)).toEqual(['src/a.ts:1'])
  })

  it('[TI9] a limit outside its home', () => {
    const limit = file(
      'src/store/a.ts',
      'const waitTimeoutMs = 5 * 1000\nconst headBytes = 3\nexport const bytesMax = windowBytes\n'
    )
    expect(breaches(rules.limitsHaveOneHome, limit, kept('src/core/limits.ts', limit.text))).toEqual([
      'src/store/a.ts:1'
    ])
  })

  it('[TI10] a large file', () => {
    expect(breaches(rules.filesAreSmall, { path: 'a.bin', text: '', sizeBytes: 1024 * 1024 + 1 })).toEqual(['a.bin:1'])
  })

  it('[TI11] a sleep, unless time is what the test is about', () => {
    const sleep = `await new Promise((resolve) => ${'setTimeout'}(resolve, 50))`
    const files = [file('test/a.test.ts', sleep), kept('test/b.test.ts', `// Time: a reservation runs out\n${sleep}`)]
    expect(breaches(rules.testsWaitForEvents, ...files)).toEqual(['test/a.test.ts:1'])
  })
})

describe('arrows', () => {
  it('go one way only', () => {
    expect(arrowFault('src/core/block/cid.ts', '../errors.ts')).toBeUndefined()
    expect(arrowFault('src/core/block/cid.ts', '@noble/hashes/sha2.js')).toBeUndefined()
    expect(arrowFault('src/core/block/cid.ts', 'idb')).toContain('no package')
    expect(arrowFault('src/core/block/cid.ts', '../../store/types.ts')).toContain('does not know src/store')
    expect(arrowFault('src/store/memory.ts', '../network/types.ts')).toContain('does not know src/network')
    expect(arrowFault('src/network/libp2p/node.ts', '../../store/types.ts')).toContain('does not know src/store')
    expect(arrowFault('src/engine/engine.ts', '../store/types.ts')).toBeUndefined()
    expect(arrowFault('src/engine/engine.ts', '../ui/words.ts')).toContain('does not know src/ui')
    expect(arrowFault('src/ui/screens/share.ts', '../../store/indexeddb.ts')).toContain('does not know src/store')
    expect(arrowFault('src/ui/screens/share.ts', '../../network/types.ts')).toBeUndefined()
    expect(arrowFault('relay/relay.ts', '../src/engine/engine.ts')).toBeUndefined()
    expect(arrowFault('relay/relay.ts', '../src/ui/words.ts')).toContain('does not know src/ui')
    expect(arrowFault('src/index.ts', '../test/support/files.ts')).toContain('nothing from test')
    expect(arrowFault('test/core/cid.test.ts', '../../src/core/block/cid.ts')).toBeUndefined()
  })
})

describe('copies', () => {
  const run = Array.from({ length: 12 }, (_, index) => `step(${index})`).join('\n')

  it('are found whatever their indentation, and told with their length', () => {
    const found = findDuplicates([
      file('src/a.ts', run),
      file('src/b.ts', `first()\n  ${run.replaceAll('\n', '\n\n  ')}`)
    ])
    expect(found).toMatchObject([
      { first: { path: 'src/a.ts', line: 1 }, second: { path: 'src/b.ts', line: 2 }, lines: 12 }
    ])
  })

  it('are no copies below 12 lines', () => {
    const eleven = run.split('\n').slice(1).join('\n')
    expect(findDuplicates([file('src/a.ts', run), file('src/b.ts', eleven)])).toEqual([])
  })
})

describe('the tally of a run', () => {
  const report = (statuses: string[], fileStatus = 'passed'): string => {
    const failureMessages = ['Error: two is not three']
    const assertionResults = statuses.map((status) => ({ fullName: `it ${status}`, status, failureMessages }))
    return JSON.stringify({ testResults: [{ name: 'a.test.ts', status: fileStatus, assertionResults }] })
  }

  it('counts what passed and what failed', () => {
    expect(readReport('unit', report(['passed', 'passed'], 'passed'), 0)).toMatchObject({ passed: 2, failed: 0 })
    expect(readReport('unit', report(['passed', 'failed'], 'failed'), 1)).toMatchObject({ passed: 1, failed: 1 })
  })

  it('names what failed, and says why', () => {
    const { notes } = readReport('unit', report(['passed', 'failed'], 'failed'), 1)
    expect(notes).toEqual(['failed: it failed (a.test.ts)\n  Error: two is not three'])
  })

  it('counts what did not run as failed', () => {
    expect(readReport('unit', report(['passed', 'skipped']), 0)).toMatchObject({ passed: 1, failed: 1 })
    expect(readReport('unit', report([], 'failed'), 1)).toMatchObject({ passed: 0, failed: 1 })
    expect(readReport('unit', report([]), 0)).toMatchObject({ passed: 0, failed: 1 })
    expect(readReport('unit', undefined, 1)).toMatchObject({ passed: 0, failed: 1 })
  })

  it('counts an error that no test caught', () => {
    expect(readReport('unit', report(['passed']), 1)).toMatchObject({ passed: 1, failed: 1 })
  })
})
