import { InvalidBytesError, StoppedError, type CID, createEmitter } from '@parley/core'
import { UnknownRecordingError } from './errors.ts'
import { type SegmentTally, closeJournal } from './finished-voice.ts'
import { type JournalEntry, dropMark, journaledCids, marked, openVoiceKey, readEntry } from './journal.ts'
import { decodeManifest, openManifest } from './manifest.ts'
import type { FinishedVoice, Recording, RecordingComponents, RecordingEvents } from './recording.ts'
import { openSegment, samplesOf, verifySegment } from './segment.ts'
import { voiceName } from './voice-id.ts'

/**
 * Returns every recording of this device that was not released: those that a
 * kill or a power cut interrupted are closed first, with all segments that
 * reached the journal, as cut off. Call it before the first `createRecording`
 * of a process. Calling it again returns the same recordings.
 */
export async function recoverRecordings (components: RecordingComponents): Promise<Recording[]> {
  const recordings: Recording[] = []
  for await (const voice of marked(components.store)) {
    try {
      recordings.push(await closed(components, voice))
    } catch (error) {
      // One damaged recording must not keep the others from being recovered.
      components.logger.error('a recording cannot be recovered', { voice: voiceName(voice), error })
    }
  }
  return recordings
}

/**
 * Opens a finished recording of this device, to send it again or to play it.
 *
 * @throws {UnknownRecordingError} when it was not recorded here
 * @throws {StoppedError} when it was interrupted and not recovered yet
 */
export async function openRecording (components: RecordingComponents, voice: Uint8Array): Promise<Recording> {
  const entry = await readEntry(components.store, voice)
  if (entry === undefined) throw new UnknownRecordingError(voiceName(voice))
  if (entry.manifest === null) throw new StoppedError('The recording of this voice message')
  return await closed(components, voice)
}

async function closed (components: RecordingComponents, voice: Uint8Array): Promise<Recording> {
  const entry = await readEntry(components.store, voice)
  if (entry === undefined) throw new UnknownRecordingError(voiceName(voice))
  const key = await openVoiceKey(components.device, entry)
  const finished = entry.manifest === null ? await close(components, entry, key) : await reopen(components, entry, entry.manifest, key)
  const events = createEmitter<RecordingEvents>(components.logger)
  return {
    voice: entry.voice,
    conversation: entry.conversation,
    action: entry.action,
    key,
    segments: finished.segments,
    finished,
    on: (type, listener, options) => events.on(type, listener, options),
    add: async () => { throw new StoppedError('The recording') },
    finish: async () => finished,
    release: async () => { await components.store.commit([dropMark(voice)], { durable: true }) }
  }
}

async function close (components: RecordingComponents, entry: JournalEntry, key: Uint8Array): Promise<FinishedVoice> {
  const cids = await journaledCids(components.store, entry.voice)
  const tally: SegmentTally = { cids, samples: [], peaks: [] }
  for (const cid of cids) {
    const { packets, peaks } = openSegment(key, await verifySegment(components.device.signer.publicKey, await block(components, cid)))
    tally.samples.push(samplesOf(packets))
    tally.peaks.push(peaks)
  }
  const { finished, changes } = closeJournal(components, entry, key, tally)
  await components.store.commit(changes, { durable: true })
  components.logger.info('closed an interrupted recording', { voice: voiceName(entry.voice), segments: cids.length })
  return finished
}

async function reopen (components: RecordingComponents, entry: JournalEntry, cid: CID, key: Uint8Array): Promise<FinishedVoice> {
  const manifest = decodeManifest(await block(components, cid))
  return { manifest, content: openManifest(key, manifest), segments: manifest.segments.length, reason: entry.ending?.reason ?? null }
}

async function block (components: RecordingComponents, cid: CID): Promise<Uint8Array> {
  const bytes = await components.store.getBlock(cid)
  if (bytes === undefined) throw new InvalidBytesError('recording journal', `its block ${cid.toString()} is not in the store`)
  return bytes
}
