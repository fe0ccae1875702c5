#!/usr/bin/env node
import { keepCompiled } from './compiled.js'
import { checkNode } from './node-version.js'

// What `quire` and `npm run quire` run.
checkNode()
keepCompiled()
const { endBySignals } = await import('./early-signals.ts')
endBySignals()
await import('./cli.ts')
