#!/usr/bin/env node
import { checkNode } from './node-version.js'

// What `quire` and `npm run quire` run.
checkNode()
await import('./cli.ts')
