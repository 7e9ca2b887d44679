// What a file may be, and how it is cut. Leaf and width are part of the
// format: from the size of a file follows the shape of its blocks.

/** Bytes of one sealed chunk, a leaf of the sealed file. */
export const LEAF_BYTES = 256 * 1024
/** Bytes of the tag that ends every chunk. */
export const TAG_BYTES = 16
/** Bytes of plaintext in every chunk but the last. */
export const CHUNK_BYTES = LEAF_BYTES - TAG_BYTES
/** Links of one node. */
export const NODE_WIDTH = 1024
/** Leaves a file may have: two levels of nodes above them. */
export const MAX_LEAVES = 65_536
/** Bytes a file may have: 1 MiB less than 16 GiB. */
export const MAX_FILE_BYTES = MAX_LEAVES * CHUNK_BYTES
/** Multicodec code of DAG-PB. */
export const DAG_PB = 0x70
/** Multihash code of SHA2-256. */
export const SHA2_256 = 0x12
/** Bytes of the key that seals one file. */
export const FILE_KEY_BYTES = 32
/** Bytes of a file's name in UTF-8. */
export const MAX_FILE_NAME_BYTES = 255
export const MAX_MEDIA_TYPE_CHARS = 127
export const MAX_THUMBNAIL_BYTES = 16 * 1024
/** Pixels of a thumbnail in each direction: a small picture may unpack to a huge one. */
export const MAX_THUMBNAIL_PIXELS = 1024

/** The protocol by which a file's blocks are handed to a holder. */
export const FILE_PROTOCOL = '/parley/file/1'
/** No frame of this protocol is larger. */
export const MAX_FILE_FRAME_BYTES = LEAF_BYTES + 1024
export const MAX_CARD_BYTES = 64 * 1024
/** Blocks on their way that are not acknowledged. */
export const WINDOW_BLOCKS = 32
/** Blocks of one commit. At most half a window, or both sides would wait for each other. */
export const BATCH_BLOCKS = 16
/** The offer must come within this time. */
export const OFFER_TIMEOUT_MS = 10_000
/** Whatever else is owed must come within this time. */
export const PROGRESS_TIMEOUT_MS = 30_000
/** Streams of one peer at a time. */
export const MAX_STREAMS_PER_PEER = 4
/** What was offered and not brought to its end is dropped after this time: seven days. */
export const PARTIAL_RETENTION_MS = 7 * 24 * 3_600_000
