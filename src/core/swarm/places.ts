import { placeIdleMs } from '../limits.ts'
import type { Session } from './session.ts'

/**
 * The one that gives its place to somebody else; undefined: all were of use of late, or have only just come. Who gave
 * something is kept before who never did, then who holds what is lacking, which anybody can say of himself. [SW20]
 */
export function leastUseful(sessions: Iterable<Session>, nowMs: number, isLacking: boolean): Session | undefined {
  const idle = [...sessions].filter(({ usefulAtMs }) => nowMs >= usefulAtMs + placeIdleMs)
  const worthOf = (session: Session): number =>
    2 * Number(session.receivedBytes > 0) + Number(isLacking && hasOffers(session))
  return idle.sort((one, other) => worthOf(one) - worthOf(other) || one.usefulAtMs - other.usefulAtMs)[0]
}

const hasOffers = ({ isComplete, offers }: Session): boolean => isComplete || offers.length > 0
