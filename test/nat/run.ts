/** `npm run test:nat`: the lab's tests with every pair of NATs, of which `npm test` runs six. Writes RESULTS.md. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const program = join(import.meta.dirname, '../run.ts')
const env = { ...process.env, NAT_LAB: 'all' }
const { status } = spawnSync(process.execPath, [program, 'nat'], { env, stdio: 'inherit' })
process.exitCode = status ?? 1
