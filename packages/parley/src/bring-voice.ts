import type { AbortOptions, Clock, Logger, Store } from '@parley/core'
import type { Network, PeerTarget } from '@parley/network'
import { copyVoice, heldVoice, readVoice, type HeldVoice, type VoiceCopied } from '@parley/voice'
import type { SpokenMessage } from './spoken-messages.ts'

export interface BringComponents {
  store: Store
  network: Network
  clock: Clock
  logger: Logger
}

/** What a keeper has of a message now. */
export type Brought =
  | { type: 'whole' }
  /** It has the first `segments`; nobody who was asked has the rest. */
  | { type: 'part', segments: number, reason: string }

export interface BringOptions extends AbortOptions {
  /** Who is asked for what is not here. @default nobody */
  from?: PeerTarget[]
  /** Who else is asked when something is missing still. @default nobody */
  more?: () => Promise<PeerTarget[]>
}

/** How long somebody is waited for who may be speaking still, or have what is missing. */
const PATIENCE_MS = 5000

/**
 * Brings a message to a keeper of ours, with what is missing here fetched
 * before. A message that is being spoken is waited for. Each piece is checked
 * to be the speaker's before it is passed on.
 *
 * @throws what `heldVoice` and `copyVoice` throw: the keeper could not be asked, or does not take it
 */
export async function bringVoice (components: BringComponents, spoken: SpokenMessage, keeper: PeerTarget, { from = [], more, signal }: BringOptions = {}): Promise<Brought> {
  const { voice } = spoken.message
  if (isWhole(spoken, await heldVoice(components, keeper, voice.voice, { signal }))) return { type: 'whole' }
  let missing = await gather(components, spoken, from, signal)
  const others = missing === undefined ? [] : await more?.() ?? []
  if (others.length > 0) missing = await gather(components, spoken, others, signal)
  const copied = await copyVoice(components, {
    voice: voice.voice,
    conversation: spoken.conversation,
    action: spoken.action,
    speaker: spoken.message.device,
    ...(voice.manifest === undefined || voice.manifest === null ? {} : { manifest: voice.manifest }),
    cutOff: spoken.message.state === 'cut-off',
    reason: voice.reason
  }, keeper, { signal })
  if (copied === undefined) return { type: 'part', segments: 0, reason: missing ?? 'nothing of it is to be had' }
  return isComplete(spoken, copied, missing) ? { type: 'whole' } : { type: 'part', segments: copied.segments, reason: missing ?? 'the end of it is not to be had' }
}

function isWhole ({ message: { voice } }: SpokenMessage, held: HeldVoice | undefined): boolean {
  if (held === undefined || held.state === 'recording') return false
  if (voice.manifest === undefined || voice.manifest === null) return held.state === 'complete'
  return held.manifest?.equals(voice.manifest) === true && held.segments >= (voice.segments ?? 0)
}

function isComplete ({ message: { voice } }: SpokenMessage, { state, segments }: VoiceCopied, missing: string | undefined): boolean {
  if (voice.segments !== undefined) return segments >= voice.segments
  // Nobody knows yet how the speaker ended it; its keeper's word is all there is.
  return state === 'complete' || missing === undefined
}

/** Reads a message through, which keeps it here; returns in words what is missing, if anything is. */
async function gather (components: BringComponents, { message }: SpokenMessage, from: PeerTarget[], signal: AbortSignal | undefined): Promise<string | undefined> {
  const { voice } = message
  let holes = 0
  try {
    const pieces = readVoice(components, {
      voice: voice.voice,
      key: voice.key,
      speaker: message.device,
      ...(voice.manifest === undefined || voice.manifest === null ? {} : { manifest: voice.manifest }),
      from,
      graceMs: from.length === 0 ? 0 : PATIENCE_MS,
      blockTimeoutMs: PATIENCE_MS,
      signal
    })
    for await (const { isMissing } of pieces) if (isMissing) holes++
  } catch (error) {
    signal?.throwIfAborted()
    if ((error as Error).name !== 'VoiceUnavailableError') throw error
    return (error as Error).message
  }
  return holes === 0 ? undefined : `${holes} of its segments are not to be had`
}
