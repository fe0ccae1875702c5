/** Asks `echo.ts` at `address port` so many times at once; prints a line of JSON, `RoundTrips`. Run inside a lab. */
import { createSocket } from 'node:dgram'

export interface RoundTrips {
  readonly answered: number
  /** Infinite, as null, where nothing was answered. */
  readonly shortestMs: number
}

/** After the last answer nothing more is waited for. */
const silenceMs = 500
const [address, port, count] = process.argv.slice(2) as [string, string, string]
const socket = createSocket('udp4')
const startMs = performance.now()
let answered = 0
let shortestMs = Infinity
const done = () => {
  console.log(JSON.stringify({ answered, shortestMs } satisfies RoundTrips))
  socket.close()
}
let late = setTimeout(done, silenceMs)
socket.on('message', () => {
  answered++
  shortestMs = Math.min(shortestMs, performance.now() - startMs)
  clearTimeout(late)
  late = setTimeout(done, silenceMs)
})
for (let i = 0; i < Number(count); i++) socket.send(`${address} ${port}`, Number(port), address)
