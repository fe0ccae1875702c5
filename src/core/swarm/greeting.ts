import { BadFrame, BadProof } from '../exchange/errors.ts'
import { proofOf, proofsEqual } from '../exchange/proof.ts'
import type { Frame, LaneInfo, PeerRole } from '../exchange/types.ts'
import type { SwarmLane } from './lane.ts'
import type { SwarmState } from './state.ts'

/** The first message each way: who speaks, and that it may take part. Says nothing of the data set itself. [EX5] */
export class Greeting {
  readonly #state: SwarmState

  constructor(state: SwarmState) {
    this.#state = state
  }

  sayHello({ info }: SwarmLane): void {
    const { swarmId, role } = this.#state.options
    const proof = this.#proofBy(info, 'initiator')
    const frame = { type: 'hello', swarmId, role, lane: info.number ?? 0, proof } as const
    this.#state.emit({ type: 'send', laneId: info.laneId, frame })
  }

  sayWelcome({ info }: SwarmLane): void {
    const { role } = this.#state.options
    const proof = this.#proofBy(info, 'responder')
    this.#state.emit({ type: 'send', laneId: info.laneId, frame: { type: 'welcome', role, proof } })
  }

  /** What a greeting says of its sender; throws BadFrame or BadProof. */
  check({ info }: SwarmLane, frame: Frame): { role: PeerRole; number: number } {
    const isInbound = info.direction === 'inbound'
    if (frame.type !== (isInbound ? 'hello' : 'welcome')) throw new BadFrame('it did not begin with a greeting')
    if (frame.type === 'hello' && frame.swarmId !== this.#state.options.swarmId)
      throw new BadFrame('it asks for another swarm')
    const theirs = this.#proofBy(info, isInbound ? 'initiator' : 'responder')
    if (theirs && !proofsEqual(frame.proof, theirs)) throw new BadProof()
    return { role: frame.role, number: frame.type === 'hello' ? frame.lane : (info.number ?? 0) }
  }

  #proofBy(lane: LaneInfo, by: 'initiator' | 'responder'): Uint8Array | undefined {
    const { swarmKey } = this.#state.options
    if (!swarmKey) return undefined
    const { localPeerId, peerId, direction } = lane
    const [initiator, responder] = direction === 'outbound' ? [localPeerId, peerId] : [peerId, localPeerId]
    return proofOf(swarmKey, initiator, responder, by)
  }
}
