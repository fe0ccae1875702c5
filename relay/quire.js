#!/usr/bin/env node
import { keepCompiled } from './compiled.js'
import { checkNode } from './node-version.js'

// What `quire` and `npm run quire` run.
checkNode()
keepCompiled()
await import('./cli.ts')
