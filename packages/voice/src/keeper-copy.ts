import { type Clock, withTimeout } from '@parley/core'
import { type Did, didFromPublicKey, publicKeyFromDid } from '@parley/identity'
import type { FrameStream } from '@parley/network'
import type { CaptureRecord } from './capture-record.ts'
import { type CopyPlan, endCopied, hasAll, takeCopied } from './copy-rules.ts'
import { VoiceRefusedError } from './errors.ts'
import { type CopyFrame, decodeRequest, encodeReply } from './frames.ts'
import { type PutKeeper, refuseInvalid, unexpected, verified } from './keeper-put.ts'
import type { VerifiedSegment } from './keeper-machine.ts'
import { copyChanges, readCapture, readCopying } from './keeper-store.ts'
import { decodeManifest } from './manifest.ts'
import { voiceName } from './voice-id.ts'

/** The part of a keeper that the stream of a copy uses. */
export interface CopyKeeper extends Pick<PutKeeper, 'components' | 'init'> {
  /** Does `work` while nobody speaks or brings this message. @throws {VoiceRefusedError} `busy` when somebody does */
  holdCopy(name: string, work: () => Promise<void>): Promise<void>
  copied(record: CaptureRecord, previous: CaptureRecord | undefined): void
}

/** Segments of one commit: as many as may be lost and sent again. */
const AT_ONCE = 16

/**
 * Takes a copy of a message that is over from a device that has it. What came
 * stays when the stream breaks; the message is kept for others once all of the
 * copy is there.
 *
 * @throws {VoiceRefusedError} when the peer broke a rule; the caller tells it
 */
export async function answerCopy (keeper: CopyKeeper, stream: FrameStream, device: Did, frame: CopyFrame): Promise<void> {
  const plan = planOf(frame)
  const { voice, conversation, action } = frame
  const copy = { voice, conversation, action, speaker: didFromPublicKey(frame.speaker) }
  const allowed = await keeper.init.authoriseCopy?.(copy, device) ?? { ok: false as const, reason: 'no copies are taken here' }
  if (!allowed.ok) throw new VoiceRefusedError('not-allowed', allowed.reason)
  const name = voiceName(voice)
  await keeper.holdCopy(name, async () => {
    const { store, clock } = keeper.components
    const kept = await readCapture(store, name)
    if (kept !== undefined && kept.speaker !== copy.speaker) throw new VoiceRefusedError('taken', 'another device spoke a message with this id')
    if (kept !== undefined && hasAll(kept, plan)) {
      await stream.send(encodeReply({ v: 1, type: 'opened', next: kept.segments, last: kept.last, state: kept.state }))
      return
    }
    const fresh: CaptureRecord = {
      ...copy, person: allowed.person, context: new Uint8Array(0), segments: 0, last: null, sizeBytes: 0, whole: false,
      state: 'recording', reason: null, manifest: null, startedAt: Math.floor(clock.now()), endedAt: null
    }
    const begun = kept ?? await begunCopy(keeper, name, fresh)
    await stream.send(encodeReply({ v: 1, type: 'opened', next: begun.segments, last: begun.last, state: 'recording' }))
    const record = await take(keeper, stream, { ...begun, state: 'recording', manifest: null, reason: null, endedAt: null }, plan)
    // Who left comes back, or does not; nothing of theirs is kept for others until then.
    if (record === undefined) return
    keeper.copied(record, kept)
    await stream.send(encodeReply({ v: 1, type: 'closed', state: record.state, segments: record.segments, reason: record.reason }))
  })
}

function planOf ({ voice, segments, manifest: bytes, cutOff, reason }: CopyFrame): CopyPlan {
  const manifest = bytes === null ? null : refuseInvalid(() => decodeManifest(bytes))
  if (manifest !== null && voiceName(manifest.voice) !== voiceName(voice)) throw new VoiceRefusedError('invalid', 'this manifest is of another message')
  if (manifest !== null && manifest.segments.length !== segments) throw new VoiceRefusedError('invalid', `the manifest lists ${manifest.segments.length} segments, ${segments} are announced`)
  if (segments === 0) throw new VoiceRefusedError('invalid', 'there is nothing in this message')
  return { segments, manifest, cutOff, reason }
}

/** What an earlier stream left of this very message, else a new beginning. */
async function begunCopy ({ components: { store } }: CopyKeeper, name: string, fresh: CaptureRecord): Promise<CaptureRecord> {
  const begun = await readCopying(store, name)
  return begun?.speaker === fresh.speaker && begun.conversation.equals(fresh.conversation) ? { ...fresh, ...begun } : fresh
}

/** Takes segments until all are there; undefined when the peer closed the stream before. */
async function take (keeper: CopyKeeper, stream: FrameStream, begun: CaptureRecord, plan: CopyPlan): Promise<CaptureRecord | undefined> {
  const { store, clock } = keeper.components
  const publicKey = publicKeyFromDid(begun.speaker)
  const name = voiceName(begun.voice)
  let record = begun
  let waiting: VerifiedSegment[] = []
  while (record.segments < plan.segments) {
    const block = await nextBlock(stream, clock, keeper.init.idleMs)
    if (block === undefined) return undefined
    const segment = await verified(publicKey, block, keeper.init.maxSegmentBytes)
    if (voiceName(segment.voice) !== name) throw new VoiceRefusedError('invalid', 'this segment is of another message')
    record = takeCopied(record, segment, plan, keeper.init)
    waiting.push(segment)
    if (waiting.length < AT_ONCE || record.segments === plan.segments) continue
    await store.commit(copyChanges({ record, segments: waiting, manifest: null }), { durable: true })
    waiting = []
    await stream.send(encodeReply({ v: 1, type: 'ack', index: record.segments - 1 }))
  }
  const ended = endCopied(record, plan, Math.floor(clock.now()))
  await store.commit(copyChanges({ record: ended, segments: waiting, manifest: plan.manifest }), { durable: true })
  return ended
}

async function nextBlock (stream: FrameStream, clock: Clock, idleMs: number): Promise<Uint8Array | undefined> {
  const bytes = await withTimeout(stream.receive(), 'Waiting for a segment of a copy', idleMs, clock)
  if (bytes === undefined) return undefined
  const frame = refuseInvalid(() => decodeRequest(bytes))
  if (frame.type !== 'segment') throw unexpected(frame)
  return frame.block
}
