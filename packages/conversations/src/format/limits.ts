/** The signed block of an action is at most this large. */
export const MAX_ACTION_BYTES = 65_536
export const MAX_HEADS = 64
export const MAX_LINKS = 64
/** People that one action may add, or remove. */
export const MAX_ACCESS_CHANGES = 256
export const MAX_SUBJECT_CHARS = 512
export const MAX_NAME_CHARS = 256
/** Sequence numbers, epochs and counters are below this. */
export const COUNT_LIMIT = 2 ** 32
/** Wall milliseconds are below this: 10,889 AD. */
export const WALL_LIMIT = 2 ** 48
export const MAX_OFFSET_MINUTES = 18 * 60
/** A nonce of 24 bytes and a tag of 16. */
export const MIN_SEALED_BYTES = 40
