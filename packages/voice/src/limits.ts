// What one voice message may be at most. A keeper may allow less, never more:
// the manifest of the longest one still fits a block that every exchange carries.

/** Bytes of a voice id and of the random part of every nonce that names one. */
export const VOICE_ID_BYTES = 16
/** Bytes of the key that seals one voice message. */
export const VOICE_KEY_BYTES = 32
/** Segments a message may have: six hours and a little. */
export const MAX_SEGMENTS = 21_616
/** Bytes of one segment block. */
export const MAX_SEGMENT_BYTES = 96 * 1024
/** Bytes of one manifest block. */
export const MAX_MANIFEST_BYTES = 1024 * 1024
/** Bytes of one frame of `/parley/voice/1`. */
export const MAX_FRAME_BYTES = MAX_MANIFEST_BYTES + 64 * 1024
/** Bytes of what the caller of an upload may send along for its own use. */
export const MAX_CONTEXT_BYTES = 256
/** Bytes of a contact card sent along. */
export const MAX_CARD_BYTES = 64 * 1024
/** Characters of a reason or detail in words. */
export const MAX_WORDS = 300
/** Sealed segments and manifests are whole multiples of this many bytes, so that their size tells little of what was said. */
export const SEALED_STEP_BYTES = 512
/** Samples a second that every position in a voice message counts in. */
export const VOICE_RATE_HZ = 48_000
/** Samples an Opus decoder needs before its output means anything (RFC 7845, section 4.2), at 48 kHz. */
export const OPUS_PRE_SKIP = 312
/** Loudness values a manifest holds at most, whatever the message's length. */
export const MAX_MANIFEST_PEAKS = 8192

export const VOICE_PROTOCOL = '/parley/voice/1'

/** Cuts words from elsewhere to what a frame carries. */
export function inWords (text: string): string {
  return text.length <= MAX_WORDS ? text : `${text.slice(0, MAX_WORDS - 1)}…`
}
