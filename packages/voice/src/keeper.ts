import { type EmitterSource, StoppedError, createEmitter } from '@parley/core'
import { type Did, didFromPeerId } from '@parley/identity'
import type { FrameStream } from '@parley/network'
import { Capture } from './capture.ts'
import type { CaptureRecord } from './capture-record.ts'
import { type Refusal, VoiceRefusedError } from './errors.ts'
import { decodeRequest, encodeReply } from './frames.ts'
import { type CopyKeeper, answerCopy } from './keeper-copy.ts'
import { type GetKeeper, answerGet } from './keeper-get.ts'
import { startKeeping } from './keeper-machine.ts'
import { type PutKeeper, answerPut, refusalOf, refuseInvalid, unexpected } from './keeper-put.ts'
import { captures, interrupted, readCapture } from './keeper-store.ts'
import type { VoiceKeeper, VoiceKeeperComponents, VoiceKeeperEvents, VoiceKeeperInit } from './keeper-types.ts'
import { MAX_FRAME_BYTES, MAX_SEGMENTS, MAX_SEGMENT_BYTES, VOICE_PROTOCOL, inWords } from './limits.ts'
import { createQuota } from './quota.ts'
import { voiceName } from './voice-id.ts'

const DEFAULTS = {
  graceMs: 30_000,
  retryMs: 1000,
  idleMs: 120_000,
  maxSegmentBytes: MAX_SEGMENT_BYTES,
  maxSegments: MAX_SEGMENTS,
  maxMessageBytes: 256 * 1024 * 1024,
  maxCapturesPerPeer: 4,
  maxCaptures: 4096,
  maxListenersPerPeer: 16,
  maxListeners: 4096,
  maxPending: 16
}

/**
 * Starts to keep voice messages: every segment is verified, committed durably
 * and only then acknowledged. Messages that a restart interrupted get the grace
 * period and are then cut off, once.
 */
export async function createVoiceKeeper (components: VoiceKeeperComponents, init: VoiceKeeperInit): Promise<VoiceKeeper> {
  const keeper = new Keeper(components, init)
  await keeper.start()
  return keeper
}

class Keeper implements VoiceKeeper, PutKeeper, GetKeeper, CopyKeeper {
  readonly on: VoiceKeeper['on']
  readonly components: VoiceKeeperComponents
  readonly init: PutKeeper['init']
  readonly #onChange: VoiceKeeperInit['onChange']
  readonly #events: EmitterSource<VoiceKeeperEvents>
  readonly #captures = new Map<string, Promise<Capture>>()
  readonly #ongoing = new Map<string, Capture>()
  readonly #speakers: ReturnType<typeof createQuota>
  readonly #listeners: ReturnType<typeof createQuota>
  readonly #streams = new Set<FrameStream>()
  readonly #copying = new Set<string>()
  readonly #refusals: Partial<Record<Refusal, number>> = {}
  #unhandle: (() => Promise<void>) | undefined
  #sessions = 0
  #stopping: Promise<void> | undefined

  constructor (components: VoiceKeeperComponents, { onChange, ...init }: VoiceKeeperInit) {
    this.components = components
    this.init = { ...DEFAULTS, ...init }
    this.#onChange = onChange
    this.#events = createEmitter(components.logger)
    this.on = (type, listener, options) => this.#events.on(type, listener, options)
    this.#speakers = createQuota({ perPeer: this.init.maxCapturesPerPeer, total: this.init.maxCaptures })
    this.#listeners = createQuota({ perPeer: this.init.maxListenersPerPeer, total: this.init.maxListeners })
  }

