import type { CancelTimer, Clock } from '@parley/core'
import { type Did, publicKeyFromDid, rolesOf } from '@parley/identity'
import type { FrameStream } from '@parley/network'
import type { Capture } from './capture.ts'
import type { CaptureRecord } from './capture-record.ts'
import type { KeeperLimits } from './keeper-machine.ts'
import { type Refusal, VoiceRefusedError } from './errors.ts'
import { type FinishFrame, type PutFrame, type VoiceRequest, decodeRequest } from './frames.ts'
import type { VoiceKeeperComponents, VoiceKeeperInit } from './keeper-types.ts'
import { decodeManifest } from './manifest.ts'
import { createOutbox } from './outbox.ts'
import { type Segment, verifySegment } from './segment.ts'
import { voiceName } from './voice-id.ts'

/** The part of a keeper that the stream of a speaker uses. */
export interface PutKeeper {
  readonly components: VoiceKeeperComponents
  readonly init: Required<Omit<VoiceKeeperInit, 'onChange' | 'mayAdd' | 'authoriseCopy'>> & Pick<VoiceKeeperInit, 'mayAdd' | 'authoriseCopy'>
  /** Returns the capture that goes on, or begins it. */
  capture(record: CaptureRecord): Promise<Capture>
  nextSession(): number
}

/**
 * Answers one stream of a speaker until it ends.
 *
 * @throws {VoiceRefusedError} when the peer broke a rule; the caller tells it
 */
export async function answerPut (keeper: PutKeeper, stream: FrameStream, device: Did, frame: PutFrame): Promise<void> {
  const { record, limits } = await admit(keeper, device, frame)
  const capture = await keeper.capture(record)
  if (capture.record.speaker !== device) throw new VoiceRefusedError('taken', 'another device speaks a message with this id')
  capture.limitTo(limits)
  const over = new AbortController()
  const session = keeper.nextSession()
  capture.attach(session, createOutbox(stream, () => { over.abort() }))
  const watchdog = watch(stream, keeper.components.clock, keeper.init.idleMs, () => capture.trouble !== undefined)
  try {
    await read(keeper, stream, capture, session, watchdog, over.signal)
  } catch (error) {
    // The machine said what was to be said before it ended the stream.
    if (!over.signal.aborted) throw error
  } finally {
    watchdog.stop()
    capture.detach(session)
  }
}

/** Checks who wants to speak; returns the record to begin with. */
async function admit ({ components, init }: PutKeeper, device: Did, frame: PutFrame): Promise<{ record: CaptureRecord, limits: Partial<KeeperLimits> }> {
  const { people, clock } = components
  if (frame.card !== null && (await people.personsOf(device)).length === 0) await people.learnCard(frame.card)
  const person = await speakerOf(people, device, clock.now())
  const { voice, conversation, action, context } = frame
  const allowed = await init.authorise({ type: 'put', voice, conversation, action, context, person }, device)
  if (!allowed.ok) throw new VoiceRefusedError(allowed.refusal ?? 'not-allowed', allowed.reason)
  const record: CaptureRecord = {
    voice, conversation, action, context, speaker: device, person,
    segments: 0, last: null, sizeBytes: 0, whole: false, state: 'recording', reason: null, manifest: null,
    startedAt: Math.floor(clock.now()), endedAt: null
  }
  return { record, limits: allowed.limits ?? {} }
}

/** Returns for whom a device may speak. */
async function speakerOf (people: PutKeeper['components']['people'], device: Did, now: number): Promise<Did> {
  const persons = await people.personsOf(device)
  for (const person of persons) {
    const list = await people.list(person)
    if (list !== undefined && rolesOf(list, device, now).includes('endpoint')) return person
  }
  if (persons.length === 0) throw new VoiceRefusedError('unknown-device', 'no device list that is known here names this device')
  throw new VoiceRefusedError('not-an-endpoint', 'this device may not speak for its person')
}

