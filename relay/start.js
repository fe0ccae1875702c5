import { keepCompiled } from './compiled.js'
import { checkNode } from './node-version.js'

// What `npm start` runs.
checkNode()
keepCompiled()
const { endBySignals } = await import('./early-signals.ts')
endBySignals()
await import('./main.ts')
