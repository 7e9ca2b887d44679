import { type AbortOptions, type CID, type Clock, type Logger, type Store, sleep, withTimeout } from '@parley/core'
import type { Did } from '@parley/identity'
import type { Network, PeerTarget } from '@parley/network'
import type { CaptureState } from './capture-record.ts'
import { VoiceUnavailableError } from './errors.ts'
import { segmentCid, segmentKey } from './journal.ts'
import { type Manifest, type ManifestContent, decodeManifest, openManifest } from './manifest.ts'
import { type RemoteEnd, listen } from './listen.ts'
import { type VoiceChain, type VoicePiece, createChain } from './voice-chain.ts'
import { voiceName } from './voice-id.ts'

/** What hearing a message needs. */
export interface ReadComponents {
  network: Pick<Network, 'open'> & { blocks: Pick<Network['blocks'], 'get'> }
  store: Store
  clock: Clock
  logger: Logger
}

export interface ReadInit extends AbortOptions {
  voice: Uint8Array
  key: Uint8Array
  /** The device that speaks: only its signature counts. */
  speaker: Did
  /** Where the finished message is described; without it the message is followed until its keeper says that it ended. */
  manifest?: CID
  /** Who may have it. */
  from?: PeerTarget[]
  /** @default 0 */
  startIndex?: number
  /** Puts what comes from others into our own store. @default true */
  keep?: boolean
  /** How long to try when nobody can be reached, before giving up. @default 30000 */
  graceMs?: number
  /** How long one look-up of a single block may take. @default 5000 */
  blockTimeoutMs?: number
}

/** What became of the message that was read. */
export interface VoiceEnd {
  state: CaptureState
  reason: string | null
}

const RETRY_MS = 500
// A described message has gaps to name instead of waiting for long.
const MOST_FAILURES = 3

/**
 * Yields a voice message piece by piece: from our own store, then from whoever
 * keeps it, while it is still being spoken too. Each piece is verified to be of
 * the speaker and to follow the one before. With a manifest, pieces that nobody
 * has are yielded as missing, each with its index and length.
 *
 * @throws {VoiceUnavailableError} without a manifest, when nobody has the next piece
 */
export async function * readVoice (components: ReadComponents, init: ReadInit): AsyncGenerator<VoicePiece, VoiceEnd> {
  const reader = await openReader(components, init)
  const { chain, described } = reader
  let goodAt = components.clock.monotonicNow()
  for (;;) {
    const before = chain.index
    yield * local(reader)
    const end = described === undefined ? undefined : endOf(described)
    if (end !== undefined && chain.index >= (described?.manifest.segments.length ?? 0)) return end
    const answer = yield * remote(reader)
    if (described === undefined && answer.ended !== undefined) return answer.ended
    if (chain.index > before) goodAt = components.clock.monotonicNow()
    else if (described !== undefined && targetsOf(reader).length === 0) {
      const piece = await single(reader)
      yield piece ?? chain.skip()
    } else {
      if (described === undefined && (components.clock.monotonicNow() - goodAt >= (init.graceMs ?? 30_000) || answer.isFinal)) throw new VoiceUnavailableError(chain.index, answer.detail)
      await sleep(RETRY_MS, components.clock, { signal: init.signal })
    }
  }
}

interface Described { manifest: Manifest, content: ManifestContent }

interface Reader {
  components: ReadComponents
  init: ReadInit
  chain: VoiceChain
  described: Described | undefined
  /** Attempts in a row that broke, by peer; infinite for one that has nothing more for us. With a manifest it is not asked for every gap again. */
  failures: Map<string, number>
  /** A look-up of a single block found nothing: others would be slow and futile. */
  isBlockless: boolean
}

async function openReader (components: ReadComponents, init: ReadInit): Promise<Reader> {
  const described = init.manifest === undefined ? undefined : await describe(components, init, init.manifest)
  const chain = createChain({ ...init, startIndex: init.startIndex ?? 0 }, described)
  return { components, init, chain, described, failures: new Map(), isBlockless: false }
}

/** Finds the manifest; without it the message is read as if it were still being spoken. */
async function describe (components: ReadComponents, init: ReadInit, cid: CID): Promise<Described | undefined> {
  try {
    const bytes = await components.store.getBlock(cid) ?? await fetchBlock(components, init, cid)
    const manifest = decodeManifest(bytes)
    return { manifest, content: openManifest(init.key, manifest) }
  } catch (error) {
    init.signal?.throwIfAborted()
    components.logger.warn('the manifest of a voice message is not to be had', { voice: voiceName(init.voice), error })
    return undefined
  }
}

async function fetchBlock ({ network, clock }: ReadComponents, { from = [], signal, blockTimeoutMs = 5000 }: ReadInit, cid: CID): Promise<Uint8Array> {
  const controller = new AbortController()
  const either = signal === undefined ? controller.signal : AbortSignal.any([controller.signal, signal])
  try {
    return await withTimeout(network.blocks.get(cid, { from, signal: either }), 'Looking for a block', blockTimeoutMs, clock, { signal })
  } finally {
    controller.abort()
  }
}