  async start (): Promise<void> {
    for await (const voice of interrupted(this.components.store)) {
      const record = await readCapture(this.components.store, voiceName(voice))
      if (record?.state === 'recording') (await this.#load(voiceName(voice), record)).apply({ type: 'restarted' })
    }
    this.#unhandle = await this.components.network.handle(VOICE_PROTOCOL, async stream => { await this.#answer(stream) }, {
      maxFrameBytes: MAX_FRAME_BYTES, maxStreamsPerPeer: this.init.maxCapturesPerPeer + this.init.maxListenersPerPeer + 8
    })
  }

  active (): CaptureRecord[] {
    return [...this.#ongoing.values()].map(({ record }) => record)
  }

  async record (voice: Uint8Array): Promise<CaptureRecord | undefined> {
    const name = voiceName(voice)
    return this.#ongoing.get(name)?.record ?? await readCapture(this.components.store, name)
  }

  records (): AsyncGenerator<CaptureRecord> {
    return captures(this.components.store)
  }

  refusals (): Partial<Record<Refusal, number>> {
    return { ...this.#refusals }
  }

  async stop (): Promise<void> {
    this.#stopping ??= this.#stop()
    await this.#stopping
  }

  nextSession (): number {
    return this.#sessions++
  }

  ongoing (name: string): Capture | undefined {
    return this.#ongoing.get(name)
  }

  async capture (record: CaptureRecord): Promise<Capture> {
    const name = voiceName(record.voice)
    const known = this.#captures.get(name)
    if (known !== undefined) return await known
    if (this.#copying.has(name)) throw new VoiceRefusedError('busy', 'somebody brings this message right now')
    // Those in their grace period count too, else one peer could begin any number of them.
    const { maxCaptures, maxCapturesPerPeer } = this.init
    const own = this.active().filter(({ speaker }) => speaker === record.speaker).length
    if (own >= maxCapturesPerPeer || this.#ongoing.size >= maxCaptures) throw new VoiceRefusedError('busy', 'too many messages are being spoken at once')
    return await this.#load(name, record)
  }

  async holdCopy (name: string, work: () => Promise<void>): Promise<void> {
    if (this.#captures.has(name)) throw new VoiceRefusedError('busy', 'this message is being spoken right now')
    if (this.#copying.has(name)) throw new VoiceRefusedError('busy', 'somebody brings this message right now')
    this.#copying.add(name)
    await work().finally(() => this.#copying.delete(name))
  }

  copied (record: CaptureRecord, previous: CaptureRecord | undefined): void {
    this.components.logger.info('a voice message was brought', { voice: voiceName(record.voice), state: record.state, segments: record.segments })
    this.#events.emit('copied', { record, previous })
  }

  /** Shares one load among streams that open at the same time: two machines of one message would fork it. */
  async #load (name: string, fresh: CaptureRecord): Promise<Capture> {
    const loading = this.#open(name, fresh)
    this.#captures.set(name, loading)
    try {
      return await loading
    } catch (error) {
      this.#captures.delete(name)
      throw error
    }
  }

  async #open (name: string, fresh: CaptureRecord): Promise<Capture> {
    const kept = await readCapture(this.components.store, name)
    const capture = new Capture({
      store: this.components.store,
      clock: this.components.clock,
      logger: this.components.logger,
      extraChanges: async (record, previous) => await this.#onChange?.(record, previous) ?? [],
      changed: (record, previous) => { this.#changed(name, record, previous) },
      paused: (record, trouble) => { this.#events.emit('paused', { record, trouble }) },
      refused: (record, reason, detail) => { this.#count(record.speaker, reason, detail) }
    }, startKeeping(kept ?? fresh, { onDisk: kept !== undefined }), this.init)
    if (capture.record.state === 'recording') this.#ongoing.set(name, capture)
    // What has ended is read from the store when somebody asks.
    else queueMicrotask(() => { this.#captures.delete(name) })
    return capture
  }

  #changed (name: string, record: CaptureRecord, previous: CaptureRecord | undefined): void {
    if (previous === undefined) this.components.logger.info('a voice message begins', { voice: name })
    this.#events.emit('changed', { record, previous })
    if (record.state === 'recording') return
    this.#captures.delete(name)
    this.#ongoing.delete(name)
    this.components.logger.info('a voice message ended', { voice: name, state: record.state, segments: record.segments })
    this.#events.emit('ended', { record })
  }

  async #answer (stream: FrameStream): Promise<void> {
    if (this.#stopping !== undefined) throw new StoppedError('The keeper')
    const device = didFromPeerId(stream.peer)
    this.#streams.add(stream)
    try {
      await this.#serve(stream, device)
    } catch (error) {
      const refusal = refusalOf(error)
      if (refusal instanceof VoiceRefusedError) await this.#refuse(stream, device, refusal)
      else if (error instanceof Error && error.name === 'StreamClosedError') this.components.logger.debug('a voice stream broke', { device })
      else throw error
    } finally {
      this.#streams.delete(stream)
    }
  }

  async #serve (stream: FrameStream, device: Did): Promise<void> {
    const cancel = this.components.clock.setTimer(() => { stream.abort(new VoiceRefusedError('invalid', 'nothing was asked for')) }, this.init.idleMs)
    const bytes = await stream.receive().finally(cancel)
    if (bytes === undefined) return
    const frame = refuseInvalid(() => decodeRequest(bytes))
    if (frame.type === 'put') await this.#speakers.hold(device, async () => { await answerPut(this, stream, device, frame) })
    else if (frame.type === 'get') await this.#listeners.hold(device, async () => { await answerGet(this, stream, device, frame) })
    else if (frame.type === 'copy') await this.#speakers.hold(device, async () => { await answerCopy(this, stream, device, frame) })
    else throw unexpected(frame)
  }

  async #refuse (stream: FrameStream, device: Did, { reason, message }: VoiceRefusedError): Promise<void> {
    const detail = inWords(message)
    this.#count(device, reason, detail)
    // A stream that broke its own frame format is closed already.
    if (!stream.signal.aborted) await stream.send(encodeReply({ v: 1, type: 'refused', reason, detail })).catch(() => {})
  }

  #count (device: Did, reason: Refusal, detail: string): void {
    this.#refusals[reason] = (this.#refusals[reason] ?? 0) + 1
    this.components.logger.warn('refused a voice stream', { device, reason })
    this.#events.emit('refused', { device, reason, detail })
  }

  async #stop (): Promise<void> {
    await this.#unhandle?.()
    for (const stream of this.#streams) stream.abort(new StoppedError('The keeper'))
    await Promise.all([...this.#captures.values()].map(async capture => { await (await capture).stop() }))
  }
}
