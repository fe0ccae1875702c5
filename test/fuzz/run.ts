import { bytesEqual } from '../../src/core/bytes.ts'
import { collectBytes } from '../../src/engine/reading.ts'
import { messageBlocks, messagesUnderWayMax, blockBytes } from '../../src/core/limits.ts'
import { attacks } from './attacks.ts'
import { inTime, quiet } from './clock.ts'
import { Dice } from './dice.ts'
import { type Stores, type Truth, Victim } from './victim.ts'

/** One attack by one stranger, told by two words: how it is called and its seed. */
export interface Case {
  readonly attack: string
  readonly seed: number
}

/** Cases from a seed on, each kind of attack as often as the others. */
export function casesFrom(seed: number, count: number): Case[] {
  const names = Object.keys(attacks)
  return Array.from({ length: count }, (_, i) => ({ attack: names[i % names.length]!, seed: seed + i }))
}

/** More than this beyond what the lane takes, and the victim would fill its memory for one who does not read. */
const unreadBytesMax = (messagesUnderWayMax + 1) * (messageBlocks * blockBytes + 1024)

/** Attacks on one fetcher: what it learned from some, true hashes for one, it does not ask others for. */
const casesOfFetcher = 30

/** How long the lane of one who did wrong may stay. */
const patienceMs = 61_000
/** And for how long, in real time, after that: hashing and storing take their own. */
const storingMs = 10_000

/**
 * Attacks one that shares and one that fetches, many times, each time as another stranger. Throws what went wrong with
 * the words that replay it. What is given back: for which reasons strangers were dropped, and how often.
 */
export async function fuzz(cases: readonly Case[], freshStores: () => Promise<Stores>): Promise<Map<string, number>> {
  const { victim: sharer, truth } = await Victim.sharing(await freshStores())
  const reasons = new Map<string, number>()
  for (let at = 0; at < cases.length; at += casesOfFetcher) {
    const fetcher = await Victim.fetching(await freshStores(), truth)
    await attackBoth(sharer, fetcher, truth, cases.slice(at, at + casesOfFetcher))
    await fetcher.engine.close()
    addUp(reasons, fetcher.dropped)
  }
  await checkContent(sharer, truth)
  await sharer.engine.close()
  addUp(reasons, sharer.dropped)
  return reasons
}

async function attackBoth(sharer: Victim, fetcher: Victim, truth: Truth, cases: readonly Case[]): Promise<void> {
  for (const one of cases) {
    const { ofFetcher = false } = attacks[one.attack]!
    const victims = ofFetcher ? [fetcher] : [sharer, fetcher]
    for (const victim of victims) {
      try {
        await attackOnce(victim, truth, one)
      } catch (error) {
        throw new Error(`${JSON.stringify(one)} against ${victim === sharer ? 'a sharer' : 'a fetcher'}`, {
          cause: error
        })
      }
    }
  }
}

function addUp(sums: Map<string, number>, more: ReadonlyMap<string, number>): void {
  for (const [code, count] of more) sums.set(code, (sums.get(code) ?? 0) + count)
}

async function attackOnce(victim: Victim, truth: Truth, { attack, seed }: Case): Promise<void> {
  const { mustEnd, run } = attacks[attack]!
  const lane = victim.meet(`evil${seed}`)
  await run({ lane, truth, dice: new Dice(seed), clock: victim.clock })
  await quiet(2)
  if (mustEnd && !lane.isClosed) victim.clock.pass(patienceMs)
  const untilMs = performance.now() + storingMs
  while (mustEnd && !lane.isClosed && performance.now() < untilMs) {
    await quiet(1)
    victim.clock.pass(1_000) // whom it asked only now has its time too
  }
  const [item] = victim.engine.items()
  const { state, error } = item!.peek()
  if (error || state === 'error') throw new Error(`its share came to harm: ${error?.message}`)
  if (mustEnd && !lane.isClosed) throw new Error('it still listens to one who did wrong')
  if (lane.mostUnreadBytes > lane.bufferBytes + unreadBytesMax)
    throw new Error(`${lane.mostUnreadBytes} bytes wait for one who does not read`)
  lane.end()
}

/** What was shared is what it was, and can be read. */
async function checkContent(sharer: Victim, { content }: Truth): Promise<void> {
  const [item] = sharer.engine.items()
  const bytes = await inTime(sharer.clock, collectBytes(item!.read(0, 0, content.length), content.length))
  if (!bytesEqual(bytes, content)) throw new Error('what was shared is not what it was')
}
