import { type AbortOptions, type Clock, type Emitter, type EmitterSource, type Logger, type ParleyError, type RandomBytes, type Store, createEmitter } from '@parley/core'
import type { CID } from '@parley/core'
import type { Network, PeerTarget } from '@parley/network'
import { CaptureEndedError, KeeperUnreachableError, VoiceRefusedError } from './errors.ts'
import type { RequestFrame } from './frames.ts'
import { segmentCid, segmentKey } from './journal.ts'
import { inWords } from './limits.ts'
import type { Recording } from './recording.ts'
import { type UploadEnd, type UploadInput, type UploadOutput, type UploadState, startUpload, stepUpload } from './upload-machine.ts'
import { UploadLink } from './upload-link.ts'
import { voiceName } from './voice-id.ts'

/** What sending a recording needs. */
export interface UploadComponents {
  network: Pick<Network, 'open'>
  /** The store the recording is journaled in. */
  store: Store
  clock: Clock
  random: RandomBytes
  logger: Logger
}

export interface UploadInit extends AbortOptions {
  /** Bytes for whoever keeps it, at most 256; opaque here. The id of the call, for example. */
  context?: Uint8Array
  /** Our contact card, for a keeper that does not know this device yet. */
  card?: Uint8Array
  /** How long to try again after the connection was lost. @default 30000 */
  graceMs?: number
  /** Segments on their way at once. @default 16 */
  window?: number
  /** A keeper that owes an answer and says nothing for so long is gone. @default 10000 */
  answerTimeoutMs?: number
}

export type UploadEvents = {
  /** The keeper has this segment, and all before it, on its disk. */
  acknowledged: { index: number, cid: CID }
  /** The keeper cannot write; `detail` is in its words. It keeps what it has and goes on by itself. */
  paused: { reason: 'full' | 'missing' | 'failed', detail: string }
  resumed: Record<never, never>
  /** The connection was lost; it is being opened again. */
  broken: { detail: string }
}

/** How an upload ended. */
export interface UploadResult {
  /** Segments that the keeper has on its disk. */
  acknowledged: number
  /** The keeper has all of the finished message, and its manifest. */
  stored: boolean
  /** Why it has not: a `VoiceRefusedError`, `KeeperUnreachableError` or `CaptureEndedError`. */
  error?: ParleyError
}

/** A recording on its way to a keeper. */
export interface Upload extends Emitter<UploadEvents> {
  readonly voice: Uint8Array
  /** Segments that the keeper has on its disk. */
  readonly acknowledged: number
  /** Resolves once nothing more is tried; rejects with the signal's reason only. */
  readonly done: Promise<UploadResult>
}

/**
 * Sends a recording to a keeper while it is spoken, or when it is finished
 * already. After a broken connection it goes on behind the last segment that
 * the keeper acknowledged. Aborting the signal stops the upload; the recording
 * stays in the journal.
 */
export function uploadVoice (components: UploadComponents, recording: Recording, target: PeerTarget, init: UploadInit = {}): Upload {
  return new VoiceUpload(components, recording, target, init)
}

class VoiceUpload implements Upload {
  readonly voice: Uint8Array
  readonly done: Promise<UploadResult>
  readonly on: Upload['on']
  readonly #components: UploadComponents
  readonly #recording: Recording
  readonly #init: UploadInit
  readonly #events: EmitterSource<UploadEvents>
  readonly #name: string
  readonly #link: UploadLink
  readonly #graceMs: number
  readonly #window: number
  readonly #offs: Array<() => void> = []
  #state: UploadState
  #resolve: (result: UploadResult) => void = () => {}
  #reject: (reason: unknown) => void = () => {}
  /** Events are told in order, and name blocks that have to be looked up. */
  #telling: Promise<void> = Promise.resolve()

