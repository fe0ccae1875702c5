import { checkNode } from './node-version.js'

// What `npm start` runs.
checkNode()
await import('./main.ts')
