/** The protocol's name on the network. */
export const MAILBOX_PROTOCOL = '/parley/mailbox/1'

/** No frame of this protocol is larger. */
export const MAX_MAILBOX_FRAME_BYTES = 512 * 1024
/** What one item may say; large things are blocks, and the item names them. */
export const MAX_PAYLOAD_BYTES = 64 * 1024
/** The payloads of one `items` frame together. */
export const MAX_PAGE_BYTES = 256 * 1024
export const MAX_PAGE_ITEMS = 64
/** Items that a device may have been given and not acknowledged. */
export const WINDOW_ITEMS = 256
export const MAX_REASON_CHARS = 300
export const MAX_CARD_BYTES = 64 * 1024

/** The peer's first frame must come within this time. */
export const HELLO_TIMEOUT_MS = 10_000
/** A device that wants only what is there waits this long for the next frame. */
export const PROGRESS_TIMEOUT_MS = 30_000
/** Streams of one device at a time. */
export const MAX_STREAMS_PER_PEER = 8

/** What is kept for one person; past that `put` refuses. */
export const DEFAULT_MAX_ITEMS = 10_000
/** What one sender may have of it, so that others find room. */
export const DEFAULT_MAX_ITEMS_PER_SENDER = 2_500
export const DEFAULT_MAX_BYTES = 64 * 1024 * 1024
/** Items that no device fetched are dropped after this time: 90 days. */
export const DEFAULT_RETENTION_MS = 90 * 24 * 3_600_000
/** How often ended retention and revoked devices are looked for. */
export const SWEEP_INTERVAL_MS = 3_600_000

/** How soon an item is looked for after `put`, when nobody called `announce`. */
export const FIRST_LOOK_MS = 20
export const LAST_LOOK_MS = 5_000
/** An item that is not committed after this time holds up later ones no more; it gets a later number when it comes. */
export const LATE_MS = 30_000
/** An item that is not committed after this time is no longer looked for. */
export const GIVE_UP_MS = 24 * 3_600_000
