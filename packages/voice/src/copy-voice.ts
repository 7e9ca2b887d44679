import { type AbortOptions, type CID, type Clock, InvalidBytesError, type Store, withTimeout } from '@parley/core'
import { type Did, publicKeyFromDid } from '@parley/identity'
import type { FrameStream, Network, PeerTarget } from '@parley/network'
import type { CaptureState } from './capture-record.ts'
import { CaptureEndedError, VoiceRefusedError } from './errors.ts'
import { decodeReply, encodeRequest, type VoiceReply } from './frames.ts'
import { segmentCid, segmentKey } from './journal.ts'
import { MAX_FRAME_BYTES, MAX_SEGMENTS, VOICE_PROTOCOL, inWords } from './limits.ts'
import { decodeManifest } from './manifest.ts'
import { voiceName } from './voice-id.ts'

/** What bringing a copy needs. */
export interface CopyComponents {
  network: Pick<Network, 'open'>
  /** Where the segments lie: as they were spoken, kept or heard. */
  store: Store
  clock: Clock
}

/** A message that is over and of which this device has something. */
export interface VoiceToCopy {
  voice: Uint8Array
  conversation: CID
  /** The action that announced it. */
  action: CID
  /** The device that spoke it. */
  speaker: Did
  /** Where the finished message is described. */
  manifest?: CID | undefined
  /** The log says that it was cut off. */
  cutOff: boolean
  /** Why, in words. */
  reason?: string | undefined
}

/** What a keeper has of a message afterwards. */
export interface VoiceCopied {
  state: CaptureState
  segments: number
  /** Segments that it did not have before. */
  sent: number
}

export interface CopyOptions extends AbortOptions {
  /** A keeper that owes an answer and says nothing for so long is gone. @default 30000 */
  answerTimeoutMs?: number
}

/**
 * Brings a message, whoever spoke it, to a keeper: from its beginning to the
 * first segment that is not here. A copy that was interrupted goes on where
 * the keeper has it.
 *
 * @returns undefined when this device has nothing of the message
 * @throws {VoiceRefusedError | CaptureEndedError} when the keeper does not take it
 * @throws what `Network.open` throws, and {StreamClosedError | TimeoutError | InvalidBytesError}
 */
export async function copyVoice (components: CopyComponents, message: VoiceToCopy, target: PeerTarget, options: CopyOptions = {}): Promise<VoiceCopied | undefined> {
  const here = await gather(components.store, message)
  if (here.cids.length === 0) return undefined
  const { signal, answerTimeoutMs = 30_000 } = options
  const stream = await components.network.open(target, VOICE_PROTOCOL, { signal, maxFrameBytes: MAX_FRAME_BYTES })
  try {
    const { voice, conversation, action, speaker } = message
    await stream.send(encodeRequest({
      v: 1, type: 'copy', voice, conversation, action, speaker: publicKeyFromDid(speaker), segments: here.cids.length, manifest: here.manifest,
      cutOff: here.cutOff, reason: here.reason === undefined ? null : inWords(here.reason)
    }), { signal })
    const answer = async (): Promise<VoiceReply> => await nextReply(stream, components.clock, answerTimeoutMs, signal)
    const opened = await answer()
    if (opened.type !== 'opened') throw unexpectedReply(opened)
    if (opened.state !== 'recording') return { state: opened.state, segments: opened.next, sent: 0 }
    const closed = await sendAll(components, stream, here.cids.slice(opened.next), answer, signal)
    return { state: closed.state, segments: closed.segments, sent: here.cids.length - opened.next }
  } finally {
    stream.close().catch(() => {})
  }
}

interface Gathered { cids: CID[], manifest: Uint8Array | null, cutOff: boolean, reason: string | undefined }

/** Finds what is here of a message, without a gap from its beginning. */
async function gather (store: Store, { voice, manifest: cid, cutOff, reason }: VoiceToCopy): Promise<Gathered> {
  const bytes = cid === undefined ? undefined : await store.getBlock(cid)
  if (bytes === undefined) return { cids: await journaled(store, voiceName(voice)), manifest: null, cutOff, reason }
  const { segments } = decodeManifest(bytes)
  const cids: CID[] = []
  for (const segment of segments) {
    if (await store.getBlock(segment) === undefined) break
    cids.push(segment)
  }
  if (cids.length === segments.length) return { cids, manifest: bytes, cutOff, reason }
  return { cids, manifest: null, cutOff: true, reason: `the rest of it was not to be found: ${cids.length} of ${segments.length} segments` }
}

async function journaled (store: Store, name: string): Promise<CID[]> {
  const cids: CID[] = []
  while (cids.length < MAX_SEGMENTS) {
    const found = await Promise.all((['out', 'kept', 'heard'] as const).map(async folder => await segmentCid(store, segmentKey(folder, name, cids.length))))
    const cid = found.find(candidate => candidate !== undefined)
    if (cid === undefined || await store.getBlock(cid) === undefined) break
    cids.push(cid)
  }
  return cids
}

/** Sends segments while the keeper acknowledges; resolves with its last word. */
async function sendAll ({ store }: CopyComponents, stream: FrameStream, cids: CID[], answer: () => Promise<VoiceReply>, signal: AbortSignal | undefined): Promise<Extract<VoiceReply, { type: 'closed' }>> {
  const sending = (async () => {
    for (const cid of cids) {
      const block = await store.getBlock(cid)
      if (block === undefined) throw new InvalidBytesError('voice message', `its segment ${cid.toString()} is not in the store any more`)
      await stream.send(encodeRequest({ v: 1, type: 'segment', block }), { signal })
    }
  })()
  // What the keeper says about a stream that it ends is worth more than that the stream ended.
  sending.catch((error: unknown) => { if ((error as Error).name !== 'StreamClosedError') stream.abort(error as Error) })
  for (;;) {
    const reply = await answer()
    if (reply.type === 'closed') return reply
    if (reply.type !== 'ack') throw unexpectedReply(reply)
  }
}

async function nextReply (stream: FrameStream, clock: Clock, timeoutMs: number, signal: AbortSignal | undefined): Promise<VoiceReply> {
  const bytes = await withTimeout(stream.receive({ signal }), 'Waiting for a keeper to take a copy', timeoutMs, clock)
  if (bytes === undefined) throw new CaptureEndedError(0, 'it closed the stream')
  const reply = decodeReply(bytes)
  if (reply.type === 'refused') throw new VoiceRefusedError(reply.reason, reply.detail)
  return reply
}

function unexpectedReply ({ type }: VoiceReply): InvalidBytesError {
  return new InvalidBytesError('voice reply', `a ${type} frame has no place here`)
}
