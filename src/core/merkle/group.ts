/** Leaf hashes of up to 512 consecutive blocks, with the path that leads from their subtree to the root. */
export interface HashGroup {
  /** 32 bytes a leaf, in block order. */
  readonly leaves: Uint8Array
  /** 32 bytes a level, bottom to top, from the group's subtree to below the root; empty when the group is the whole tree. */
  readonly path: Uint8Array
}
