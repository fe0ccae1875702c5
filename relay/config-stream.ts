import type { Connection, Stream } from '@libp2p/interface'
import { configStreamsMax, httpRequestBurst, httpRequestsPerSecond, relayTimeoutMs } from '../src/core/limits.ts'
import { utf8Encode } from '../src/core/proto/utf8.ts'
import { configProtocol } from '../src/network/libp2p/asking-relay.ts'
import { addressOf } from './circuit/hop-service.ts'
import type { RelayNode } from './circuits.ts'
import { AddressBudgets } from './limits/address-budgets.ts'
import { limitKey } from './limits/addresses.ts'
import type { Refuse } from './limits/refusals.ts'

/** Answers each stream with what `/config.json` answers, for those who reach this relay by no HTTP. [RL24] */
export async function serveConfig(
  node: RelayNode,
  configFor: (address: string) => object | undefined,
  refuse: Refuse
): Promise<void> {
  const asked = new AddressBudgets(httpRequestBurst, httpRequestsPerSecond)
  const answer = async (stream: Stream, connection: Connection): Promise<void> => {
    const address = addressOf(connection)
    const config = configFor(address)
    if (!asked.spend(performance.now(), limitKey(address))) refuse('config-requests', connection)
    else if (config) {
      stream.send(utf8Encode(JSON.stringify(config)))
      return stream.close({ signal: AbortSignal.timeout(relayTimeoutMs) })
    }
    throw new Error('there is no answer now')
  }
  await node.handle(
    configProtocol,
    (stream, connection) => void answer(stream, connection).catch((error: Error) => stream.abort(error)),
    { maxInboundStreams: configStreamsMax }
  )
}
