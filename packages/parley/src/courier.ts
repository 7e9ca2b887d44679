import { createEmitter, type AbortOptions, type CID, type Clock, type Emitter, type Logger, type RandomBytes, type Store } from '@parley/core'
import type { Conversations, Delivery as LogDelivery, Sync } from '@parley/conversations'
import { peerIdFromDid, type DeviceKeys, type Did, type People } from '@parley/identity'
import type { Network } from '@parley/network'
import { openRecording, recoverRecordings, uploadVoice, type FinishedVoice, type Recording, type UploadEvents } from '@parley/voice'
import { equals, fromString, toString } from 'uint8arrays'
import type { Outbox } from './outbox.ts'
import { createOwnVoices } from './own-voices.ts'
import { devicesWith, type DeviceRoute } from './routes.ts'
import type { SyncReport } from './types.ts'

export interface CourierComponents {
  store: Store
  network: Network
  device: DeviceKeys
  people: People
  conversations: Conversations
  sync: Sync
  outbox: Outbox
  delivery: Pick<LogDelivery, 'bring' | 'flush'>
  clock: Clock
  random: RandomBytes
  logger: Logger
}

/** What became of a delivery. */
export interface Delivered {
  /** The keeper has all of it. */
  stored: boolean
  /** The keeper has closed the message and takes nothing more of it. */
  ended?: boolean
  reason?: string
}

/** A recording on its way to one keeper. */
export interface Delivery {
  readonly upload: Emitter<UploadEvents>
  /** Never rejects. */
  readonly done: Promise<Delivered>
}

/** Brings what this device spoke and wrote to whoever should have it, now or at the next chance. */
export interface Courier {
  /** Notes that a recording has to reach somebody, before the first of it leaves. */
  expect(recording: Recording, to: Did, call: Uint8Array): Promise<void>
  /** Streams a recording, finished or not, to a device or proxy of somebody. */
  deliver(recording: Recording, target: { to: Did, device: Did, call: string } & AbortOptions): Delivery
  /** Writes into the log how a spoken message ended. */
  closeMessage(recording: Recording, finished: FinishedVoice, message: Uint8Array): Promise<void>
  /** Closes what a kill interrupted; call it once, before anything is spoken. */
  recover(): Promise<void>
  /** Brings a conversation's news to everybody who can be reached now, and what we said in it to our proxies. */
  spread(conversation: CID, options?: AbortOptions): Promise<void>
  /** Brings recordings that could not be brought before. */
  bringVoices(options?: AbortOptions): Promise<SyncReport>
  /** Tries everything that could not be brought before: recordings and what is owed of conversations. */
  flush(options?: AbortOptions): Promise<SyncReport>
}

