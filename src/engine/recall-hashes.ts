import { type GroupIndex, groupIndex, type SetId } from '../core/ids.ts'
import { groupCountOf } from '../core/merkle/group.ts'
import type { EngineParts } from './parts.ts'

/** Tells of the leaf hashes that were verified and stored in an earlier visit. Those that cannot be read are asked of peers. */
export async function recallHashes(
  store: Pick<EngineParts['store'], 'readHashGroup'>,
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
