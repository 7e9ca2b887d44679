/** The signed block of an action is at most this large. */
export const MAX_ACTION_BYTES = 65_536
export const MAX_HEADS = 64
export const MAX_LINKS = 64
/** People that one action may add, or remove. */
export const MAX_ACCESS_CHANGES = 128
/** People of a conversation, as whoever adds somebody sees it. */
export const MAX_PARTICIPANTS = 128
/** Actions that change who is in, in the past of one that adds somebody or changes a permission. */
export const MAX_CHANGES_SEEN = 4096
export const MAX_SUBJECT_CHARS = 512
export const MAX_NAME_CHARS = 256
/** Sequence numbers, epochs and counters are below this. */
export const COUNT_LIMIT = 2 ** 32
/** Wall milliseconds are below this: 10,889 AD. */
export const WALL_LIMIT = 2 ** 48
export const MAX_OFFSET_MINUTES = 18 * 60
/** A nonce of 24 bytes and a tag of 16. */
export const MIN_SEALED_BYTES = 40
export const MAX_BODY_CHARS = 32_768
export const MAX_REASON_CHARS = 1024
export const MAX_LABEL_CHARS = 64
export const MAX_REACTION_CHARS = 32
/** Different reactions of one person to one message. */
export const MAX_REACTIONS = 32
/** Files of one message. */
export const MAX_FILES = 256
export const MAX_EXTRA_TEXT_CHARS = 4096
export const MAX_EXTRA_DATA_BYTES = 16 * 1024
export const MAX_ANSWER_CHARS = 1024
export const MAX_SURVEY_OPTIONS = 64
/** People of a conversation at one time. */
export const MAX_CALL_PEOPLE = 128
/** How long a lock lasts, by the times of actions. */
export const LOCK_MS = 3_600_000
