import { type AbortOptions, type CID, type Change, type EmitterSource, InvalidArgumentError, StoppedError, createEmitter, raceSignal } from '@parley/core'
import type { OpusPacket } from '@parley/media'
import { VoiceTooLongError } from './errors.ts'
import { type SegmentTally, closeJournal } from './finished-voice.ts'
import { type JournalEnding, type JournalEntry, dropMark, entryChange, openMark, sealVoiceKey, segmentKey } from './journal.ts'
import { commitPatiently } from './journal-writer.ts'
import { type Loudness, createLoudness } from './loudness.ts'
import { MAX_SEGMENTS, OPUS_PRE_SKIP, VOICE_KEY_BYTES, inWords } from './limits.ts'
import type { FinishInit, FinishedVoice, Recording, RecordingComponents, RecordingEvents } from './recording.ts'
import { createSegment, samplesOf } from './segment.ts'
import { type SegmentLengths, type Segmenter, createSegmenter } from './segmenter.ts'
import { voiceName } from './voice-id.ts'

/** What is recorded, and how. */
export interface RecordingInit extends SegmentLengths, AbortOptions {
  /** 16 random bytes that name the message. */
  voice: Uint8Array
  /** 32 random bytes that seal it. */
  key: Uint8Array
  conversation: CID
  /** The action that announces the message. */
  action: CID
  /** @default 1 */
  channels?: 1 | 2
  /** Samples at 48 kHz that the encoder runs ahead. @default 312 */
  preSkip?: number
  /** Segments on their way to the disk before `add` waits. @default 8 */
  maxWaiting?: number
  /** @default 21616, about six hours */
  maxSegments?: number
  /** Time between two attempts to write a disk that is full. @default 1000 */
  retryMs?: number
}

/**
 * Starts a recording: packets are gathered into segments (about 200 ms, then a
 * second each), sealed, signed and journaled durably in our own store. The
 * signal gives up waiting for a disk without room; what is journaled by then is
 * closed by `recoverRecordings`.
 */
export function createRecording (components: RecordingComponents, init: RecordingInit): Recording {
  if (init.key.byteLength !== VOICE_KEY_BYTES) throw new InvalidArgumentError(`A voice key has ${VOICE_KEY_BYTES} bytes, not ${init.key.byteLength}`)
  return new LiveRecording(components, init)
}

class LiveRecording implements Recording {
  readonly voice: Uint8Array
  readonly key: Uint8Array
  readonly conversation: CID
  readonly action: CID
  readonly on: Recording['on']
  finished: FinishedVoice | undefined
  readonly #components: RecordingComponents
  readonly #init: RecordingInit
  readonly #name: string
  readonly #events: EmitterSource<RecordingEvents>
  readonly #segmenter: Segmenter
  readonly #loudness: Loudness
  readonly #tally: SegmentTally = { cids: [], samples: [], peaks: [] }
  readonly #entry: Promise<JournalEntry>
  #tail: Promise<void>
  #waiting = 0
  #cut = 0
  #samplesCut = 0
  #finishing: Promise<FinishedVoice> | undefined
  #failure: Error | undefined

  constructor (components: RecordingComponents, init: RecordingInit) {
    this.voice = init.voice
    this.key = init.key
    this.conversation = init.conversation
    this.action = init.action
    this.#name = voiceName(init.voice)
    this.#components = components
    this.#init = init
    this.#events = createEmitter(components.logger)
    this.on = (type, listener, options) => this.#events.on(type, listener, options)
    this.#segmenter = createSegmenter(init)
    this.#loudness = createLoudness(components, { preSkip: init.preSkip ?? OPUS_PRE_SKIP })
    this.#entry = this.#begin()
    // Whoever adds or finishes next hears of a failure; until then it must not count as unhandled.
    this.#tail = this.#entry.then(() => {})
    this.#tail.catch((error: Error) => { this.#failure = error })
  }

  get segments (): number {
    return this.#tally.cids.length
  }

