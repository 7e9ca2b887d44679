import { StoppedError, createEmitter, withTimeout, type Clock, type Emitter, type Logger, type Store } from '@parley/core'
import { NotAllowedError } from '@parley/conversations'
import { answerFor, decodeContactCard, didFromPeerId, didFromPublicKey, rolesOf, type Did, type People, type ProfileBundle } from '@parley/identity'
import type { FrameStream, Network } from '@parley/network'
import { openBundles, type Bundles } from './bundle-store.ts'
import { UnknownProfileError } from './errors.ts'
import { receiveFrame, unexpected } from './exchange.ts'
import { MAX_PROFILE_FRAME_BYTES, PROFILE_PROTOCOL, profileFrameCodec, refusalFrame, type ProfileFrame } from './frames.ts'

export interface ProfileServerEvents extends Record<string, unknown> {
  /** A device of the person handed over a newer profile; it is on the disk. */
  changed: { bundle: ProfileBundle }
}

/** What a device or proxy keeps of the profiles of those it answers for. It cannot read what is sealed to others. */
export interface ProfileServer extends Emitter<ProfileServerEvents> {
  readonly bundles: Bundles
  stop(): Promise<void>
}

export interface ProfileServerComponents {
  store: Store
  network: Network
  people: People
  clock: Clock
  logger: Logger
}

/** How long the last frame to a peer may take. */
const FAREWELL_TIMEOUT_MS = 2000
/** Streams of one device at a time. */
const MAX_STREAMS_PER_PEER = 4
/** How long a photo is waited for that belongs to a new profile. */
const PHOTO_TIMEOUT_MS = 5000

type Put = Extract<ProfileFrame, { type: 'put' }>
type Ask = Extract<ProfileFrame, { type: 'ask' }>

/** Opens the profiles kept here and answers on `/parley/profile/1`: everybody who asks, and the persons' own endpoint devices that bring newer ones. */
export async function createProfileServer (components: ProfileServerComponents, { serves }: { serves: () => readonly Did[] }): Promise<ProfileServer> {
  const { network, people, clock } = components
  const logger = components.logger.child('profiles')
  const events = createEmitter<ProfileServerEvents>(logger)
  const bundles = await openBundles({ ...components, logger })
  const stopping = new AbortController()

  const answer = async (peer: string, { person: key, have }: Ask): Promise<ProfileFrame> => {
    const person = didFromPublicKey(key)
    const bundle = serves().includes(person) ? bundles.get(person) : undefined
    if (bundle === undefined) throw new UnknownProfileError(person)
    const { public: open, copy, sealed } = answerFor(bundle, didFromPeerId(peer), have)
    const card = await people.card(person)
    return {
      v: 1,
      type: 'answer',
      card: card === undefined ? null : card.slice(),
      public: open === null ? null : open.slice(),
      copy: copy === null ? null : { tier: copy.tier, enc: copy.enc.slice(), ct: copy.ct.slice() },
      sealed: sealed.map(({ tier, version, content }) => ({ tier, version: { ...version }, content: content === null ? null : content.slice() }))
    }
  }
  const take = async (peer: string, { person: key, card, bundle: bytes }: Put): Promise<ProfileFrame> => {
    const person = didFromPublicKey(key)
    const device = didFromPeerId(peer)
    await checkDevice(person, device, card)
    if (bytes === null) return held(person)
    try {
      const { bundle, isNew } = await bundles.learn(person, bytes)
      if (isNew) {
        await fetchPhotos(bundle, peer)
        events.emit('changed', { bundle })
      }
      return { v: 1, type: 'kept', cid: bundle.cid }
    } catch (error) {
      if ((error as Error).name !== 'StaleProfileError') throw error
      return held(person)
    }
  }
  const held = (person: Did): ProfileFrame => {
    const kept = bundles.get(person)
    return kept === undefined ? { v: 1, type: 'kept', cid: null } : { v: 1, type: 'newer', bundle: kept.bytes.slice() }
  }
  const checkDevice = async (person: Did, device: Did, card: Uint8Array | null): Promise<void> => {
    const isServed = serves().includes(person)
    if (card !== null && isServed) {
      const { list } = await decodeContactCard(card)
      // A device that was added since we last heard of the person brings the list that names it.
      if (list.person === person) await people.learnCard(card)
    }
    const list = isServed ? await people.list(person) : undefined
    if (list === undefined || !rolesOf(list, device, clock.now()).includes('endpoint')) throw new NotAllowedError(`${device} is no endpoint device of anybody answered for here`)
  }
  /** Without them the profile is good all the same: whoever wants a photo asks the device. */
  const fetchPhotos = async ({ photos, person }: ProfileBundle, peer: string): Promise<void> => {
    for (const cid of photos) {
      await withTimeout(network.blocks.get(cid, { from: [{ peer, addresses: [] }], signal: stopping.signal }), 'A photo', PHOTO_TIMEOUT_MS, clock, { signal: stopping.signal })
        .catch((error: unknown) => { logger.warn('the photo of a profile could not be fetched', { person, error }) })
    }
  }
  const respond = async (stream: FrameStream): Promise<ProfileFrame> => {
    const request = await receiveFrame({ stream, clock }, { signal: stopping.signal })
    if (request.type === 'ask') return await answer(stream.peer, request)
    if (request.type === 'put') return await take(stream.peer, request)
    throw unexpected(request)
  }

  const unhandle = await network.handle(PROFILE_PROTOCOL, async stream => {
    const frame = await respond(stream).catch((error: unknown) => {
      if ((error as Error).name !== 'UnknownProfileError') logger.warn('a profile exchange was refused', { peer: stream.peer, error })
      return refusalFrame(error as Error)
    })
    await withTimeout(stream.send(profileFrameCodec.encode(frame)), 'Answering a stream', FAREWELL_TIMEOUT_MS, clock).catch((error: unknown) => { stream.abort(error as Error) })
    await stream.close()
  }, { maxFrameBytes: MAX_PROFILE_FRAME_BYTES, maxStreamsPerPeer: MAX_STREAMS_PER_PEER })

  return {
    on: events.on,
    bundles,
    async stop () {
      if (stopping.signal.aborted) return
      stopping.abort(new StoppedError('The profile server'))
      await unhandle()
    }
  }
}
