/** The protocol's name on the network. */
export const SYNC_PROTOCOL = '/parley/sync/1'

/** No frame of this protocol is larger. */
export const MAX_SYNC_FRAME_BYTES = 1024 * 1024
/** The blocks of one batch frame together. */
export const MAX_BATCH_BYTES = 256 * 1024
export const MAX_BATCH_BLOCKS = 4096
/** No block of a log is larger. */
export const MAX_BLOCK_BYTES = 64 * 1024
/** Batches a sender may have under way that the receiver has not acknowledged: at most 2 MiB. */
export const WINDOW_BATCHES = 8
/** Batches in a row that brought nothing new, after which a peer is taken to be flooding. */
export const MAX_IDLE_BATCHES = 64
/** A longer frontier is cut, one entry of each author before a second of any; the peer then sends some actions again, which does no harm. */
export const MAX_FRONTIER = 4096
/** As `MAX_IDLE_BATCHES`, where our own hello was cut: an honest peer cannot know what we have. 256 MiB. */
export const MAX_IDLE_BATCHES_CUT = 1024
export const MAX_CARDS = 64
export const MAX_CARD_BYTES = 64 * 1024
/** The contact cards of one frame together. */
export const MAX_CARDS_BYTES = 384 * 1024
/** Card frames that one peer may send on one stream. */
export const MAX_CARD_FRAMES = 64
/** Conversations in one `entries` frame. */
export const MAX_ENTRIES = 2048
/** Conversations that one list exchange takes from a peer. */
export const MAX_LISTED = 100_000
export const MAX_REASON_CHARS = 300
/** Actions that wait for a slow peer in live mode; past that they are read from the log again. */
export const MAX_LIVE_QUEUE_BYTES = 8 * 1024 * 1024

/** The peer's hello must come within this time. */
export const HELLO_TIMEOUT_MS = 10_000
/** Whatever else we wait for from a peer must come within this time. */
export const PROGRESS_TIMEOUT_MS = 30_000
/** Streams of one peer at a time. */
export const MAX_STREAMS_PER_PEER = 32
/** Conversations that `syncAll` brings up to date at a time. */
export const SYNC_ALL_CONCURRENCY = 4
/** Blocks without a valid signature that a peer may send before it is taken to be hostile. */
export const MAX_FORGED = 64
/** In live mode, actions that come together are told of before they are flushed up to this size: they are written twice. */
export const MAX_TOLD_FIRST_BYTES = 64 * 1024
/** In live mode, how long who the peer is and what it may see is believed without looking again. */
export const RECHECK_MS = 60_000
