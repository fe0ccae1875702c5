import { treeCidOf, manifestCidOf } from '../../src/core/block/cid.ts'
import { padBlock } from '../../src/core/block/blocks.ts'
import { plainSwarmId } from '../../src/core/envelope/keys.ts'
import { groupIndex, type ManifestCid, type PeerId, type SetId } from '../../src/core/ids.ts'
import { blockBytes } from '../../src/core/limits.ts'
import { encodeManifest } from '../../src/core/manifest/manifest.ts'
import { treeOf } from '../../src/core/merkle/tree.ts'
import { freshRecord } from '../../src/engine/describe.ts'
import { setIdOf } from '../../src/engine/keys.ts'
import { openFileSystem } from '../../src/store/filesystem.ts'
import type { KeptRecord } from '../../src/store/paged.ts'
import type { ItemRecord } from '../../src/store/types.ts'
import { seededBytes } from './seeded.ts'
import { sha256 } from './sha256.ts'

/** What one small data set is: the same for one number always. */
export interface SmallSet {
  readonly id: SetId
  readonly content: Uint8Array
  readonly record: ItemRecord & { readonly manifestCid: ManifestCid }
}

const contentBytes = 1_000

export function smallSet(index: number): SmallSet {
  const content = seededBytes(index, contentBytes)
  const tree = treeOf(sha256(padBlock(content, blockBytes)))
  const fields = { treeCid: treeCidOf(tree.root), blockBytes, datasetBytes: contentBytes, fileName: `${index}.bin` }
  const manifest = encodeManifest(fields, '0.4')
  const manifestCid = manifestCidOf(sha256(manifest))
  const id = setIdOf(manifestCid)
  const described = {
    title: `${index}.bin`,
    createdAtMs: index,
    lastUsedAtMs: index,
    fileCount: 1,
    contentBytes,
    complete: true
  }
  return {
    id,
    content,
    record: { ...freshRecord(id), ...described, origin: 'added', kind: 'plain', manifestCid, manifest }
  }
}

/** The same as a copy that a keeper holds for somebody else, until then. */
export function keptSet(index: number, untilMs: number): SmallSet & { readonly record: KeptRecord } {
  const { record, ...set } = smallSet(index)
  const { manifestCid } = record
  const swarmId = plainSwarmId(manifestCid)
  const peerId = `peer ${index % 100}` as PeerId
  const kept = { manifestCid, swarmId, sizeBytes: blockBytes, untilMs, peerId, owners: ['00'.repeat(32)] }
  return { ...set, record: { ...record, title: '', origin: 'fetched', kept } }
}

/** Puts data sets from one number to another into the store of a folder. */
export async function addSmallSets(
  folder: string,
  from: number,
  to: number,
  setOf: (index: number) => SmallSet = smallSet
): Promise<void> {
  const { blocks, catalog } = await openFileSystem(folder)
  const together = 256
  const add = async (index: number) => {
    const { id, content, record } = setOf(index)
    const block = padBlock(content, blockBytes)
    await blocks.create(id, { blockCount: 1, blockBytes })
    await blocks.putBlocks(id, [{ index: 0, bytes: block }])
    await blocks.putHashGroups(id, [{ group: groupIndex(0), hashes: treeOf(sha256(block)).group(groupIndex(0)) }])
    await catalog.putItem(record)
  }
  for (let start = from; start < to; start += together) {
    await Promise.all(Array.from({ length: Math.min(together, to - start) }, (_, i) => add(start + i)))
  }
  await blocks.close()
  await catalog.close()
}
