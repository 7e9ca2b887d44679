import { CID, type Store } from '@parley/core'
import type { Did } from '@parley/identity'
import type { FrameStream } from '@parley/network'
import type { Capture } from './capture.ts'
import type { CaptureRecord } from './capture-record.ts'
import { VoiceRefusedError } from './errors.ts'
import { type GetFrame, encodeReply } from './frames.ts'
import { keptSegment, readCapture } from './keeper-store.ts'
import type { VoiceKeeperInit } from './keeper-types.ts'
import { voiceName } from './voice-id.ts'

/** The part of a keeper that the stream of a listener uses. */
export interface GetKeeper {
  readonly components: { store: Store }
  readonly init: Pick<VoiceKeeperInit, 'authorise'>
  /** The capture that is still going on, if it is. */
  ongoing(name: string): Capture | undefined
}

/**
 * Sends a listener what is kept from an index on, then what comes, until the
 * message ended. One segment is read from the disk at a time, when the
 * listener has credit for it.
 *
 * @throws {VoiceRefusedError} the caller tells the peer
 */
export async function answerGet (keeper: GetKeeper, stream: FrameStream, device: Did, { voice, from, follow }: GetFrame): Promise<void> {
  const name = voiceName(voice)
  const capture = keeper.ongoing(name)
  let record = await current(keeper, name, capture)
  const allowed = await keeper.init.authorise({ type: 'get', record }, device)
  if (!allowed.ok) throw new VoiceRefusedError(allowed.refusal ?? 'not-allowed', allowed.reason)
  let index = from
  for (;;) {
    // Asked for before looking, so that what comes in between wakes us too.
    const change = capture === undefined ? undefined : nextChange(capture, stream.signal)
    record = await current(keeper, name, capture)
    for (; index < record.segments; index++) await stream.send(await segmentFrame(keeper, name, index))
    if (record.state !== 'recording' || !follow || change === undefined) break
    await change
  }
  const { state, segments, manifest, reason } = record
  await stream.send(encodeReply({ v: 1, type: 'ended', state, segments, manifest: manifest === null ? null : CID.asCID(manifest), reason }))
}

async function current (keeper: GetKeeper, name: string, capture: Capture | undefined): Promise<CaptureRecord> {
  const record = capture?.record ?? await readCapture(keeper.components.store, name)
  if (record === undefined) throw new VoiceRefusedError('unknown-voice', 'no such message is kept here')
  return record
}

async function segmentFrame (keeper: GetKeeper, name: string, index: number): Promise<Uint8Array> {
  const block = await keptSegment(keeper.components.store, name, index)
  if (block === undefined) throw new VoiceRefusedError('unknown-voice', `segment ${index} is not in the store any more`)
  return encodeReply({ v: 1, type: 'segment', block })
}

/** Resolves at the next change of a capture, or when the listener is gone; the next send then tells. */
async function nextChange (capture: Capture, signal: AbortSignal): Promise<void> {
  await new Promise<void>(resolve => {
    const settle = (): void => {
      off()
      signal.removeEventListener('abort', settle)
      resolve()
    }
    const off = capture.watch(settle)
    if (signal.aborted) settle()
    else signal.addEventListener('abort', settle, { once: true })
  })
}
