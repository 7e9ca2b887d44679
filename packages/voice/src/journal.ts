import { type Change, CID, InvalidBytesError, type Store, bytesSchema, cidSchema, countSchema, createCodec } from '@parley/core'
import { type DeviceKeys, sealTo, type SealedCopy } from '@parley/identity'
import * as z from 'zod/mini'
import { MAX_SEGMENTS, MAX_WORDS, VOICE_ID_BYTES } from './limits.ts'
import type { CaptureState } from './capture-record.ts'
import { voiceName } from './voice-id.ts'

/**
 * What the speaker's own store says about a recording. The voice key is in it
 * sealed to the device's own key: a copied store alone opens nothing.
 */
export interface JournalEntry {
  voice: Uint8Array
  conversation: CID
  action: CID
  channels: 1 | 2
  preSkip: number
  startedAt: number
  key: { enc: Uint8Array, ct: Uint8Array }
  state: CaptureState
  /** How it was to end; written with the last segment, so that a kill before the manifest forgets nothing. */
  ending: JournalEnding | null
  manifest: CID | null
}

/** How a recording ends. */
export interface JournalEnding {
  cutOff: boolean
  reason: string | null
}

const entryCodec = createCodec('recording journal entry', z.strictObject({
  v: z.literal(1),
  voice: bytesSchema({ exactBytes: VOICE_ID_BYTES }),
  conversation: cidSchema,
  action: cidSchema,
  channels: z.union([z.literal(1), z.literal(2)]),
  preSkip: countSchema(),
  startedAt: countSchema(),
  key: z.strictObject({ enc: bytesSchema({ exactBytes: 32 }), ct: bytesSchema({ maxBytes: 64 }) }),
  state: z.enum(['recording', 'complete', 'cut-off']),
  ending: z.nullable(z.strictObject({ cutOff: z.boolean(), reason: z.nullable(z.string().check(z.maxLength(MAX_WORDS))) })),
  manifest: z.nullable(cidSchema)
}), { maxBytes: 4096 })

const KEY_PURPOSE = 'voice-journal'
const OPEN_PREFIX = '/voice/out-open/'
const INDEX_DIGITS = 6

/** Keys of one segment index, in index order when sorted as text. */
export function segmentKey (folder: 'out' | 'kept' | 'heard', name: string, index: number): string {
  return `/voice/${folder}/${name}/${String(index).padStart(INDEX_DIGITS, '0')}`
}

/** Returns the CID stored under a segment key, if there is one. */
export async function segmentCid (store: Store, key: string): Promise<CID | undefined> {
  const bytes = await store.get(key)
  return bytes === undefined ? undefined : CID.decode(bytes)
}

function entryKey (name: string): string {
  return `/voice/out/${name}/entry`
}

/** Seals a voice key to the device's own key for its journal. */
export async function sealVoiceKey (device: DeviceKeys, voice: Uint8Array, key: Uint8Array): Promise<{ enc: Uint8Array, ct: Uint8Array }> {
  const [copy] = await sealTo([{ device: device.did, sealing: device.sealing.publicKey }], KEY_PURPOSE, key, voice)
  if (copy === undefined) throw new InvalidBytesError('recording journal entry', 'its key was sealed to nobody')
  return { enc: copy.enc, ct: copy.ct }
}

/** @throws {UndecryptableError} when another device recorded it */
export async function openVoiceKey (device: DeviceKeys, entry: JournalEntry): Promise<Uint8Array> {
  const copy: SealedCopy = { device: device.signer.publicKey, enc: entry.key.enc, ct: entry.key.ct }
  return await device.sealing.open(KEY_PURPOSE, copy, entry.voice)
}

/** The change that writes an entry. */
export function entryChange (entry: JournalEntry): Change {
  const bytes = entryCodec.encode({
    v: 1,
    ...entry,
    voice: new Uint8Array(entry.voice),
    key: { enc: new Uint8Array(entry.key.enc), ct: new Uint8Array(entry.key.ct) }
  })
  return { type: 'put', key: entryKey(voiceName(entry.voice)), value: bytes }
}

/** The change that marks a recording as one that somebody still has to announce. */
export function openMark (voice: Uint8Array): Change {
  return { type: 'put', key: `${OPEN_PREFIX}${voiceName(voice)}`, value: new Uint8Array(voice) }
}

/** The change that takes the mark away. */
export function dropMark (voice: Uint8Array): Change {
  return { type: 'delete', key: `${OPEN_PREFIX}${voiceName(voice)}` }
}

/** Yields the voice ids of recordings that are marked. */
export async function * marked (store: Store): AsyncGenerator<Uint8Array> {
  for await (const { value } of store.entries(OPEN_PREFIX)) yield value
}

/** Returns the entry of a recording made on this device. */
export async function readEntry (store: Store, voice: Uint8Array): Promise<JournalEntry | undefined> {
  const bytes = await store.get(entryKey(voiceName(voice)))
  if (bytes === undefined) return undefined
  const { v: _v, ...entry } = entryCodec.decode(bytes)
  return entry
}

/** Counts the journaled segments: they lie from index 0 without a gap, as each was committed before the next. */
export async function journaledCids (store: Store, voice: Uint8Array): Promise<CID[]> {
  const name = voiceName(voice)
  const cids: CID[] = []
  while (cids.length < MAX_SEGMENTS) {
    const cid = await segmentCid(store, segmentKey('out', name, cids.length))
    if (cid === undefined) break
    cids.push(cid)
  }
  return cids
}
