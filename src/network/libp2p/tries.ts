import type { Connection, Libp2p } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { PeerId } from '../../core/ids.ts'
import {
  dialTimeoutMs,
  directCalledMs,
  directCallMs,
  directCallMsMax,
  directTryMs,
  directTurnMs,
  directTurns
} from '../../core/limits.ts'
import type { OpenConnections } from './open-connections.ts'
import { kindOf } from './stream-lane.ts'

export const after = (delayMs: number) => new Promise<undefined>((resolve) => setTimeout(resolve, delayMs))

/** libp2p lets go of a dial a moment after it gave up; until then it joins the next to it. [NW22] */
const letGo = () => after(0)

/** What is tried: a peer, whether it looks for peers itself, and whether others have more to give meanwhile. */
export interface Tried {
  readonly peerId: PeerId
  readonly seeks?: boolean
  readonly canWait?: boolean
}

/** What a peer does meanwhile. */
interface Watched extends Readonly<Record<'connected' | 'called', Promise<void>>> {
  readonly stop: () => void
}

/** A time to end at, which can be put off, but not beyond the longest that a dial may take. */
function deadline(timeoutMs: number) {
  const late = new AbortController()
  const passed = new Promise<void>((resolve) => late.signal.addEventListener('abort', () => resolve()))
  const endMs = Date.now() + dialTimeoutMs
  const start = (delayMs: number) => setTimeout(() => late.abort(), Math.min(delayMs, endMs - Date.now()))
  let timer: ReturnType<typeof setTimeout> | undefined = start(timeoutMs)
  const stop = () => {
    clearTimeout(timer)
    timer = undefined
  }
  const restart = (delayMs: number) => {
    if (timer === undefined) return
    stop()
    timer = start(delayMs)
  }
  return { signal: late.signal, passed, restart, stop }
}

/** Steps of a dial over WebRTC, each of which takes its time on a busy machine. Others may send any number of candidates. */
const isStep = ({ type }: { readonly type: string }): boolean => !/:(add|end-of)-ice-candidate/.test(type)

/** Dials addresses of a peer, one after the other. SPEC.md: NW9, NW11, NW22, NW39, NW41. */
export class Tries {
  readonly #node: Libp2p
  readonly #open: OpenConnections
  /** Peers that are tried over WebRTC and have their turn. */
  #turns = 0
  /** Those that wait for theirs, in the order in which they came. */
  readonly #waiting: (() => void)[] = []

  constructor(node: Libp2p, open: OpenConnections) {
    this.#node = node
    this.#open = open
  }

  /** One after the other, but none after `untilMs`. A direct connection that the peer makes meanwhile is as good. [NW9] */
  async each(
    peerId: PeerId,
    addresses: readonly Multiaddr[],
    tryMs: number,
    untilMs = Infinity
  ): Promise<Connection | undefined> {
    for (const [place, address] of addresses.entries()) {
      if (place > 0 && Date.now() >= untilMs) break
      const theirs = this.#watch(peerId)
      try {
        const signal = AbortSignal.timeout(tryMs)
        await Promise.race([this.#node.dial(address, { signal, force: true }), theirs.connected])
        return this.#open.direct(peerId) ?? this.#open.circuit(peerId)
      } catch {
        await letGo()
      } finally {
        theirs.stop()
      }
    }
    return undefined
  }

  /** Over WebRTC, so many times, by each address in turn: a few peers at a time. [NW39] */
  async inTurn(
    { peerId, seeks = false, canWait = false }: Tried,
    addresses: readonly Multiaddr[],
    tries: number
  ): Promise<Connection | undefined> {
    if (addresses.length === 0) return undefined
    const theirs = this.#watch(peerId)
    if (seeks && this.#open.givesWayTo(peerId)) await this.#theirCall(peerId, theirs, canWait)
    const ours = this.#takeTurn(() => this.#eachWebRtc(peerId, addresses, tries))
    await Promise.race([ours, theirs.connected])
    theirs.stop()
    return this.#open.direct(peerId) ?? ours
  }

  /** It looks for peers as we do, so it calls as well: where that comes first, one of two dials is saved. [NW11] */
  async #theirCall(peerId: PeerId, theirs: Watched, canWait: boolean): Promise<void> {
    const isCalled = this.#open.hasCall(peerId, directCalledMs) || theirs.called.then(() => true)
    const isConnected = theirs.connected.then(() => false)
    const calls = await Promise.race([isCalled, isConnected, after(canWait ? directCallMsMax : directCallMs)])
    if (calls) await Promise.race([isConnected, after(directCalledMs)])
  }

  /** A turn lasts until the tries ended, but no longer than `directTurnMs`: who cannot be reached must not hold up others. */
  async #takeTurn<T>(run: () => Promise<T>): Promise<T> {
    if (this.#turns >= directTurns) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else this.#turns++
    const running = run()
    void Promise.race([running, after(directTurnMs)]).finally(() => {
      const next = this.#waiting.shift()
      if (next) next()
      else this.#turns--
    })
    return running
  }

  async #eachWebRtc(peerId: PeerId, addresses: readonly Multiaddr[], tries: number): Promise<Connection | undefined> {
    let found = this.#open.direct(peerId)
    for (let tried = 0; !found && tried < tries; tried++) {
      found = await this.#tryWebRtc(peerId, addresses[tried % addresses.length]!)
    }
    return found
  }

  /** Two dials at once cost twice as much and are no sooner there: of the two, one waits for the other. [NW11] */
  async #tryWebRtc(peerId: PeerId, address: Multiaddr): Promise<Connection | undefined> {
    const theirs = this.#watch(peerId)
    const ours = new AbortController()
    const yields = this.#open.givesWayTo(peerId)
    const isCalled = yields && this.#open.hasCall(peerId, directCalledMs)
    const late = deadline(isCalled ? directCalledMs : directTryMs)
    if (yields) {
      for (const heard of [theirs.called, theirs.connected]) void heard.then(() => ours.abort())
      void theirs.called.then(() => late.restart(directCalledMs))
    }
    // Whatever slows it, it is under way: the next step has as long again.
    const onProgress = (event: { readonly type: string }) => isStep(event) && late.restart(directTryMs)
    try {
      const signal = AbortSignal.any([ours.signal, late.signal])
      const options = { signal, onProgress, force: true }
      if (!isCalled) await Promise.race([this.#node.dial(address, options), theirs.connected])
    } catch {
      await letGo()
    }
    if (isCalled || ours.signal.aborted) await Promise.race([theirs.connected, late.passed])
    late.stop()
    theirs.stop()
    return this.#open.direct(peerId)
  }

  /** Resolves when the peer has made a direct connection, and when it has opened a circuit, which is how that begins. */
  #watch(peerId: PeerId): Watched {
    const connected = Promise.withResolvers<void>()
    const called = Promise.withResolvers<void>()
    const look = ({ detail }: CustomEvent<Connection>) => {
      if (detail.remotePeer.toString() !== peerId) return
      if (kindOf(detail) !== 'relayed') connected.resolve()
      else if (detail.direction === 'inbound') called.resolve()
    }
    this.#node.addEventListener('connection:open', look)
    const stop = () => this.#node.removeEventListener('connection:open', look)
    return { connected: connected.promise, called: called.promise, stop }
  }
}
