import { encodeFrame, frameBytesMaxOf } from '../../src/core/exchange/codec.ts'
import { groupIndex, type SwarmId } from '../../src/core/ids.ts'
import { helloTimeoutMs, queuedGroupsMax, rangesPerFrameMax, suggestedBlocksMax } from '../../src/core/limits.ts'
import {
  answerWant,
  anyFrame,
  greet,
  head,
  hello,
  neverRead,
  say,
  sayInPieces,
  spoilt,
  type Stage,
  stateOf
} from './attacker.ts'
import { quiet } from './clock.ts'

export interface Attack {
  /** The victim must end the lane by itself. */
  readonly mustEnd: boolean
  /** It makes sense against one that asks for blocks. */
  readonly ofFetcher?: boolean
  readonly run: (stage: Stage) => Promise<void> | void
}

const wantCode = 9

export const attacks: Readonly<Record<string, Attack>> = {
  'noise': {
    mustEnd: false,
    run: (stage) => sayInPieces(stage, stage.dice.bytes(1 + stage.dice.below(600)))
  },
  'noise after a greeting': {
    mustEnd: false,
    async run(stage) {
      await greet(stage)
      sayInPieces(stage, stage.dice.bytes(1 + stage.dice.below(600)))
    }
  },
  'frames in any order': {
    mustEnd: false,
    async run(stage) {
      if (stage.dice.coin()) await greet(stage)
      for (const frame of stage.dice.list(12, () => anyFrame(stage))) say(stage, frame)
    }
  },
  'frames with changed bits': {
    mustEnd: false,
    async run(stage) {
      await greet(stage)
      for (let i = 0; i < 4; i++) sayInPieces(stage, spoilt(encodeFrame(anyFrame(stage)), stage))
    }
  },
  'a frame that is cut': {
    mustEnd: false,
    async run(stage) {
      await greet(stage)
      const bytes = encodeFrame(anyFrame(stage))
      sayInPieces(stage, bytes.slice(0, stage.dice.below(bytes.length)))
      if (stage.dice.coin()) stage.lane.end()
    }
  },
  'everything twice': {
    mustEnd: true,
    async run(stage) {
      const frame = encodeFrame(anyFrame(stage))
      for (const bytes of [hello(stage), frame, frame, hello(stage)]) stage.lane.say(bytes.slice())
      await quiet()
    }
  },
  'a frame over its bound': {
    mustEnd: true,
    async run(stage) {
      await greet(stage)
      const type = stage.dice.pick([3, 4, 6, 7, 9, 10, 11, 12, 13, 128, 129])
      stage.lane.say(head(frameBytesMaxOf(type) + 1 + stage.dice.below(2 ** 31 - 2 ** 21), type))
    }
  },
  'silence': {
    mustEnd: true,
    run: ({ clock }) => clock.pass(helloTimeoutMs)
  },
  'a greeting a byte at a time': {
    mustEnd: true,
    run(stage) {
      const bytes = hello(stage)
      const untilByte = stage.dice.below(bytes.length - 1)
      for (const byte of bytes.slice(0, untilByte)) {
        stage.lane.say(Uint8Array.of(byte))
        stage.clock.pass(helloTimeoutMs / bytes.length)
      }
      stage.clock.pass(helloTimeoutMs)
    }
  },
  'no proof': {
    mustEnd: true,
    run: (stage) => stage.lane.say(hello(stage, { proof: stage.dice.coin() ? undefined : stage.dice.bytes(32) }))
  },
  'another swarm': {
    mustEnd: true,
    run: (stage) => stage.lane.say(hello(stage, { swarmId: 'ab'.repeat(32) as SwarmId }))
  },
  'no greeting': {
    mustEnd: true,
    run: (stage) => say(stage, anyFrame(stage))
  },
  'another manifest': {
    mustEnd: false, // one that has the right one need not look
    async run(stage) {
      stage.lane.say(hello(stage))
      say(stage, { ...stateOf(stage), manifest: spoilt(stage.truth.manifest, stage) })
      await quiet()
    }
  },
  'wants of a billion ranges': {
    mustEnd: true,
    async run(stage) {
      await greet(stage)
      const ranges = Uint8Array.of(255, 255, ...stage.dice.bytes(800))
      stage.lane.say(Uint8Array.of(...head(1 + ranges.length, wantCode), ...ranges))
    }
  },
  'wants beyond the end': {
    mustEnd: true,
    async run(stage) {
      await greet(stage)
      const { dice, truth } = stage
      say(stage, { type: 'want', ranges: [{ start: dice.below(truth.blocks.length), count: 2 ** 31 }] })
    }
  },
  'wants and never reads': {
    mustEnd: false,
    async run(stage) {
      await greet(stage)
      stage.lane.reads = false
      for (let i = 0; i < 40; i++)
        say(stage, { type: 'want', ranges: [{ start: 0, count: stage.truth.blocks.length }] })
      await quiet()
    }
  },
  'wants too much over and over and never reads': {
    mustEnd: true,
    async run(stage) {
      await greet(stage)
      neverRead(stage)
      const { length } = stage.truth.blocks
      const ranges = Array.from({ length: rangesPerFrameMax }, () => ({ start: stage.dice.below(length), count: 1 }))
      for (let i = 0; i < 200 && !stage.lane.isClosed; i++) say(stage, { type: 'want', ranges })
    }
  },
  'wants hashes in turn and never reads': {
    mustEnd: true,
    async run(stage) {
      await greet(stage)
      neverRead(stage)
      for (let i = 0; i < 3 * queuedGroupsMax && !stage.lane.isClosed; i++) {
        say(stage, { type: 'want-hashes', group: groupIndex(0) })
        if (i % queuedGroupsMax > 0) continue
        await quiet() // until those before were answered
      }
    }
  },
  'wants, cancels and wants': {
    mustEnd: false,
    async run(stage) {
      await greet(stage)
      const ranges = [{ start: 0, count: stage.truth.blocks.length }]
      for (let i = 0; i < 20; i++) say(stage, { type: stage.dice.coin() ? 'want' : 'cancel', ranges })
      await quiet()
    }
  },
  'wants all hashes over and over': {
    mustEnd: true,
    async run(stage) {
      await greet(stage)
      for (let i = 0; i <= queuedGroupsMax; i++) say(stage, { type: 'want-hashes', group: groupIndex(0) })
    }
  },
  'holdings beyond the end': {
    mustEnd: true,
    async run(stage) {
      await greet(stage)
      const type = stage.dice.pick(['have', 'gone'] as const)
      say(stage, { type, ranges: [{ start: stage.truth.blocks.length - 1, count: 2 + stage.dice.below(2 ** 20) }] })
    }
  },
  'more suggestions than may be': {
    mustEnd: true,
    async run(stage) {
      await greet(stage)
      say(stage, { type: 'suggest', ranges: [{ start: 0, count: suggestedBlocksMax + 1 }] })
    }
  },
  'blocks that nobody asked for': {
    mustEnd: true,
    async run(stage) {
      await greet(stage)
      say(stage, { type: 'blocks', start: 0, blocks: [stage.truth.blocks[0]!] })
    }
  },
  'hashes of another tree': {
    mustEnd: true,
    ofFetcher: true,
    async run(stage) {
      await greet(stage)
      const hashes = stage.truth.groups[0]!
      say(stage, { type: 'hashes', group: groupIndex(0), hashes: { ...hashes, leaves: spoilt(hashes.leaves, stage) } })
    }
  },
  'a block with a changed bit': {
    mustEnd: true,
    ofFetcher: true,
    run: (stage) => answerWant(stage, (start) => ({ start, blocks: [spoilt(stage.truth.blocks[start]!, stage)] }))
  },
  'another block than was asked for': {
    mustEnd: true,
    ofFetcher: true,
    run: (stage) => answerWant(stage, (start) => ({ start, blocks: [stage.truth.blocks[start === 0 ? 1 : 0]!] }))
  },
  'a block of another size': {
    mustEnd: true,
    ofFetcher: true,
    run: (stage) =>
      answerWant(stage, (start) => ({
        start,
        blocks: [stage.truth.blocks[start]!.slice(0, 1 + stage.dice.below(60_000))]
      }))
  },
  'holds everything and sends nothing': {
    mustEnd: true,
    ofFetcher: true,
    async run(stage) {
      await greet(stage)
      stage.clock.pass(60_000)
    }
  }
}
