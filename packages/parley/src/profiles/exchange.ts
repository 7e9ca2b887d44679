import { withTimeout, type AbortOptions, type Clock } from '@parley/core'
import { ProtocolViolationError } from '@parley/conversations'
import { publicKeyFromDid, type Did, type ProfileBlock, type ProfileBundle } from '@parley/identity'
import type { FrameStream, Network, PeerTarget } from '@parley/network'
import { ProfileRefusedError } from './errors.ts'
import { MAX_PROFILE_FRAME_BYTES, PROFILE_PROTOCOL, profileFrameCodec, type ProfileFrame } from './frames.ts'

/** How long the next frame is waited for; a slow disk commits within it. */
const FRAME_TIMEOUT_MS = 10_000

type FrameOf<T extends ProfileFrame['type']> = Extract<ProfileFrame, { type: T }>

/** What somebody answered who was asked for a profile; not verified. */
export type ProfileAnswer = FrameOf<'answer'>

/** What became of a bundle that was handed over. */
export type PutResult = { type: 'kept' } | { type: 'newer', bundle: Uint8Array }

export interface ExchangeComponents {
  network: Network
  clock: Clock
}

/**
 * Asks one device or proxy for what it has of a person and gives to us.
 *
 * @throws {ProfileRefusedError | ProtocolViolationError | InvalidBytesError | OversizedBytesError | TimeoutError | PeerUnreachableError}
 */
export async function askProfile (components: ExchangeComponents, target: PeerTarget, { person, have }: { person: Did, have: Array<Pick<ProfileBlock, 'tier' | 'version'>> }, { signal }: AbortOptions = {}): Promise<ProfileAnswer> {
  const frame = await requestOf(components, target, {
    v: 1, type: 'ask', person: publicKeyFromDid(person), have: have.map(({ tier, version: { wallMs, counter } }) => ({ tier, version: { wallMs, counter } }))
  }, { signal })
  if (frame.type !== 'answer') throw unexpected(frame)
  return frame
}

/**
 * Hands a bundle to a proxy of its person; without one it asks for the proxy's.
 *
 * @throws as `askProfile`
 */
export async function putProfile (components: ExchangeComponents, target: PeerTarget, { person, bundle, card }: { person: Did, bundle: ProfileBundle | undefined, card: Uint8Array | undefined }, { signal }: AbortOptions = {}): Promise<PutResult> {
  const frame = await requestOf(components, target, {
    v: 1, type: 'put', person: publicKeyFromDid(person), card: card === undefined ? null : card.slice(), bundle: bundle === undefined ? null : bundle.bytes.slice()
  }, { signal })
  if (frame.type === 'newer') return { type: 'newer', bundle: frame.bundle }
  if (frame.type !== 'kept') throw unexpected(frame)
  if (frame.cid === null ? bundle !== undefined : bundle?.cid.equals(frame.cid) !== true) throw new ProtocolViolationError(PROFILE_PROTOCOL, 'it kept another profile than the one it was given')
  return { type: 'kept' }
}

/** Takes the next frame of a stream. @throws as `askProfile` */
export async function receiveFrame ({ stream, clock }: { stream: FrameStream, clock: Clock }, { signal }: AbortOptions = {}): Promise<ProfileFrame> {
  const bytes = await withTimeout(stream.receive({ signal }), `A frame of ${stream.peer}`, FRAME_TIMEOUT_MS, clock, { signal })
  if (bytes === undefined) throw new ProtocolViolationError(PROFILE_PROTOCOL, 'it closed the stream where a frame was due')
  const frame = profileFrameCodec.decode(bytes)
  if (frame.type === 'refuse') throw new ProfileRefusedError(frame.error, frame.message)
  return frame
}

/** @returns what to throw at a frame that has no place where it came */
export function unexpected ({ type }: ProfileFrame): ProtocolViolationError {
  return new ProtocolViolationError(PROFILE_PROTOCOL, `a ${type} frame came where none was due`)
}

async function requestOf ({ network, clock }: ExchangeComponents, target: PeerTarget, request: ProfileFrame, { signal }: AbortOptions): Promise<ProfileFrame> {
  const stream = await network.open(target, PROFILE_PROTOCOL, { signal, maxFrameBytes: MAX_PROFILE_FRAME_BYTES })
  try {
    await stream.send(profileFrameCodec.encode(request), { signal })
    const frame = await receiveFrame({ stream, clock }, { signal })
    await stream.close()
    return frame
  } catch (error) {
    stream.abort(error as Error)
    throw error
  }
}
