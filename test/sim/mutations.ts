// Long: one list of bugs.
/**
 * Bugs made on purpose, each of which must be caught: `node test/sim/mutations.ts [name …]`. Works on a copy of the
 * checkout, one change of text at a time, and runs the tests of the swarm, then the simulator, until one fails.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

interface Mutation {
  readonly name: string
  readonly file: string
  readonly from: string
  readonly to: string
}

interface Report {
  readonly testResults: readonly { readonly assertionResults: readonly { status: string; fullName: string }[] }[]
}

const swarm = (file: string) => `src/core/swarm/${file}.ts`

const mutations: readonly Mutation[] = [
  {
    name: 'a have before durability',
    file: swarm('arriving'),
    from: "return this.#state.emit({ type: 'store', peerId, index, bytes })",
    to: "return (this.#state.held!.set(index), this.#state.emit({ type: 'store', peerId, index, bytes }))"
  },
  {
    name: 'the window never shrinks',
    file: swarm('window'),
    from: 'this.#bytes *= 0.75',
    to: 'this.#bytes *= 1'
  },
  {
    name: 'a copy that comes second is stored too',
    file: swarm('seconds'),
    from: 'if (double.hasCome) {',
    to: 'if (double.hasCome && index < 0) {'
  },
  {
    name: 'no bound on blocks asked of two',
    file: swarm('seconds'),
    from: 'return Math.max(0, most - this.#duplicates - this.#doubles.size)',
    to: 'return 1e9 + most'
  },
  {
    name: 'who is slow is taken for silent',
    file: swarm('lane'),
    from: 'this.lastProgressMs + Math.min(Math.max(silenceMs, ',
    to: 'this.lastProgressMs + 0.05 * Math.min(Math.max(silenceMs, '
  },
  {
    name: 'what a silent peer owes is asked of nobody else',
    file: swarm('lane'),
    from: 'this.lastProgressMs + Math.min(Math.max(silenceMs, ',
    to: 'this.lastProgressMs + 1e9 * Math.min(Math.max(silenceMs, '
  },
  {
    name: 'who always answers slowly is taken for silent',
    file: swarm('lane'),
    from: 'Math.max(silenceMs, silentGaps * this.#gapMs)',
    to: 'Math.max(silenceMs, 0 * silentGaps)'
  },
  {
    name: 'who answers ever more slowly is never silent',
    file: swarm('lane'),
    from: 'silentGaps * this.#gapMs), silenceMsMax)',
    to: 'silentGaps * this.#gapMs), 10 * silenceMsMax)'
  },
  {
    name: 'a reader waits for a silent peer while others have something else to bring',
    file: swarm('seconds'),
    from: 'asked.set(soonest, [...(asked.get(soonest) ?? []), index])',
    to: 'void index'
  },
  {
    name: 'hashes that a silent peer owes are asked of nobody else',
    file: swarm('asking'),
    from: 'const reopened = this.#leaves.reopenSilent()',
    to: 'const reopened: GroupIndex[] = []'
  },
  {
    name: 'what was called off is kept for ever by one that brings a little',
    file: swarm('lane'),
    from: 'cancelledAtMs + silenceMsMax',
    to: 'cancelledAtMs + 1e9 * silenceMsMax'
  },
  {
    name: 'one that brings a little holds up an end for as long as it likes',
    file: swarm('lane'),
    from: 'if (!this.isSilent(nowMs)) this.holdsUpSinceMs',
    to: 'this.holdsUpSinceMs'
  },
  {
    name: 'what a reader waits for is left to one that takes long',
    file: swarm('seconds'),
    from: 'for (const [lane, indexes] of back) this.takeBack(lane, indexes)',
    to: 'void back'
  },
  {
    name: 'hashes that come twice are stored twice',
    file: swarm('leaves'),
    from: 'if (isSettled || this.knows(group)) return',
    to: 'void isSettled'
  },
  {
    name: 'who was asked for nothing is taken for slow',
    file: swarm('lane'),
    from: 'this.isOwed ? nowMs : this.lastProgressMs',
    to: 'nowMs'
  },
  {
    name: 'what comes next from a slow peer is asked of another',
    file: swarm('seconds'),
    from: 'owed.slice(Math.max(0, owed.length - most))',
    to: 'owed.slice(0, most)'
  },
  {
    name: 'a slow peer is never relieved',
    file: swarm('seconds'),
    from: 'this.takeBack(slow.lane, unsent)',
    to: 'void unsent'
  },
  {
    name: 'a lying peer is kept',
    file: swarm('sessions'),
    from: 'this.#peers.ban(this.#state.nowMs, peerId)',
    to: 'void peerId'
  },
  {
    name: 'blocks are stored unchecked',
    file: swarm('leaves'),
    from: 'return leaves !== undefined && bytesEqual(digest, hashAt(leaves, index % groupLeaves))',
    to: 'return leaves !== undefined || bytesEqual(digest, hashAt(leaves!, index % groupLeaves))'
  },
  {
    name: 'what a lost lane was asked for is forgotten',
    file: swarm('asking'),
    from: 'for (const index of lane.inFlight) this.#lost(index)',
    to: 'for (const index of lane.inFlight) void index'
  },
  {
    name: 'a silent peer never stalls',
    file: swarm('lane'),
    from: 'Math.min(this.lastProgressMs + stallTimeoutMs, this.holdsUpSinceMs + holdUpMs)',
    to: 'this.lastProgressMs + 1e9 * (stallTimeoutMs + holdUpMs)'
  },
  {
    name: 'several silent peers hold up an end for a whole stall',
    file: swarm('seconds'),
    from: 'lane.holdsUpSinceMs = Math.min(lane.holdsUpSinceMs, nowMs)',
    to: 'void lane'
  },
  {
    name: 'one block is taken by two lanes',
    file: swarm('need'),
    from: 'return !this.#held.has(index) && !this.#taken.has(index)',
    to: 'return !this.#held.has(index)'
  },
  {
    name: 'the commonest first',
    file: swarm('choice'),
    from: 'const rank = 2 * rarity +',
    to: 'const rank = -2 * rarity +'
  },
  {
    name: 'everybody is suggested the same',
    file: swarm('spreading'),
    from: 'if (!given.set(index) || holders!.among(index) > 0) continue',
    to: 'if (holders!.among(index) > 0) continue'
  },
  {
    name: 'served in the order of asking, whoever got how much',
    file: swarm('serving'),
    from: 'lane.session!.servedVirtual < next.session!.servedVirtual',
    to: 'lane.session!.servedVirtual < -1'
  },
  {
    name: 'a store that fails is asked for more',
    file: swarm('asking'),
    from: 'this.#isHalted = true',
    to: 'this.#isHalted = false'
  },
  {
    name: 'peers tell nobody of peers',
    file: swarm('introducing'),
    from: 'if (told.length === 0) return',
    to: 'if (told.length >= 0) return'
  },
  {
    name: 'holders that left still count',
    file: swarm('holders'),
    from: 'else this.#forget(holdings)',
    to: 'else void holdings'
  },
  {
    name: 'a first holder never rests',
    file: swarm('resting'),
    from: 'return mayRest && nowMs >=',
    to: 'return !mayRest && nowMs >='
  },
  {
    name: 'a first holder rests whatever they lose by it',
    file: swarm('resting'),
    from: 'restGain * pace < couldBe',
    to: 'restGain * pace < 0 * couldBe'
  },
  {
    name: 'a first holder takes what it gives for an addition to what they give each other',
    file: swarm('resting'),
    from: 'Math.min(this.#paceBefore, pace + this.#ownPace)',
    to: 'pace + this.#ownPace'
  },
  {
    name: 'a late lane is asked for ever more',
    file: swarm('seconds'),
    from: 'slow.lane.isLate = slow.lane.cancelled.size > 0',
    to: 'slow.lane.isLate = slow.lane.cancelled.size < 0'
  },
  {
    name: 'what must be asked again is offered by nobody',
    file: swarm('asking'),
    from: 'session.offer({ start: index, count: 1 })',
    to: 'void session'
  },
  {
    name: 'a group that lost a block is passed over',
    file: swarm('choice'),
    from: 'this.#nextGroup = Math.min(this.#nextGroup, group)',
    to: 'this.#nextGroup = Math.max(this.#nextGroup, group)'
  },
  {
    name: 'hashes that a peer refused are never asked of it again',
    file: swarm('session'),
    from: 'this.groupsRefused.clear()',
    to: 'this.groupsRefused.size'
  },
  {
    name: 'hashes asked over a lane that ended are asked of nobody else',
    file: swarm('leaves'),
    from: 'for (const group of lane.groupsAsked) this.#answered(lane, group)',
    to: 'for (const group of lane.groupsAsked) lane.groupsAsked.delete(group)'
  },
  {
    name: 'who comes last to a crowd looks for nobody',
    file: swarm('peers'),
    from: 'this.#busy < peersTradedMax && isTrading()',
    to: 'this.#busy < peersTradedMax && !isTrading'
  },
  {
    name: 'a copy that does not come is still waited for',
    file: swarm('seconds'),
    from: 'return this.#doubles.delete(index)',
    to: 'return this.#doubles.has(index)'
  },
  {
    name: 'what came is passed on when its segment is whole',
    file: swarm('passing-on'),
    from: 'if (!session.isComplete) return true',
    to: 'if (!session.isComplete) return false'
  },
  {
    name: 'a store that failed is never flushed again',
    file: swarm('swarm'),
    from: '        this.#passingOn.settled(input.indexes)\n        return this.#asking.onStoreFailed',
    to: '        return this.#asking.onStoreFailed'
  },
  {
    name: 'a peer that was lost is dialled no more',
    file: swarm('peers'),
    from: 'peer.notBeforeMs = nowMs + restMs',
    to: 'peer.notBeforeMs = nowMs + restMs * 1e6'
  }
]

const root = fileURLToPath(new URL('../../', import.meta.url))
const copied = ['src', 'test/core', 'test/sim', 'test/support', 'package.json', 'vitest.config.ts', 'tsconfig.json']

/** Names of the first tests that fail in a copy. */
function failures(copy: string, filters: readonly string[]): string[] {
  const args = [
    'run',
    '--project',
    'unit',
    '--reporter=json',
    '--bail=1',
    `--outputFile=${join(copy, 'report.json')}`,
    ...filters
  ]
  const vitest = join(copy, 'node_modules/vitest/vitest.mjs')
  const run = spawnSync(process.execPath, [vitest, ...args], { cwd: copy, stdio: 'ignore', timeout: 600_000 })
  if (run.error) return ['a run that does not end']
  const report = JSON.parse(readFileSync(join(copy, 'report.json'), 'utf8')) as Report
  const tests = report.testResults.flatMap((file) => file.assertionResults)
  return tests.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName)
}

const named = process.argv.slice(2)
let missed = 0
const copy = mkdtempSync(join(tmpdir(), 'quire-mutations-'))
try {
  for (const path of copied) cpSync(join(root, path), join(copy, path), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  for (const { name, file, from, to } of mutations) {
    if (named.length > 0 && !named.includes(name)) continue
    const text = readFileSync(join(copy, file), 'utf8')
    if (text.split(from).length !== 2) throw new Error(`${name}: its place in ${file} is not there once`)
    writeFileSync(join(copy, file), text.replace(from, to))
    const inTests = failures(copy, ['test/core/swarm'])
    const caught = inTests.length > 0 ? inTests : failures(copy, ['test/sim/sim'])
    writeFileSync(join(copy, file), text)
    if (caught.length === 0) missed++
    console.log(`| ${name} | ${caught.length === 0 ? 'NOT CAUGHT' : caught.slice(0, 3).join('; ')} |`)
  }
} finally {
  rmSync(copy, { recursive: true, force: true })
}
process.exitCode = missed > 0 ? 1 : 0
