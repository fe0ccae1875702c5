import { base64urlOf } from '../../core/bytes.ts'
import { keepersSwarmId } from '../../core/keep/swarm.ts'
import { FrameReader } from '../../core/exchange/frame-reader.ts'
import type { PeerId } from '../../core/ids.ts'
import { decodeKeepFrame, encodeKeepFrame } from '../../core/keep/codec.ts'
import { KeeperFinder, type KeeperFinderEffect, type KeeperFinderInput } from '../../core/keep/finder.ts'
import type { KeepTerms } from '../../core/keep/types.ts'
import { dialTimeoutMs, keepAnswerMs, keepFrameBytesMax } from '../../core/limits.ts'
import { peerName } from '../../core/names.ts'
import type { Lane, NamedKeeper } from '../../network/types.ts'
import { Alarm } from '../alarm.ts'
import type { EngineParts } from '../parts.ts'
import { wallClock } from '../watch.ts'
import { signedTerms } from './receipts.ts'

export type FindingParts = Pick<EngineParts, 'network' | 'timers' | 'log' | 'discovery'>

/** Finds keepers that no relay names, and asks them for their terms: the driver of the finder's machine. */
export class KeeperFinding {
  readonly #parts: FindingParts
  readonly #onFound: () => void
  readonly #machine = new KeeperFinder()
  readonly #alarm: Alarm
  readonly #closing = new AbortController()
  readonly #swarmId = keepersSwarmId()

  constructor(parts: FindingParts, onFound: () => void) {
    this.#parts = parts
    this.#onFound = onFound
    this.#alarm = new Alarm(wallClock(parts.timers))
  }

  /** As relays name theirs, under a name that is made of their id. */
  get found(): readonly NamedKeeper[] {
    return this.#machine.found.map(({ peerId, record, terms }) => {
      return { peerId, record: base64urlOf(record), host: peerName(peerId), terms, found: true }
    })
  }

  turn(input: KeeperFinderInput): void {
    if (this.#closing.signal.aborted) return
    if (input.type === 'lack' && !input.isLacking) this.#parts.discovery.lookNoMore(this.#swarmId)
    for (const effect of this.#machine.handle(Date.now(), input)) this.#perform(effect)
    this.#alarm.setAtMs(this.#machine.wakeAtMs(), () => this.turn({ type: 'wake' }))
  }

  close(): void {
    this.#closing.abort()
    this.#alarm.cancel()
    this.#parts.discovery.lookNoMore(this.#swarmId)
  }

  #perform(effect: KeeperFinderEffect): void {
    switch (effect.type) {
      case 'look':
        return this.#parts.discovery.look(this.#swarmId, (peers) => this.turn({ type: 'peers', peers }))
      case 'ask':
        return void this.#ask(effect.keeper, effect.record)
      case 'changed':
        return this.#onFound()
    }
  }

  async #ask(keeper: PeerId, record: Uint8Array): Promise<void> {
    let terms: KeepTerms | undefined
    try {
      const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(dialTimeoutMs)])
      const lane = await this.#parts.network.connect(record, { signal, protocol: '/quire/keep/1' })
      checkPeer(lane, keeper)
      terms = await signedTerms(await termsOver(lane), keeper)
      lane.close()
    } catch (error) {
      this.#parts.log('terms-not-told', { message: error instanceof Error ? error.message : String(error) })
    }
    this.turn({ type: 'terms', keeper, terms })
  }
}

/** The record of a keeper may have been that of another, who is told nothing, and shown no token. [KE29] */
export function checkPeer(lane: Lane, keeper: PeerId): void {
  if (lane.peerId === keeper) return
  lane.close()
  throw new Error('the record of a keeper was that of another')
}

/** What it answers first; nothing where that is no terms, or it does not answer in time. */
export async function termsOver(lane: Lane): Promise<Uint8Array> {
  const { promise, resolve } = Promise.withResolvers<Uint8Array>()
  const none = () => resolve(new Uint8Array(0))
  const reader = new FrameReader(keepFrameBytesMax)
  lane.onChunk = (chunk) => {
    try {
      for (const raw of reader.push(chunk)) {
        const frame = decodeKeepFrame(raw)
        if (frame.type === 'terms') resolve(frame.terms)
        else none()
      }
    } catch {
      none()
    }
  }
  lane.onClose = none
  lane.send(encodeKeepFrame({ type: 'ask-terms' }))
  const late = setTimeout(none, keepAnswerMs)
  return promise.finally(() => clearTimeout(late))
}
