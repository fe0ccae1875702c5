import { Bitmap } from '../core/block/bitmap.ts'
import { type GroupIndex, groupIndex, type SetId } from '../core/ids.ts'
import type { Manifest } from '../core/manifest/manifest.ts'
import { groupCountOf } from '../core/merkle/group.ts'
import type { BlockStore } from '../store/types.ts'

/** What is held of a data set; one that could not be made in the store when its manifest came is made now. */
export async function recallHeld(store: BlockStore, set: SetId, manifest?: Manifest): Promise<Bitmap | undefined> {
  const held = await store.held(set)
  if (held || !manifest) return held
  const { blockCount, blockBytes } = manifest
  await store.create(set, { blockCount, blockBytes })
  return new Bitmap(blockCount)
}

/** Tells of the leaf hashes that were verified and stored in an earlier visit. Those that cannot be read are asked of peers. */
export async function recallHashes(
  store: Pick<BlockStore, 'readHashGroup'>,
  set: SetId,
  blockCount: number,
  tell: (group: GroupIndex, leaves: Uint8Array) => void
): Promise<void> {
  for (let i = 0; i < groupCountOf(blockCount); i++) {
    const group = groupIndex(i)
    const hashes = await store.readHashGroup(set, group).catch(() => undefined)
    if (hashes) tell(group, hashes.leaves)
  }
}
