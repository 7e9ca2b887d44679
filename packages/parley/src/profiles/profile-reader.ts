import { StoppedError, createEmitter, raceSignal, type AbortOptions, type Clock, type Emitter, type Logger, type Store } from '@parley/core'
import { UnknownPersonError } from '@parley/conversations'
import { TIERS, decodeContactCard, openPhoto, type DeviceKeys, type Did, type People, type Photo, type ProfileFields, type Tier } from '@parley/identity'
import type { Network } from '@parley/network'
import { devicesWith, type DeviceRoute } from '../routes.ts'
import { ProfileUnavailableError } from './errors.ts'
import { askProfile } from './exchange.ts'
import { createKeptProfiles, type KeptProfile } from './kept-profiles.ts'
import { takeAnswer } from './take-answer.ts'

/** What is known of somebody, as far as they let us know. */
export interface Profile {
  person: Did
  /** All tiers together; where two have a field, that of the narrower one. */
  fields: ProfileFields
  tiers: Partial<Record<Tier, ProfileFields>>
  fetchedAt: number
  /** When this copy wants to be fetched again. */
  validUntil: number
  /** True when that time is over: it could not be fetched since. */
  isStale: boolean
}

export interface ReadOptions extends AbortOptions {
  /** Whether to ask anew. @default 'if-stale' */
  refresh?: 'if-stale' | 'always' | 'never'
}

export interface ProfileReaderEvents extends Record<string, unknown> {
  /** What is known of somebody is another than before. */
  changed: { profile: Profile }
}

/** Reads the profiles of others and keeps copies. */
export interface ProfileReader extends Emitter<ProfileReaderEvents> {
  /**
   * Returns what is known of somebody: the copy while it is good, else what
   * their proxies and devices answer, else the last good copy, marked stale.
   * Undefined when they tell nothing. People who are blocked are not asked.
   *
   * @throws {UnknownPersonError} when nothing is known of the person, not even a device
   * @throws {ProfileUnavailableError} when there is no copy and nobody gave a good one
   */
  of(person: Did, options?: ReadOptions): Promise<Profile | undefined>
  /**
   * Returns somebody's photo, checked against what their profile says of it.
   *
   * @throws {InvalidPhotoError | UndecryptableError} when it is another picture
   * @throws {BlockNotFoundError} when nobody has it now
   */
  photo(person: Did, options?: AbortOptions): Promise<{ bytes: Uint8Array, mediaType: Photo['mediaType'] } | undefined>
  /** Erases the copy and the photo of somebody; for `erase` of the contacts. */
  forget(person: Did): Promise<void>
  /** Ends what is being asked and waits for it. */
  stop(): Promise<void>
}

export interface ProfileReaderComponents {
  store: Store
  network: Network
  people: People
  keys: DeviceKeys
  clock: Clock
  logger: Logger
  /** Tells whom not to ask. */
  contacts: { isBlocked(did: Did): boolean }
}

