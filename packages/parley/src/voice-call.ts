import { StoppedError, createEmitter, raceSignal, type CID, type Clock, type Emitter, type Logger, type RandomBytes, type Store, withTimeout } from '@parley/core'
import type { Conversation } from '@parley/conversations'
import type { DeviceKeys, Did } from '@parley/identity'
import type { OutgoingCall } from '@parley/signalling'
import { createRecording, type FinishedVoice, type Recording } from '@parley/voice'
import { toString } from 'uint8arrays'
import type { CallJournal } from './call-record/journal.ts'
import type { Courier, Delivery } from './courier.ts'
import type { Outbox } from './outbox.ts'
import { callHex } from './call-hex.ts'
import { callBytes } from '@parley/signalling'
import type { CallResult, Reach, SpokenAudio, VoiceCall, VoiceCallEvents } from './types.ts'

export interface VoiceCallComponents {
  store: Store
  device: DeviceKeys
  clock: Clock
  random: RandomBytes
  logger: Logger
  courier: Courier
  outbox: Outbox
  journal: CallJournal
  /** Rings the other person. */
  offer(to: Did, conversation: CID): Promise<OutgoingCall>
}

export interface VoiceCallInit {
  from: Did
  to: Did
  conversation: Conversation
  audio: SpokenAudio
  listenFirstMs: number
  signal?: AbortSignal | undefined
}

/** What is spoken is announced in the log before its first frame, so that whoever holds a part of it knows what it belongs to. */
async function announceMessage ({ random, outbox }: VoiceCallComponents, conversation: Conversation): Promise<{ message: Uint8Array, voice: Uint8Array, key: Uint8Array, action: CID }> {
  const [message, voice, key] = [random(16), random(16), random(32)]
  // A kill between the announcement and the first of the recording must not leave a message open for ever.
  await outbox.markSpeaking({ conversation: conversation.id, message, voice })
  const { cid } = await conversation.append({ verb: 'add', thing: 'message', message, attachment: { voice, key, codec: 'opus', sampleRateHz: 48_000, channels: 1 } }, { durable: true })
  return { message, voice, key, action: cid }
}

/** When speaking is over and nobody took the call yet, this long is still waited for somebody to. */
const LAST_CHANCE_MS = 3000

/** Calls somebody and speaks; returns once the call is announced and ringing. */
export async function startVoiceCall (components: VoiceCallComponents, init: VoiceCallInit): Promise<OwnVoiceCall> {
  const { journal } = components
  const announced = await announceMessage(components, init.conversation)
  const outgoing = await components.offer(init.to, init.conversation.id)
  // Over an open stream the call may be taken before this device has noted that it was made.
  const takers: Did[] = []
  const off = outgoing.on('accepted', ({ device }) => { takers.push(device) })
  const call = callHex(outgoing.call)
  await journal.begin({ call, from: init.from, to: init.to, conversation: init.conversation.id })
  const recording = createRecording(components, { ...announced, conversation: init.conversation.id })
  await components.courier.expect(recording, init.to, callBytes(outgoing.call))
  const speaking = new SpeakingCall(components, init, outgoing, recording, announced.message, call)
  off()
  for (const device of takers) speaking.taken(device)
  return speaking
}

/** A call as its device holds it. */
export interface OwnVoiceCall extends VoiceCall {
  /** Ends the call because the device stops: what was said is closed as cut off and goes out later. */
  abandon(): void
}

class SpeakingCall implements OwnVoiceCall {
  readonly call: string
  readonly conversation: CID
  readonly message: string
  readonly reach: Promise<Reach>
  readonly ended: Promise<CallResult>
  readonly on: Emitter<VoiceCallEvents>['on']
  readonly #components: VoiceCallComponents
  readonly #init: VoiceCallInit
  readonly #outgoing: OutgoingCall
  readonly #recording: Recording
  readonly #messageBytes: Uint8Array
  readonly #events
  readonly #hungUp = new AbortController()
  readonly #abandoned = new AbortController()
  readonly #durations: number[] = []
  #delivery: Delivery | undefined
  #taken = Promise.withResolvers<void>()
  #acknowledged = 0
  #spokenMs = 0
  /** Words of whoever turned the call down. */
  #refusal: string | undefined

