import { StoppedError, createEmitter, createHybridClock, type AbortOptions, type Emitter, type Logger, type RandomBytes, type Store } from '@parley/core'
import {
  TIERS, answerFor, checkProfileAuthor, compareProfiles, createProfileBlock, createProfileBundle, isSealedTo, openSealedTiers, sealPhoto,
  type DeviceKeys, type DeviceList, type Did, type OpenedTiers, type Photo, type ProfileBlock, type ProfileBundle, type Tier
} from '@parley/identity'
import type { Network } from '@parley/network'
import { devicesWith, type DeviceRoute } from '../routes.ts'
import type { Bundles } from './bundle-store.ts'
import { entitledDevices, type EntitledComponents } from './entitled-devices.ts'
import { putProfile } from './exchange.ts'
import type { KnownTiers } from './take-answer.ts'
import { fieldsOf, photosOf, says, settingsOf, type ProfileSettings } from './tiered-fields.ts'

export interface OwnProfileEvents extends Record<string, unknown> {
  /** The person's own profile is another than before: changed here, or brought by another device. */
  mine: { settings: ProfileSettings }
  /** A proxy has the newest profile on its disk. */
  handed: { proxy: Did }
}

/** A device's hand on its person's profile. */
export interface OwnProfile extends Emitter<OwnProfileEvents> {
  /** Returns what the profile says, as far as this device can read it. */
  mine(): Promise<ProfileSettings>
  /**
   * Replaces the whole profile, durably, and hands it to the proxies that are
   * connected; the others get it when they connect.
   *
   * @throws {InvalidArgumentError | InvalidBytesError | OversizedBytesError} when a field cannot be
   */
  set(settings: ProfileSettings, options?: { lifetimeMs?: number }): Promise<void>
  /**
   * Keeps a picture for use as `photo` in `set`, for the same tier.
   *
   * @throws {InvalidPhotoError}
   */
  addPhoto(bytes: Uint8Array, tier: Tier): Promise<Photo>
  /** Seals the profile anew where those entitled to it are others than before; whoever is not any more cannot read what is said from then on. Returns whether that was so. */
  reseal(): Promise<boolean>
  /** Takes over a bundle that came another way, for example by the home log; an older one changes nothing. @throws what `Bundles.learn` throws but `StaleProfileError` */
  learn(bytes: Uint8Array): Promise<void>
  /** Returns the newest bundle, if there is one. */
  bundle(): ProfileBundle | undefined
  /** Hands the profile to one proxy, now. @throws what `putProfile` throws */
  hand(proxy: DeviceRoute, options?: AbortOptions): Promise<void>
  stop(): Promise<void>
}

export interface OwnProfileComponents extends EntitledComponents {
  store: Store
  network: Network
  keys: DeviceKeys
  bundles: Bundles
  random: RandomBytes
  logger: Logger
}

/** How often one exchange goes to and fro; other devices may hand over theirs meanwhile. */
const MAX_ROUNDS = 3

