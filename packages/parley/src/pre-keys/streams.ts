import { withTimeout, type AbortOptions, type Clock } from '@parley/core'
import { ProtocolViolationError } from '@parley/conversations'
import type { FrameStream } from '@parley/network'
import { PreKeysRefusedError } from './errors.ts'
import { PRE_KEY_PROTOCOL, preKeyFrameCodec, type FrameOf, type PreKeyFrame } from './frames.ts'

/** How long a frame that is due is waited for; a slow disk commits within it. */
const FRAME_TIMEOUT_MS = 10_000

export async function sendFrame (stream: FrameStream, frame: PreKeyFrame, options: AbortOptions = {}): Promise<void> {
  await stream.send(preKeyFrameCodec.encode(frame), options)
}

/**
 * Takes the next frame, which is of one of `types`; undefined once the stream
 * was closed. With a `clock` the frame is due.
 *
 * @throws {PreKeysRefusedError | ProtocolViolationError | InvalidBytesError | OversizedBytesError | TimeoutError}
 */
export async function nextFrame<T extends PreKeyFrame['type']> (stream: FrameStream, types: readonly T[], { clock, signal }: AbortOptions & { clock?: Clock }): Promise<FrameOf<T> | undefined> {
  const coming = stream.receive({ signal })
  const bytes = await (clock === undefined ? coming : withTimeout(coming, `The ${types.join(' or ')} frame of ${stream.peer}`, FRAME_TIMEOUT_MS, clock, { signal }))
  if (bytes === undefined) return undefined
  const frame = preKeyFrameCodec.decode(bytes)
  if (frame.type === 'refuse') throw new PreKeysRefusedError(frame.error, frame.message)
  if (!(types as readonly string[]).includes(frame.type)) throw new ProtocolViolationError(PRE_KEY_PROTOCOL, `a ${frame.type} frame came where a ${types.join(' or ')} frame was due`)
  return frame as FrameOf<T>
}