async function read (keeper: PutKeeper, stream: FrameStream, capture: Capture, session: number, watchdog: { heard(): void }, signal: AbortSignal): Promise<void> {
  const publicKey = publicKeyFromDid(capture.record.speaker)
  const name = voiceName(capture.record.voice)
  for (;;) {
    if (!capture.hasRoom) await room(capture, AbortSignal.any([signal, stream.signal]))
    const bytes = await stream.receive({ signal })
    if (bytes === undefined) return
    watchdog.heard()
    const frame = refuseInvalid(() => decodeRequest(bytes))
    if (frame.type === 'segment') {
      const segment = await verified(publicKey, frame.block, keeper.init.maxSegmentBytes)
      if (voiceName(segment.voice) !== name) throw new VoiceRefusedError('invalid', 'this segment is of another message')
      // What comes twice was counted when it came first.
      const allowed = segment.index < capture.next ? undefined : keeper.init.mayAdd?.(capture.record, segment.bytes.byteLength)
      if (allowed?.ok === false) throw new VoiceRefusedError(allowed.refusal ?? 'not-allowed', allowed.reason)
      capture.apply({ type: 'segment', session, segment })
    } else if (frame.type === 'finish') {
      finish(capture, session, frame, Math.floor(keeper.components.clock.now()))
    } else {
      throw unexpected(frame)
    }
  }
}

/** Checks a block that came from a peer. @throws {VoiceRefusedError} */
export async function verified (publicKey: Uint8Array, block: Uint8Array, maxBytes: number): Promise<Segment> {
  if (block.byteLength > maxBytes) throw new VoiceRefusedError('too-large', `a segment has at most ${maxBytes} bytes here`)
  try {
    return await verifySegment(publicKey, block)
  } catch (error) {
    throw refusalOf(error)
  }
}

function finish (capture: Capture, session: number, frame: FinishFrame, at: number): void {
  const { voice, cid, bytes, segments } = refuseInvalid(() => decodeManifest(frame.manifest))
  if (voiceName(voice) !== voiceName(capture.record.voice)) throw new VoiceRefusedError('invalid', 'this manifest is of another message')
  const manifest = { cid, bytes, segments: segments.length, last: segments.at(-1) ?? null }
  capture.apply({ type: 'finish', session, manifest, cutOff: frame.cutOff, reason: frame.reason, at })
}

/** Refuses what came where it has no place. */
export function unexpected (frame: VoiceRequest): VoiceRefusedError {
  return new VoiceRefusedError('invalid', `a ${frame.type} frame has no place here`)
}

/** Runs a decoder; what it throws becomes a refusal. */
export function refuseInvalid<T> (decode: () => T): T {
  try {
    return decode()
  } catch (error) {
    throw refusalOf(error)
  }
}

const REFUSAL_OF: Record<string, Refusal> = {
  InvalidBytesError: 'invalid',
  OversizedBytesError: 'too-large',
  InvalidSignatureError: 'forged',
  ForkedDeviceListError: 'unknown-device'
}

/** Turns what a decoder or verifier throws into what the peer is told; other errors stay what they are. */
export function refusalOf (error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const reason = REFUSAL_OF[error.name]
  return reason === undefined ? error : new VoiceRefusedError(reason, error.message, { cause: error })
}

/** Waits until another segment may be taken: the peer's own buffers are what fills meanwhile. */
async function room (capture: Capture, signal: AbortSignal): Promise<void> {
  while (!capture.hasRoom) {
    signal.throwIfAborted()
    await new Promise<void>((resolve, reject) => {
      const off = capture.watch(() => { settle(resolve) })
      const stop = (): void => { settle(() => { reject(signal.reason as Error) }) }
      const settle = (then: () => void): void => {
        off()
        signal.removeEventListener('abort', stop)
        then()
      }
      signal.addEventListener('abort', stop, { once: true })
    })
  }
}

/** Aborts a stream on which nothing was heard for `idleMs`, unless it is us who keep it waiting. One timer, moved only when it runs out. */
function watch (stream: FrameStream, clock: Clock, idleMs: number, excused: () => boolean): { heard(): void, stop(): void } {
  let heardAt = clock.monotonicNow()
  let cancel: CancelTimer
  const arm = (delayMs: number): void => {
    cancel = clock.setTimer(() => {
      const leftMs = excused() ? idleMs : heardAt + idleMs - clock.monotonicNow()
      if (leftMs > 0) arm(leftMs)
      else stream.abort(new VoiceRefusedError('not-allowed', `nothing was heard for ${idleMs} ms`))
    }, delayMs)
  }
  arm(idleMs)
  return { heard: () => { heardAt = clock.monotonicNow() }, stop: () => { cancel() } }
}
