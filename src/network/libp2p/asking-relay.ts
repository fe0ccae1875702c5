import type { Connection, Stream } from '@libp2p/interface'
import { relayConfigBytesMax } from '../../core/limits.ts'
import { NotARelay } from '../errors.ts'
import { readRelayConfig, type RelayConfig } from '../relay-config.ts'

/** Asks a relay what it says at `/config.json`. */
export const configProtocol = '/quire/config/1'

/** Asks a relay who it is by the connection that there is to it. [NW37] */
export async function askRelayBy(connection: Connection, url: string, timeoutMs: number): Promise<RelayConfig> {
  const signal = AbortSignal.timeout(timeoutMs)
  let text: string
  try {
    text = await readAll(await connection.newStream(configProtocol, { signal }), signal)
  } catch (cause) {
    throw new NotARelay('it does not answer', { cause })
  }
  return readRelayConfig(text, url)
}

/** All that comes until the other side has no more; too much ends it. */
async function readAll(stream: Stream, signal: AbortSignal): Promise<string> {
  const abort = (): void => stream.abort(signal.reason as Error)
  signal.addEventListener('abort', abort)
  const decoder = new TextDecoder()
  let [text, bytes] = ['', 0]
  try {
    for await (const part of stream) {
      bytes += part.byteLength
      if (bytes > relayConfigBytesMax) throw new Error('its answer is too long')
      text += decoder.decode(part.subarray(), { stream: true })
    }
    signal.throwIfAborted()
    await stream.close({ signal })
    return text
  } catch (error) {
    stream.abort(error as Error)
    throw error
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
