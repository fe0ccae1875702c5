import { keepCompiled } from './compiled.js'
import { checkNode } from './node-version.js'

// What `npm start` runs.
checkNode()
keepCompiled()
await import('./main.ts')
