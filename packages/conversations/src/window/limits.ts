/** The protocol's name on the network. */
export const WINDOW_PROTOCOL = '/parley/window/1'
/** Actions of one window. */
export const MAX_WINDOW = 512
/** Actions of a window that are not shown and hand keys to whoever asks. */
export const MAX_WINDOW_KEYS = 16
/** Actions that are looked at for such keys, the newest. */
export const MAX_TURNING_POINTS = 256
/** The blocks of one frame together, but for a single larger one. */
export const MAX_WINDOW_FRAME_BLOCKS_BYTES = 128 * 1024
export const MAX_WINDOW_FRAME_BYTES = 1024 * 1024
/** The peer's question must come within this time. */
export const ASK_TIMEOUT_MS = 10_000
/** Every frame of the answer must come within this time: links are bad where windows are asked for. */
export const ANSWER_TIMEOUT_MS = 60_000
export const MAX_WINDOW_STREAMS_PER_PEER = 4