export function createCourier (components: CourierComponents, person: Did): Courier {
  const { conversations, sync, outbox, delivery, people, clock, logger } = components
  const ownVoices = createOwnVoices(components, person)
  // Speaking and its closing action race with the upload: the last sync has to wait for the log.
  const closing = new WeakMap<Recording, PromiseWithResolvers<void>>()
  const closed = (recording: Recording): PromiseWithResolvers<void> => {
    const known = closing.get(recording) ?? Promise.withResolvers<void>()
    closing.set(recording, known)
    return known
  }

  const deliver: Courier['deliver'] = (recording, { to, device, call, signal }) => {
    const events = createEmitter<UploadEvents>(logger)
    return { upload: { on: events.on.bind(events) }, done: run().catch((error: unknown) => ({ stored: false, reason: reasonOf(error) })) }

    async function run (): Promise<Delivered> {
      const target = await targetOf(to, device)
      // The keeper takes only what the log announces, so the log goes first.
      await sync.sync(recording.conversation, target, { signal })
      const upload = uploadVoice(components, recording, target, { context: fromString(call, 'hex'), signal })
      for (const type of ['acknowledged', 'paused', 'resumed', 'broken'] as const) upload.on(type, event => { events.emit(type, event) })
      const { stored, error } = await upload.done
      // A keeper that has closed the message takes nothing more of it; what it has is what there is.
      const ended = error?.name === 'CaptureEndedError'
      if (ended) await outbox.drop(recording.voice)
      if (!stored) return { stored, ended, ...(error === undefined ? {} : { reason: error.message }) }
      if (recording.finished === undefined || closing.has(recording)) await closed(recording).promise
      await outbox.drop(recording.voice)
      // It is owed still when this fails, as everything that is appended.
      await sync.sync(recording.conversation, target).catch((error: unknown) => { logger.warn('the end of a message could not be told yet', { error }) })
      return { stored }
    }
  }

  const targetOf = async (to: Did, device: Did): Promise<DeviceRoute> => {
    const routes = await people.routes(to)
    return { device, name: '', peer: peerIdFromDid(device), addresses: routes.find(route => route.device === device)?.addresses ?? [] }
  }

  const closeMessage: Courier['closeMessage'] = async (recording, finished, message) => {
    // Noted before the log says that it is over: after a kill between the two it is closed again.
    if (finished.segments > 0) await ownVoices.due(recording.conversation, recording.voice)
    const conversation = await conversations.open(recording.conversation)
    await conversation.append({
      verb: 'add',
      thing: 'attachment',
      message,
      voice: recording.voice,
      manifest: finished.segments === 0 ? null : finished.manifest.cid,
      durationMs: Math.round(finished.content.durationMs),
      segments: finished.segments,
      cutOff: finished.content.cutOff,
      ...(finished.reason === null ? {} : { reason: finished.reason })
    }, { durable: true })
    await outbox.dropSpeaking(message)
    await recording.release()
    closed(recording).resolve()
    if (finished.segments === 0) await outbox.drop(recording.voice)
  }

  const recover = async (): Promise<void> => {
    for (const recording of await recoverRecordings(components)) {
      const { finished } = recording
      if (finished === undefined) continue
      const state = await (await conversations.open(recording.conversation)).state()
      const message = state.messages.find(({ voice }) => voice !== undefined && equals(voice.voice, recording.voice))
      // The message was closed when the kill came between its closing action and the mark's removal.
      if (message === undefined || message.state !== 'recording') await recording.release()
      else await closeMessage(recording, finished, fromString(message.id, 'hex'))
    }
    for await (const { conversation, message, voice } of outbox.speaking()) await closeUnspoken(conversation, message, voice)
  }

  /** Closes a message of which nothing reached the journal before a kill, if the log announces it at all. */
  const closeUnspoken = async (id: CID, message: Uint8Array, voice: Uint8Array): Promise<void> => {
    const conversation = await conversations.open(id)
    const announced = (await conversation.state()).messages.find(known => known.id === toString(message, 'hex'))
    if (announced?.state === 'recording') {
      await conversation.append({ verb: 'add', thing: 'attachment', message, voice, manifest: null, durationMs: 0, segments: 0, cutOff: true, reason: 'nothing of it was recorded' }, { durable: true })
    }
    await outbox.dropSpeaking(message)
  }

  const spread: Courier['spread'] = async (id, { signal } = {}) => {
    await delivery.bring(id, { signal })
    await ownVoices.flush({ conversation: id, signal })
  }

  const bringVoices: Courier['bringVoices'] = async ({ signal } = {}) => {
    const report: SyncReport = { reached: [], unreachable: [] }
    for await (const entry of outbox.entries()) {
      signal?.throwIfAborted()
      const failure = await bring(entry, signal)
      const name = (await people.list(entry.to))?.name ?? entry.to
      if (failure === undefined) report.reached.push(name)
      else report.unreachable.push({ who: name, reason: failure })
    }
    await ownVoices.flush({ signal })
    return report
  }

  /** Brings a recording to the first keeper of its addressee that takes all of it; returns why none did. */
  const bring = async ({ voice, to, call }: { voice: Uint8Array, to: Did, call: Uint8Array }, signal: AbortSignal | undefined): Promise<string | undefined> => {
    const recording = await openRecording(components, voice).catch((error: unknown) => {
      // It is being spoken right now, by this very process.
      logger.debug('a recording is not finished yet', { error })
      return undefined
    })
    if (recording === undefined) return undefined
    let reason = 'no proxy of theirs is known'
    for (const { device } of await devicesWith(people, to, 'proxy', clock.now())) {
      signal?.throwIfAborted()
      const done = await deliver(recording, { to, device, call: toString(call, 'hex'), signal }).done
      if (done.stored || done.ended === true) return undefined
      reason = done.reason ?? reason
    }
    return reason
  }

  return {
    deliver,
    closeMessage,
    recover,
    spread,
    bringVoices,
    async flush (options) {
      const report = await bringVoices(options)
      await delivery.flush(options)
      return report
    },
    async expect (recording, to, call) {
      closed(recording)
      await outbox.put({ voice: recording.voice, conversation: recording.conversation, to, call })
    }
  }
}

function reasonOf (error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