/** Creates the reader of this device. */
export function createProfileReader (components: ProfileReaderComponents): ProfileReader {
  const { store, network, people, keys, clock, contacts, logger } = components
  const events = createEmitter<ProfileReaderEvents>(logger)
  const kept = createKeptProfiles({ store, logger })
  const asking = new Map<Did, Promise<Profile | undefined>>()
  const stopping = new AbortController()

  const serversOf = async (person: Did): Promise<DeviceRoute[]> => {
    const routes = [...await devicesWith(people, person, 'proxy', clock.now()), ...await devicesWith(people, person, 'endpoint', clock.now())]
    const connected = new Set(network.peers().map(({ peer }) => peer))
    const reachable = routes.filter(({ device, peer, addresses }) => device !== keys.did && (addresses.length > 0 || connected.has(peer)))
    // Whoever is there already is asked first.
    return reachable.sort((a, b) => Number(connected.has(b.peer)) - Number(connected.has(a.peer)))
  }
  const learnCard = async (person: Did, card: Uint8Array | null): Promise<void> => {
    if (card === null || (await decodeContactCard(card)).list.person !== person) return
    await people.learnCard(card)
  }
  const askOne = async (person: Did, server: DeviceRoute, before: KeptProfile | undefined): Promise<Profile> => {
    const known = before?.tiers ?? {}
    const answer = await askProfile({ network, clock }, server, { person, have: Object.values(known) }, { signal: stopping.signal })
    // The list may name the device that signed the profile only since a short while.
    await learnCard(person, answer.card)
    const tiers = await takeAnswer(keys, answer, { person, known, list: await people.list(person), now: clock.now() })
    const after = { fetchedAt: clock.now(), tiers }
    await kept.put(person, after)
    const profile = profileOf(person, after, clock.now())
    if (TIERS.some(tier => tiers[tier]?.cid.toString() !== known[tier]?.cid.toString())) events.emit('changed', { profile })
    return profile
  }
  const ask = async (person: Did, before: KeptProfile | undefined): Promise<Profile | undefined> => {
    if (await people.list(person) === undefined) throw new UnknownPersonError(person)
    let hasNone = false
    let cause: unknown
    for (const server of await serversOf(person)) {
      try {
        return await askOne(person, server, before)
      } catch (error) {
        if ((error as { remoteName?: string }).remoteName === 'UnknownProfileError') {
          hasNone = true
          continue
        }
        cause = error
        logger.warn('a profile could not be fetched', { person, server: server.device, error })
      }
    }
    if (before !== undefined) return profileOf(person, before, clock.now())
    if (hasNone && cause === undefined) return undefined
    throw new ProfileUnavailableError(person, { cause })
  }

  const of = async (person: Did, { refresh = 'if-stale', signal }: ReadOptions = {}): Promise<Profile | undefined> => {
    const before = await kept.get(person)
    const profile = before === undefined ? undefined : profileOf(person, before, clock.now())
    const isWanted = refresh === 'always' || (refresh === 'if-stale' && profile?.isStale !== false)
    if (!isWanted || contacts.isBlocked(person)) return profile
    // Several who want the same profile share one question, which ends none of them with another's signal.
    const running = asking.get(person) ?? ask(person, before).finally(() => { asking.delete(person) })
    asking.set(person, running)
    return await raceSignal(running, signal)
  }

  return {
    on: events.on,
    of,
    async photo (person, { signal } = {}) {
      const photo = (await of(person, { signal }))?.fields.photo
      if (photo === undefined) return undefined
      const block = await network.blocks.get(photo.cid, { from: await serversOf(person), signal })
      try {
        return { bytes: openPhoto(photo, block), mediaType: photo.mediaType }
      } catch (error) {
        await store.blockstore.delete(photo.cid)
        throw error
      }
    },
    async forget (person) {
      const photos = Object.values((await kept.get(person))?.tiers ?? {}).flatMap(({ fields }) => fields.photo === undefined ? [] : [fields.photo.cid])
      for (const cid of photos) await store.blockstore.delete(cid)
      await kept.delete(person)
    },
    async stop () {
      stopping.abort(new StoppedError('The profile reader'))
      await Promise.allSettled(asking.values())
    }
  }
}

/** A copy is as good as the tier of it that is good for the shortest time. */
function profileOf (person: Did, { fetchedAt, tiers }: KeptProfile, now: number): Profile {
  const blocks = TIERS.flatMap(tier => tiers[tier] ?? [])
  const validUntil = fetchedAt + Math.min(...blocks.map(({ lifetimeMs }) => lifetimeMs))
  return {
    person,
    fields: Object.assign({}, ...blocks.map(({ fields }) => fields)) as ProfileFields,
    tiers: Object.fromEntries(blocks.map(({ tier, fields }) => [tier, fields])),
    fetchedAt,
    validUntil,
    // A clock that was set back must not make a copy good for ever.
    isStale: now >= validUntil || now < fetchedAt
  }
}