  constructor (components: VoiceCallComponents, init: VoiceCallInit, outgoing: OutgoingCall, recording: Recording, message: Uint8Array, call: string) {
    this.#components = components
    this.#init = init
    this.#outgoing = outgoing
    this.#recording = recording
    this.#messageBytes = message
    this.#events = createEmitter<VoiceCallEvents>(components.logger)
    this.on = (type, listener, options) => this.#events.on(type, listener, options)
    this.call = call
    this.conversation = init.conversation.id
    this.message = toString(message, 'hex')
    this.reach = this.#followSignals()
    this.#recording.on('segment', ({ index }) => {
      this.#durations[index] = this.#spokenMs
      this.#events.emit('recorded', { index, durationMs: this.#spokenMs })
    })
    if (init.signal?.aborted === true) this.hangUp()
    else init.signal?.addEventListener('abort', () => { this.hangUp() }, { once: true })
    this.ended = this.#run()
  }

  hangUp (): void {
    this.#hungUp.abort()
  }

  abandon (): void {
    this.#abandoned.abort(new StoppedError('This device'))
  }

  async #followSignals (): Promise<Reach> {
    const outgoing = this.#outgoing
    const first = Promise.withResolvers<Reach>()
    const tell = (reach: Reach): void => {
      this.#events.emit('reach', reach)
      first.resolve(reach)
    }
    const known = outgoing.reach()
    if (known !== undefined) tell(known)
    outgoing.on('reach', tell)
    outgoing.on('accepted', ({ device }) => { this.taken(device) })
    outgoing.on('rejected', ({ detail }) => { this.#refusal = detail ?? this.#refusal })
    void outgoing.ended.then(({ detail }) => {
      this.#refusal = detail ?? this.#refusal
      first.resolve('unreachable')
      this.#taken.resolve()
    })
    return await first.promise
  }

  /** The first who takes the call gets what is said; the others get it from the log. */
  taken (device: Did): void {
    if (this.#delivery !== undefined) return
    this.#delivery = this.#components.courier.deliver(this.#recording, { to: this.#init.to, device, call: this.call, signal: this.#abandoned.signal })
    const { upload } = this.#delivery
    upload.on('acknowledged', ({ index }) => {
      this.#acknowledged = Math.max(this.#acknowledged, index + 1)
      void this.#components.journal.step(this.call, { type: 'kept', segments: this.#acknowledged })
      this.#events.emit('acknowledged', { index, durationMs: this.#durations[index] ?? 0 })
    })
    upload.on('paused', ({ reason, detail }) => { this.#events.emit('paused', { reason, detail }) })
    upload.on('broken', ({ detail }) => { this.#events.emit('paused', { reason: 'broken', detail }) })
    upload.on('resumed', () => { this.#events.emit('resumed', { reason: 'the keeper takes what is said again' }) })
    this.#taken.resolve()
  }

  async #run (): Promise<CallResult> {
    const result = await this.#speakAndDeliver().catch((error: unknown) => {
      this.#components.logger.error('a call failed', { call: this.call, error })
      return this.#result('failed', true, error instanceof Error ? error.message : String(error))
    })
    await this.#record(result)
    if (result.status === 'failed') this.#outgoing.leave('failed')
    else this.#outgoing.leave()
    await this.#outgoing.ended
    this.#events.emit('ended', result)
    return result
  }

  async #speakAndDeliver (): Promise<CallResult> {
    const { clock, courier } = this.#components
    if (this.#init.listenFirstMs > 0) await withTimeout(this.reach, 'Hearing from the other side', this.#init.listenFirstMs, clock, this.#waiting).catch(() => {})
    const interrupted = await this.#speak()
    const finished = await this.#recording.finish(interrupted === undefined ? {} : { cutOff: true, reason: interrupted })
    await courier.closeMessage(this.#recording, finished, this.#messageBytes)
    const cutOff = finished.content.cutOff
    if (finished.segments === 0) return this.#result('failed', cutOff, interrupted ?? 'nothing was said')
    if (this.#delivery === undefined) await withTimeout(this.#taken.promise, 'Waiting for somebody to take the call', LAST_CHANCE_MS, clock, this.#waiting).catch(() => {})
    if (this.#delivery === undefined) return this.#result('kept', cutOff, this.#refusal ?? 'nobody could take the call')
    const delivered = await this.#delivery.done
    if (delivered.ended === true && this.#acknowledged > 0) return this.#result('stored', true, 'the link was broken for too long: the end of it did not arrive')
    return delivered.stored
      ? this.#result('stored', cutOff)
      : this.#result('kept', cutOff, delivered.reason ?? 'the other side went away before it had all of it')
  }

  get #waiting (): { signal: AbortSignal } {
    return { signal: this.#abandoned.signal }
  }

  /** Feeds what is spoken into the recording; returns why it was interrupted, if it was. */
  async #speak (): Promise<string | undefined> {
    const iterator = this.#init.audio[Symbol.asyncIterator]()
    const over = AbortSignal.any([this.#hungUp.signal, this.#abandoned.signal])
    try {
      for (;;) {
        const next = await raceSignal(iterator.next(), over)
        if (next.done === true) return undefined
        this.#spokenMs += next.value.samples / 48
        await this.#recording.add(next.value)
      }
    } catch (error) {
      // Hanging up ends what is said; it does not cut it off.
      if (this.#hungUp.signal.aborted) return undefined
      return error instanceof Error ? error.message : String(error)
    } finally {
      void iterator.return?.(undefined)
    }
  }

  async #record ({ status, segments, cutOff, reason }: CallResult): Promise<void> {
    const input = status === 'stored'
      ? { type: 'closed' as const, segments, cutOff, ...(reason === undefined ? {} : { reason }) }
      : { type: 'given-up' as const, segments: status === 'failed' ? 0 : segments, cutOff, reason: reason ?? status }
    await this.#components.journal.step(this.call, input).catch((error: unknown) => {
      this.#components.logger.error('the end of a call cannot be kept', { call: this.call, error })
    })
  }

  #result (status: CallResult['status'], cutOff: boolean, reason?: string): CallResult {
    const finished: FinishedVoice | undefined = this.#recording.finished
    return {
      status,
      call: this.call,
      conversation: this.conversation,
      ...(status === 'failed' ? {} : { message: this.message }),
      durationMs: finished?.content.durationMs ?? this.#spokenMs,
      segments: this.#recording.segments,
      acknowledged: this.#acknowledged,
      cutOff,
      ...(reason === undefined ? {} : { reason })
    }
  }
}
