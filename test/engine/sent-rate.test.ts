import { expect, it } from 'vitest'
import { MemoryBlockStore, MemoryCatalog } from '../../src/store/memory.ts'
import { greet, hello, say, type Stage } from '../fuzz/attacker.ts'
import { quiet } from '../fuzz/clock.ts'
import { Dice } from '../fuzz/dice.ts'
import { Victim } from '../fuzz/victim.ts'

it('[EX8] what is sent over a further lane counts for its peer', async () => {
  const { victim, truth } = await Victim.sharing({ store: new MemoryBlockStore(), catalog: new MemoryCatalog() })
  const [first, further] = [victim.meet('them'), victim.meet('them')].map((lane): Stage => ({
    lane,
    truth,
    dice: new Dice(1),
    clock: victim.clock
  }))
  await greet(first!)
  further!.lane.say(hello(further!, { lane: 1 }))
  say(further!, { type: 'want', ranges: [{ start: 0, count: 3 }] })
  await quiet()
  expect(further!.lane.take('blocks')).toMatchObject({ start: 0 })
  victim.clock.pass(100)
  const { peers } = victim.engine.items()[0]!.peek()
  expect(peers.map(({ sentBytesPerSecond }) => sentBytesPerSecond > 0)).toEqual([true])
  await victim.engine.close()
})
