import { type AbortOptions, type Logger, InvalidBytesError } from '@parley/core'
import type { FrameStream, Network, PeerTarget } from '@parley/network'
import type { CaptureState } from './capture-record.ts'
import { PASSING_REFUSALS, type Refusal } from './errors.ts'
import { decodeReply, encodeRequest } from './frames.ts'
import { MAX_FRAME_BYTES, VOICE_PROTOCOL } from './limits.ts'

// Who listens early may be there before the speaker.
const PASSING: readonly Refusal[] = [...PASSING_REFUSALS, 'unknown-voice']

/** How a peer stopped sending. */
export type RemoteEnd =
  | { type: 'ended', state: CaptureState, segments: number, reason: string | null }
  | { type: 'refused', detail: string }
  /** The connection broke, or there was none. */
  | { type: 'broken', detail: string }

interface ListenInit extends AbortOptions {
  voice: Uint8Array
  from: number
  /** Stays until the message ended. */
  follow: boolean
}

/** Yields the segment blocks that one keeper has of a message, unchecked. Rejects only when the signal aborts. */
export async function * listen (components: { network: Pick<Network, 'open'>, logger: Logger }, target: PeerTarget, { voice, from, follow, signal }: ListenInit): AsyncGenerator<Uint8Array, RemoteEnd> {
  let stream: FrameStream | undefined
  try {
    stream = await components.network.open(target, VOICE_PROTOCOL, { signal, maxFrameBytes: MAX_FRAME_BYTES })
    await stream.send(encodeRequest({ v: 1, type: 'get', voice, from, follow }), { signal })
    for (;;) {
      const bytes = await stream.receive({ signal })
      if (bytes === undefined) return { type: 'broken', detail: 'the keeper closed the stream' }
      const reply = decodeReply(bytes)
      if (reply.type === 'segment') yield reply.block
      else if (reply.type === 'ended') return reply
      else if (reply.type === 'refused') return { type: PASSING.includes(reply.reason) ? 'broken' : 'refused', detail: reply.detail }
      else throw new InvalidBytesError('voice reply', `a ${reply.type} frame has no place here`)
    }
  } catch (error) {
    signal?.throwIfAborted()
    components.logger.debug('a keeper cannot be listened to', { peer: target.peer, error })
    return { type: 'broken', detail: error instanceof Error ? error.message : String(error) }
  } finally {
    stream?.close().catch(() => {})
  }
}
