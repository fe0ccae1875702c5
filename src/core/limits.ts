/** Every limit of Quire, with its unit and its reason. Nothing else in the code states one. */
const KiB = 1024
const MiB = 1024 * KiB

function holds(relation: boolean, what: string): void {
  if (!relation) throw new Error(`limits disagree: ${what}`)
}

// --- data sets (Codex formats) ---

/** Size of a block that we make; Codex default. */
export const blockBytes = 64 * KiB
/** Smallest and largest block size that we read; Codex upload bounds, 1 KiB seen from library uploads. */
export const blockBytesMin = 1 * KiB
export const blockBytesMax = 512 * KiB
/** A longer manifest is refused before it is parsed; bound of the Codex manifest exchange. */
export const manifestBytesMax = 64 * KiB
/** Leaf hashes that travel together: 16 KiB make 32 MiB of data verifiable on arrival. */
export const groupLeaves = 512

// --- store ---

/** Blocks in a segment, the unit of durable writes: IndexedDB writes 4 MiB records fastest, and one segment is the most a crash costs. */
export const segmentBlocks = 64

// --- exchange ---

/** Blocks in one message: 3 × 64 KiB and a header fit the largest WebRTC message between our peers. */
export const messageBlocks = 3
/** Largest message on a WebRTC lane between our peers; Chromium takes 256 KiB, less room for libp2p's framing. */
export const laneMessageBytes = 256 * KiB - 64
/** A frame over this is refused before it is read: one block of the largest size, or a welcome with a full manifest. */
export const frameBytesMax = 1 * MiB
/** Asked for and not yet here, one session. At 100 ms it carries 40 MiB/s. */
export const windowBytesMax = 4 * MiB
/** Before a pace is measured. */
export const windowBytesStart = 1 * MiB

holds(groupLeaves % segmentBlocks === 0, 'a hash group is whole segments')
holds(messageBlocks * blockBytes < laneMessageBytes, 'blocks of one message fit a lane message')
holds(windowBytesStart <= windowBytesMax, 'a window starts within its bound')
holds(manifestBytesMax < frameBytesMax && blockBytesMax < frameBytesMax, 'what one frame must carry fits')