  constructor (components: UploadComponents, recording: Recording, target: PeerTarget, init: UploadInit) {
    this.voice = recording.voice
    this.#name = voiceName(recording.voice)
    this.#components = components
    this.#recording = recording
    this.#init = init
    this.#graceMs = init.graceMs ?? 30_000
    this.#window = init.window ?? 16
    this.#events = createEmitter(components.logger)
    this.on = (type, listener, options) => this.#events.on(type, listener, options)
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    // Who does not wait for the end must not be stopped by it.
    this.done.catch(() => {})
    this.#link = new UploadLink(components, { target, answerTimeoutMs: init.answerTimeoutMs ?? 10_000, input: input => { this.#apply(input) } })
    this.#offs.push(
      recording.on('segment', () => { this.#apply({ type: 'journaled', segments: recording.segments }) }),
      recording.on('finished', ({ segments }) => { this.#apply({ type: 'finished', segments }) })
    )
    const { state, outputs } = startUpload({ journaled: recording.segments, isFinished: recording.finished !== undefined, at: components.clock.monotonicNow() })
    this.#state = state
    if (init.signal?.aborted === true) this.#abort(init.signal)
    else this.#start(outputs)
  }

  get acknowledged (): number {
    return this.#state.acknowledged
  }

  #start (outputs: UploadOutput[]): void {
    const { signal } = this.#init
    if (signal !== undefined) {
      const stop = (): void => { this.#abort(signal) }
      signal.addEventListener('abort', stop, { once: true })
      this.#offs.push(() => { signal.removeEventListener('abort', stop) })
    }
    for (const output of outputs) this.#perform(output)
  }

  #abort (signal: AbortSignal): void {
    this.#state = { ...this.#state, phase: 'ended' }
    this.#leave()
    this.#reject(signal.reason)
  }

  #apply (input: UploadInput): void {
    const { state, outputs } = stepUpload(this.#state, input, { graceMs: this.#graceMs, window: this.#window })
    this.#state = state
    this.#link.owed(state.phase === 'opening' || state.next > state.acknowledged || state.isFinishSent)
    for (const output of outputs) this.#perform(output)
  }

  #perform (output: UploadOutput): void {
    switch (output.type) {
      case 'connect': this.#link.connect(output.delayMs); return
      case 'open': this.#link.send(async () => this.#putFrame()); return
      case 'send': this.#link.send(async () => ({ v: 1, type: 'segment', block: await this.#block(output.index) })); return
      case 'send-manifest': this.#link.send(async () => this.#finishFrame()); return
      case 'hang-up': this.#link.hangUp(); return
      case 'acknowledged': this.#tell(async () => { await this.#tellAcknowledged(output.from, output.to) }); return
      case 'paused': this.#tell(async () => { this.#events.emit('paused', { reason: output.reason, detail: output.detail }) }); return
      case 'resumed': this.#tell(async () => { this.#events.emit('resumed', {}) }); return
      case 'broken': this.#tell(async () => { this.#events.emit('broken', { detail: output.detail }) }); return
      case 'end': this.#end(output.end)
    }
  }

  #putFrame (): RequestFrame {
    const { conversation, action } = this.#recording
    return { v: 1, type: 'put', voice: this.voice, conversation, action, context: this.#init.context ?? new Uint8Array(0), card: this.#init.card ?? null }
  }

  #finishFrame (): RequestFrame {
    const { finished } = this.#recording
    if (finished === undefined) throw new VoiceRefusedError('invalid', 'the recording is not finished')
    return { v: 1, type: 'finish', manifest: finished.manifest.bytes, cutOff: finished.content.cutOff, reason: finished.reason === null ? null : inWords(finished.reason) }
  }

  async #block (index: number): Promise<Uint8Array> {
    const cid = await this.#cid(index)
    const bytes = await this.#components.store.getBlock(cid)
    if (bytes === undefined) throw new VoiceRefusedError('invalid', `segment ${index} is not in the journal any more`)
    return bytes
  }

  async #cid (index: number): Promise<CID> {
    const cid = await segmentCid(this.#components.store, segmentKey('out', this.#name, index))
    if (cid === undefined) throw new VoiceRefusedError('invalid', `segment ${index} is not in the journal any more`)
    return cid
  }

  async #tellAcknowledged (from: number, to: number): Promise<void> {
    for (let index = from; index < to; index++) this.#events.emit('acknowledged', { index, cid: await this.#cid(index) })
  }

  #tell (event: () => Promise<void>): void {
    this.#telling = this.#telling.then(event).catch((error: unknown) => { this.#components.logger.error('an event of an upload is lost', { error }) })
  }

  #end (end: UploadEnd): void {
    this.#leave()
    const { acknowledged } = this.#state
    const error = errorOf(end, this.#graceMs)
    this.#components.logger.info('an upload ended', { voice: this.#name, end: end.type, acknowledged })
    void this.#telling.then(() => { this.#resolve(error === undefined ? { acknowledged, stored: true } : { acknowledged, stored: false, error }) })
  }

  #leave (): void {
    for (const off of this.#offs.splice(0)) off()
    this.#link.stop()
  }
}

function errorOf (end: UploadEnd, graceMs: number): ParleyError | undefined {
  switch (end.type) {
    case 'stored': return undefined
    case 'ended': return new CaptureEndedError(end.segments, end.detail)
    case 'refused': return new VoiceRefusedError(end.reason, end.detail)
    case 'unreachable': return new KeeperUnreachableError(graceMs, end.detail)
  }
}
