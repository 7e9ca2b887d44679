import { type AbortOptions, type Clock, InvalidBytesError, withTimeout } from '@parley/core'
import type { CID } from '@parley/core'
import type { Network, PeerTarget } from '@parley/network'
import type { CaptureState } from './capture-record.ts'
import { VoiceRefusedError } from './errors.ts'
import { decodeReply, encodeRequest } from './frames.ts'
import { MAX_FRAME_BYTES, MAX_SEGMENTS, VOICE_PROTOCOL } from './limits.ts'

/** What a keeper says that it has of a message. */
export interface HeldVoice {
  state: CaptureState
  segments: number
  manifest: CID | null
}

const ANSWER_MS = 10_000

/**
 * Asks a keeper what it has of a message, without fetching any of it.
 *
 * @returns undefined when it says that it has nothing of it, or does not tell this device
 * @throws what `Network.open` throws, and {StreamClosedError | TimeoutError | InvalidBytesError | VoiceRefusedError}
 */
export async function heldVoice ({ network, clock }: { network: Pick<Network, 'open'>, clock: Clock }, target: PeerTarget, voice: Uint8Array, { signal }: AbortOptions = {}): Promise<HeldVoice | undefined> {
  const stream = await network.open(target, VOICE_PROTOCOL, { signal, maxFrameBytes: MAX_FRAME_BYTES })
  try {
    // No message has a segment there: the answer is how it ended, and nothing else.
    await stream.send(encodeRequest({ v: 1, type: 'get', voice, from: MAX_SEGMENTS, follow: false }), { signal })
    const bytes = await withTimeout(stream.receive({ signal }), 'Asking a keeper', ANSWER_MS, clock)
    if (bytes === undefined) throw new VoiceRefusedError('stopping', 'the keeper closed the stream')
    const reply = decodeReply(bytes)
    if (reply.type === 'ended') return { state: reply.state, segments: reply.segments, manifest: reply.manifest }
    if (reply.type !== 'refused') throw new InvalidBytesError('voice reply', `a ${reply.type} frame has no place here`)
    if (reply.reason === 'unknown-voice' || reply.reason === 'not-allowed') return undefined
    throw new VoiceRefusedError(reply.reason, reply.detail)
  } finally {
    stream.close().catch(() => {})
  }
}