/** Opens the person's profile on this device; from then on every proxy of theirs that connects is given the newest. */
export function createOwnProfile (components: OwnProfileComponents, { person }: { person: Did }): OwnProfile {
  const { store, network, people, keys, clock, random, bundles, logger } = components
  const events = createEmitter<OwnProfileEvents>(logger)
  const stopping = new AbortController()
  const underWay = new Map<Did, Promise<void>>()
  let changing: Promise<unknown> = Promise.resolve()

  const open = async (bundle: ProfileBundle | undefined): Promise<{ keys: OpenedTiers['keys'], tiers: KnownTiers }> => {
    if (bundle === undefined) return { keys: {}, tiers: {} }
    const opened = await openSealedTiers(keys, person, answerFor(bundle, keys.did))
    return { keys: opened.keys, tiers: { ...opened.blocks, public: bundle.public } }
  }
  const mine = async (): Promise<ProfileSettings> => settingsOf((await open(bundles.get(person))).tiers)
  const nextVersion = (last: ProfileBundle | undefined): { wallMs: number, counter: number } => {
    const { wallMs, counter } = createHybridClock({ clock }, last === undefined ? {} : { last: { ...last.version, offsetMinutes: 0 } }).next()
    return { wallMs, counter }
  }
  const isGood = (signed: Pick<ProfileBlock, 'person' | 'author'>, list: DeviceList | undefined): boolean => {
    try {
      checkProfileAuthor(signed, list, clock.now())
      return true
    } catch {
      return false
    }
  }
  /** Makes a bundle that says this; a tier that said the same before keeps its block, so that nobody fetches it again. */
  const issue = async (fields: (tier: Tier) => ProfileBlock['fields'], known: KnownTiers, lifetimeMs?: number): Promise<void> => {
    const before = bundles.get(person)
    const version = nextVersion(before)
    const list = await people.list(person)
    const block = async (tier: Tier): Promise<ProfileBlock> => {
      const old = known[tier]
      if (says(old, fields(tier)) && (lifetimeMs === undefined || old.lifetimeMs === lifetimeMs) && isGood(old, list)) return old
      return await createProfileBlock(keys.signer, { person, tier, version, issued: clock.now(), lifetimeMs: lifetimeMs ?? old?.lifetimeMs, fields: fields(tier) })
    }
    const blocks = { public: await block('public'), correspondents: await block('correspondents'), contacts: await block('contacts') }
    const opened = await open(before)
    const bundle = await createProfileBundle({ signer: keys.signer, random }, {
      person, version, blocks, photos: photosOf(blocks),
      entitled: await entitledDevices(components, person),
      previous: before === undefined ? undefined : { copies: before.copies, keys: opened.keys }
    })
    await bundles.learn(person, bundle.bytes)
  }
  const reissue = async (tiers: KnownTiers): Promise<void> => { await issue(tier => tiers[tier]?.fields ?? {}, tiers) }
  const isReadable = (tiers: KnownTiers): tiers is Record<Tier, ProfileBlock> => TIERS.every(tier => tiers[tier] !== undefined)

  /** Takes over a newer bundle; what this device said later in one of the tiers is said again on top of it. */
  const adopt = async (bytes: Uint8Array): Promise<boolean> => {
    const ours = await open(bundles.get(person))
    const { isNew, bundle } = await bundles.learn(person, bytes)
    if (!isNew) return false
    const { tiers } = await open(bundle)
    const later = Object.fromEntries(TIERS.map(tier => [tier, laterOf(ours.tiers[tier], tiers[tier])])) as KnownTiers
    if (isReadable(tiers) && TIERS.some(tier => later[tier] !== tiers[tier])) await reissue(later)
    events.emit('mine', { settings: await mine() })
    return true
  }
  /** What a device signed that was revoked since is taken by nobody any more: it is signed anew. */
  const renew = async (): Promise<void> => {
    const bundle = bundles.get(person)
    const { tiers } = await open(bundle)
    if (bundle === undefined || !isReadable(tiers)) return
    const list = await people.list(person)
    if ([bundle, ...Object.values(tiers)].some(signed => !isGood(signed, list))) await reissue(tiers)
  }
  const reseal = async (): Promise<boolean> => {
    const bundle = bundles.get(person)
    const { tiers } = await open(bundle)
    // A device that cannot read a tier cannot seal it to anybody.
    if (bundle === undefined || !isReadable(tiers) || isSealedTo(bundle, await entitledDevices(components, person))) return false
    await reissue(tiers)
    return true
  }
  const inTurn = async <T> (work: () => Promise<T>): Promise<T> => {
    const done = changing.then(work)
    changing = done.catch(() => {})
    return await done
  }

  const exchange = async (proxy: DeviceRoute, signal: AbortSignal): Promise<void> => {
    await inTurn(renew)
    await inTurn(reseal)
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const bundle = bundles.get(person)
      const result = await putProfile({ network, clock }, proxy, { person, bundle, card: await people.card(person) }, { signal })
      if (result.type === 'kept') {
        if (bundle !== undefined) events.emit('handed', { proxy: proxy.device })
        return
      }
      // What it brought may have been merged into one that is newer still.
      await inTurn(async () => await adopt(result.bundle))
    }
  }
  /** One exchange with a proxy at a time; what changes meanwhile goes with the next. */
  const handInBackground = (proxy: DeviceRoute): void => {
    const before = underWay.get(proxy.device) ?? Promise.resolve()
    const work: Promise<void> = before.then(async () => {
      if (!stopping.signal.aborted) await exchange(proxy, stopping.signal)
    }).catch((error: unknown) => {
      if (!stopping.signal.aborted) logger.warn('a proxy could not be given the profile', { proxy: proxy.device, error })
    }).finally(() => { if (underWay.get(proxy.device) === work) underWay.delete(proxy.device) })
    underWay.set(proxy.device, work)
  }
  const handToConnected = (only?: string): void => {
    const connected = new Set(network.peers().map(({ peer }) => peer))
    void devicesWith(people, person, 'proxy', clock.now()).then(proxies => {
      for (const proxy of proxies) if (only === undefined ? connected.has(proxy.peer) : proxy.peer === only) handInBackground(proxy)
    }).catch((error: unknown) => { logger.warn('the proxies are not known', { error }) })
  }
  network.on('peer:connect', ({ peer }) => { handToConnected(peer) }, { signal: stopping.signal })

  return {
    on: events.on,
    mine,
    async set (settings, { lifetimeMs } = {}) {
      await inTurn(async () => { await issue(tier => fieldsOf(settings, tier), (await open(bundles.get(person))).tiers, lifetimeMs) })
      events.emit('mine', { settings: await mine() })
      handToConnected()
    },
    async addPhoto (bytes, tier) {
      const { photo, cid, block } = sealPhoto(bytes, { isPublic: tier === 'public', random })
      await store.commit([{ type: 'block', cid, bytes: block }], { durable: true })
      return photo
    },
    async reseal () {
      const changed = await inTurn(reseal)
      if (changed) handToConnected()
      return changed
    },
    async learn (bytes) {
      try {
        if (await inTurn(async () => await adopt(bytes))) handToConnected()
      } catch (error) {
        if ((error as Error).name !== 'StaleProfileError') throw error
      }
    },
    bundle: () => bundles.get(person),
    hand: async (proxy, { signal } = {}) => { await exchange(proxy, signal === undefined ? stopping.signal : AbortSignal.any([signal, stopping.signal])) },
    async stop () {
      if (stopping.signal.aborted) return
      stopping.abort(new StoppedError('The profile'))
      await Promise.allSettled([...underWay.values(), changing])
    }
  }
}

function laterOf (ours: ProfileBlock | undefined, theirs: ProfileBlock | undefined): ProfileBlock | undefined {
  if (ours === undefined || theirs === undefined) return theirs ?? ours
  return compareProfiles(ours, theirs) > 0 ? ours : theirs
}