async function * local (reader: Reader): AsyncGenerator<VoicePiece> {
  const { chain, described } = reader
  while (described === undefined || chain.index < described.manifest.segments.length) {
    const block = await localBlock(reader)
    const taken = block === undefined ? undefined : await attempt(reader, block, 'our own store')
    if (taken === undefined) return
    yield taken.piece
  }
}

async function localBlock ({ components: { store }, init, chain, described }: Reader): Promise<Uint8Array | undefined> {
  const named = described?.manifest.segments[chain.index]
  if (named !== undefined) return await store.getBlock(named)
  const name = voiceName(init.voice)
  for (const folder of ['out', 'kept', 'heard'] as const) {
    const cid = await segmentCid(store, segmentKey(folder, name, chain.index))
    const block = cid === undefined ? undefined : await store.getBlock(cid)
    if (block !== undefined) return block
  }
  return undefined
}

/** Checks a block; what does not belong to the message is logged and counts as not found. */
async function attempt ({ chain, components, init }: Reader, block: Uint8Array, where: string): Promise<{ piece: VoicePiece, cid: CID } | undefined> {
  try {
    return await chain.take(block)
  } catch (error) {
    components.logger.warn('a segment does not belong to its voice message', { voice: voiceName(init.voice), index: chain.index, where, error })
    return undefined
  }
}

interface RemoteAnswer { ended: VoiceEnd | undefined, isFinal: boolean, detail: string }

/** Asks one peer after the other until one says how the message ended. */
async function * remote (reader: Reader): AsyncGenerator<VoicePiece, RemoteAnswer> {
  const { init, chain, described } = reader
  let isFinal = true
  let detail = 'there is nobody to ask'
  for (const target of targetsOf(reader)) {
    const before = chain.index
    const stream = listen(reader.components, target, { voice: init.voice, from: chain.index, follow: described === undefined, signal: init.signal })
    const end = yield * pieces(reader, stream, target)
    if (described !== undefined) note(reader, target.peer, end, chain.index > before)
    if (end.type === 'ended' && end.state !== 'recording' && chain.index >= end.segments) return { ended: { state: end.state, reason: end.reason }, isFinal: true, detail: '' }
    if (end.type !== 'refused') isFinal = false
    detail = end.type === 'ended' ? 'its keeper has no more of it' : end.detail
    if (described !== undefined && chain.index >= described.manifest.segments.length) break
  }
  return { ended: undefined, isFinal, detail }
}

/** Who is worth asking. */
function targetsOf ({ init, failures }: Reader): PeerTarget[] {
  return (init.from ?? []).filter(({ peer }) => (failures.get(peer) ?? 0) < MOST_FAILURES)
}

function note ({ failures }: Reader, peer: string, end: RemoteEnd, hasProgress: boolean): void {
  const broke = hasProgress ? 1 : (failures.get(peer) ?? 0) + 1
  failures.set(peer, end.type === 'broken' ? broke : Infinity)
}

async function * pieces (reader: Reader, stream: AsyncGenerator<Uint8Array, RemoteEnd>, target: PeerTarget): AsyncGenerator<VoicePiece, RemoteEnd> {
  try {
    for (;;) {
      const next = await stream.next()
      if (next.done === true) return next.value
      const { index } = reader.chain
      const taken = await attempt(reader, next.value, target.peer)
      if (taken === undefined) return { type: 'refused', detail: `what ${target.peer} sent is not the message` }
      await keep(reader, index, taken.cid, next.value)
      yield taken.piece
      if (reader.described !== undefined && taken.piece.last) return { type: 'broken', detail: 'all of it was heard' }
    }
  } finally {
    await stream.return({ type: 'broken', detail: 'it was not listened to any more' })
  }
}

/** Fetches the block of the next piece by its hash, from whoever has it. */
async function single (reader: Reader): Promise<VoicePiece | undefined> {
  const { components, init, chain, described } = reader
  const cid = described?.manifest.segments[chain.index]
  if (cid === undefined || reader.isBlockless) return undefined
  try {
    const { index } = chain
    const block = await fetchBlock(components, init, cid)
    const taken = await attempt(reader, block, 'the block exchange')
    if (taken !== undefined) await keep(reader, index, taken.cid, block)
    return taken?.piece
  } catch {
    init.signal?.throwIfAborted()
    reader.isBlockless = true
    return undefined
  }
}

/** Keeps a copy; a disk without room must not stop anybody from hearing the message. */
async function keep ({ components: { store, logger }, init }: Reader, index: number, cid: CID, bytes: Uint8Array): Promise<void> {
  if (init.keep === false) return
  try {
    await store.commit([
      { type: 'block', cid, bytes },
      { type: 'put', key: segmentKey('heard', voiceName(init.voice), index), value: cid.bytes }
    ])
  } catch (error) {
    logger.warn('a heard segment is not kept', { error })
  }
}

function endOf ({ content }: Described): VoiceEnd {
  return { state: content.cutOff ? 'cut-off' : 'complete', reason: null }
}