  async add (packet: OpusPacket): Promise<void> {
    if (this.#finishing !== undefined) throw new StoppedError('The recording')
    if (this.#failure !== undefined) throw this.#failure
    // One place is kept for the segment that ends it.
    if (this.#cut >= (this.#init.maxSegments ?? MAX_SEGMENTS) - 1) throw new VoiceTooLongError(this.#cut)
    this.#loudness.add(packet)
    const full = this.#segmenter.add(packet)
    if (full !== undefined) this.#enqueue(full, null)
    if (this.#waiting > (this.#init.maxWaiting ?? 8)) await raceSignal(this.#tail, this.#init.signal)
  }

  async finish ({ cutOff = false, reason }: FinishInit = {}): Promise<FinishedVoice> {
    this.#finishing ??= this.#finish({ cutOff, reason: reason === undefined ? null : inWords(reason) })
    return await this.#finishing
  }

  async release (): Promise<void> {
    await this.#components.store.commit([dropMark(this.voice)], { durable: true })
  }

  async #begin (): Promise<JournalEntry> {
    const entry: JournalEntry = {
      voice: this.voice,
      conversation: this.conversation,
      action: this.action,
      channels: this.#init.channels ?? 1,
      preSkip: this.#init.preSkip ?? OPUS_PRE_SKIP,
      startedAt: Math.floor(this.#components.clock.now()),
      key: await sealVoiceKey(this.#components.device, this.voice, this.key),
      state: 'recording',
      ending: null,
      manifest: null
    }
    await this.#commit([entryChange(entry), openMark(this.voice)])
    return entry
  }

  async #finish (ending: JournalEnding): Promise<FinishedVoice> {
    const rest = this.#segmenter.rest()
    // Of a message in which nothing was said there is nothing to keep either.
    if (rest.length > 0 || this.#cut > 0) this.#enqueue(rest, ending)
    await this.#tail
    const { finished, changes } = closeJournal(this.#components, { ...await this.#entry, ending }, this.key, this.#tally)
    await this.#commit(changes)
    this.#loudness.close()
    this.finished = finished
    this.#events.emit('finished', finished)
    return finished
  }

  #enqueue (packets: OpusPacket[], ending: JournalEntry['ending']): void {
    this.#cut++
    this.#waiting++
    const start = this.#samplesCut
    this.#samplesCut += samplesOf(packets)
    this.#tail = this.#tail.then(async () => {
      const peaks = await this.#loudness.until(start + samplesOf(packets), { isEnd: ending !== null })
      await this.#write({ start, packets, peaks }, ending)
      this.#waiting--
    })
    this.#tail.catch((error: Error) => { this.#failure = error })
  }

  async #write (content: { start: number, packets: OpusPacket[], peaks: Uint8Array }, ending: JournalEntry['ending']): Promise<void> {
    const { cids, samples, peaks } = this.#tally
    const index = cids.length
    const last = ending !== null
    const components = { signer: this.#components.device.signer, random: this.#components.random }
    const { cid, bytes } = await createSegment(components, { voice: this.voice, key: this.key, index, prev: cids.at(-1) ?? null, last, content })
    const changes: Change[] = [
      { type: 'block', cid, bytes },
      { type: 'put', key: segmentKey('out', this.#name, index), value: cid.bytes }
    ]
    if (ending !== null) changes.push(entryChange({ ...await this.#entry, ending }))
    await this.#commit(changes)
    cids.push(cid)
    samples.push(samplesOf(content.packets))
    peaks.push(content.peaks)
    this.#events.emit('segment', { index, cid, last })
  }

  async #commit (changes: Change[]): Promise<void> {
    const trouble = {
      paused: (event: RecordingEvents['paused']) => { this.#events.emit('paused', event) },
      resumed: () => { this.#events.emit('resumed', {}) }
    }
    await commitPatiently(this.#components, changes, trouble, { retryMs: this.#init.retryMs ?? 1000, signal: this.#init.signal })
  }
}
