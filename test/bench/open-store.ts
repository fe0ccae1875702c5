/** Opens the store of a folder as a server does, and tells what that took: `node open-store.ts FOLDER SET`. */
import type { SetId } from '../../src/core/ids.ts'
import { openFileSystem } from '../../src/store/filesystem.ts'

const [folder, set] = [process.argv[2]!, process.argv[3] as SetId]
const before = process.memoryUsage().rss
const startMs = performance.now()
const { blocks, catalog } = await openFileSystem(folder)
await blocks.readBlocks(set, { start: 0, count: 1 })
await blocks.usedBytes()
const openMs = performance.now() - startMs
const openBytes = process.memoryUsage().rss - before
const { length: itemCount } = await catalog.items()
const itemsMs = performance.now() - startMs - openMs
console.log(JSON.stringify({ openMs, openBytes, itemCount, itemsMs, itemsBytes: process.memoryUsage().rss - before }))
await blocks.close()
await catalog.close()
