import { parseArgs } from 'node:util'
import { byId, momentWhen, openLink, untilState } from '../support/person.ts'
import { Town } from './visit.ts'

/**
 * How fast 20 MB come over long and lossy ways: `long-paths.ts --delay 25,50 --loss 0,0.01` prints a line of JSON for
 * each pair, of a fresh lab each. Delays are one way, in milliseconds; loss is each way.
 */
const { values } = parseArgs({
  options: { delay: { type: 'string', default: '25' }, loss: { type: 'string', default: '0' } }
})
const numbers = (list: string) => list.split(',').map(Number)
const contentBytes = 20_000_000
const timeoutMs = 400_000

for (const delayMs of numbers(values.delay)) {
  for (const loss of numbers(values.loss)) {
    await using town = await Town.found({ QUIRE_TURN: 'off' }, { delayMs, loss })
    const { page } = town.bob
    town.lab.setKind('a', 'port-restricted')
    town.lab.setKind('b', 'firewall')
    await openLink(page, await town.shareNow())
    await momentWhen(page, () => document.querySelector('[data-testid="connection-kind"]') !== null)
    const connectedMs = Date.now()
    await untilState(page, 'complete', timeoutMs)
    const tookMs = Date.now() - connectedMs
    const way = await byId(page, 'connection-kind').textContent()
    console.log(JSON.stringify({ roundTripMs: 2 * delayMs, loss, way, tookMs, mBps: contentBytes / tookMs / 1000 }))
  }
}
