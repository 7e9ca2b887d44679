import { InvalidArgumentError, createCodec, withTimeout, type AbortOptions, type Clock, type Logger, type Store } from '@parley/core'
import type { Conversations, Home, Sync } from '@parley/conversations'
import { parseClaimUrl, peerIdFromDid, rolesOf, type Claim, type Contacts, type DeviceKeys, type DeviceList, type DeviceRecord, type Did, type People } from '@parley/identity'
import type { Network } from '@parley/network'
import * as z from 'zod/mini'
import { fetchCard } from './card-exchange.ts'
import type { CardNews } from './card-news.ts'
import { CardUnavailableError, NotAdminError, NotMovedError, UnknownOwnDeviceError } from './errors.ts'
import { createMoveVoices, type Unfound } from './move-voices.ts'
import type { OwnList } from './own-list.ts'
import type { OwnProxies } from './own-proxies.ts'
import type { PolicyClient } from './policy/index.ts'
import type { Profiles } from './profiles/create-profiles.ts'
import { devicesWith, type DeviceRoute } from './routes.ts'
import type { OwnProxy } from './types.ts'

export type { Unfound } from './move-voices.ts'

/** How far a move is. `removing` begins when the new proxy has everything. */
export interface MoveProgress {
  step: 'adding' | 'conversations' | 'messages' | 'settings' | 'removing' | 'telling'
  done: number
  total: number
}

export interface MoveProxyOptions extends AbortOptions {
  /** The old proxy is gone for good: what this device does not have, and nobody else gives, is lost. @default false */
  lost?: boolean
  onProgress?: ((progress: MoveProgress) => void) | undefined
}

/** What a move came to. */
export interface MovedProxy {
  removed: Did
  proxy: Pick<OwnProxy, 'device' | 'name' | 'addresses'>
  /** Conversations and spoken messages that are at the new proxy; 0 when an earlier attempt brought them. */
  conversations: number
  messages: number
  unfound: Unfound[]
  /** Whether the old proxy heard that it is ours no longer. */
  oldKnows: boolean
  /** Who could not be told of the new address yet; they are tried again with every sync. */
  untold: Did[]
}

export interface ProxyMoveComponents {
  store: Store
  network: Network
  people: People
  conversations: Conversations
  contacts: Contacts
  sync: Sync
  ownList: OwnList
  ownProxies: Pick<OwnProxies, 'sync'>
  policy: Pick<PolicyClient, 'exchange'>
  profiles: Pick<Profiles, 'hand'>
  news: CardNews
  home: Home
  keys: DeviceKeys
  card(): Promise<{ bytes: Uint8Array }>
  addProxy(claimUrl: string, options: AbortOptions): Promise<OwnProxy>
  spread(conversation: Home['id']): Promise<void>
  correspondents(): Promise<Did[]>
  clock: Clock
  logger: Logger
}

/** Where a proxy was that is to hear of its end: the device list forgets its addresses with it. */
const PREFIX = '/parley/farewell/'
const farewellCodec = createCodec('farewell', z.strictObject({ v: z.literal(1), addresses: z.array(z.string()) }), { maxBytes: 16_384 })

const MAX_ROUNDS = 16
const TELL_MS = 20_000
const FAREWELL_MS = 5000

/** Creates what moves a person from one proxy to another; see `Parley.moveProxy`. */
export function createProxyMove (components: ProxyMoveComponents): (old: string, claimUrl: string, options?: MoveProxyOptions) => Promise<MovedProxy> {
  const { people, ownList, home, keys, clock, logger } = components

  return async (oldName, claimUrl, { lost = false, onProgress = () => {}, signal } = {}) => {
    const claim = await parseClaimUrl(claimUrl)
    const list = await ownList.current()
    const old = oldOf(list, oldName, claim.device)
    if (!await ownList.mayChange()) throw new NotAdminError()
    const tell = (step: MoveProgress['step'], done: number, total: number): void => {
      onProgress({ step, done, total })
      signal?.throwIfAborted()
    }
    tell('adding', 0, 1)
    await takeNew(components, list, { claim, claimUrl }, signal)
    const route = (await devicesWith(people, list.person, 'proxy', clock.now())).find(({ device }) => device === claim.device)
    if (route === undefined) throw new NotMovedError('the new proxy is not on the device list')
    const voices = createMoveVoices(components, { person: list.person, device: keys.did, keeper: route, old: lost ? undefined : await routeOf(components, list.person, old.device) })
    let conversations = 0
    if (old.revoked === undefined) {
      conversations = await bringAll(route)
      tell('removing', 0, 1)
      await remove()
    }
    tell('telling', 0, 1)
    await pushAll(components, route, signal)
    const oldKnows = lost ? false : await sayFarewell(components, list.person, old.device, signal)
    if (lost || oldKnows) await components.store.commit([{ type: 'delete', key: PREFIX + old.device }])
    const untold = await tellOthers(components, signal)
    onProgress({ step: 'telling', done: 1, total: 1 })
    logger.info('moved to another proxy', { from: old.device, to: claim.device, messages: voices.messages(), unfound: voices.unfound().length })
    return { removed: old.device, proxy: { device: claim.device, name: route.name, addresses: route.addresses }, conversations, messages: voices.messages(), unfound: voices.unfound(), oldKnows, untold }

    /** Gives the new proxy everything, again and again until nothing is new anywhere; returns how many conversations that are. */
    async function bringAll (keeper: DeviceRoute): Promise<number> {
      if (!lost) await components.ownProxies.sync({ signal })
      for (let round = 0; round < MAX_ROUNDS; round++) {
        tell('conversations', 0, 1)
        const fetched = lost ? 0 : await fetchAll(components, await routeOf(components, list.person, old.device), signal)
        // What is sealed is of no use to a device that has nothing else.
        if (!await components.conversations.keepKeys()) throw new NotMovedError('the keys of some conversations could not be put into the home log')
        // A keeper takes the messages that its log announces.
        const { moved, total } = await pushAll(components, keeper, signal)
        tell('conversations', total, total)
        const brought = await voices.bringAll({ signal, onProgress: (done, messages) => { tell('messages', done, messages) } })
        if (round > 0 && fetched + moved + brought === 0) {
          tell('settings', 0, 1)
          await handSettings(components, keeper, signal)
          return total
        }
      }
      throw new NotMovedError('something new comes all the time')
    }
    /** From here on the old proxy is ours no longer. Its address is noted first, since the list forgets it. */
    async function remove (): Promise<void> {
      const { addresses } = await routeOf(components, list.person, old.device)
      await components.store.commit([{ type: 'put', key: PREFIX + old.device, value: farewellCodec.encode({ v: 1, addresses }) }], { durable: true })
      await ownList.change({ revoke: [old.device] })
      await home.share({ durable: true })
      await people.learnCard((await components.card()).bytes)
      await components.spread(home.id)
    }
  }
}

/** Finds the proxy that is to be left, also when an earlier attempt took it off the list already. */
function oldOf (list: DeviceList, nameOrDid: string, next: Did): DeviceRecord {
  if (nameOrDid === next) throw new InvalidArgumentError('The new proxy is the old one')
  const wanted = nameOrDid.trim().toLowerCase()
  const proxies = list.devices.filter(({ device, roles }) => roles.includes('proxy') && device !== next)
  const byDid = proxies.filter(({ device }) => device === nameOrDid)
  const named = byDid.length > 0 ? byDid : proxies.filter(({ name }) => name.toLowerCase() === wanted)
  const present = named.filter(({ revoked }) => revoked === undefined)
  const [found, ...others] = present.length > 0 ? present : named
  if (found === undefined || others.length > 0) throw new UnknownOwnDeviceError(nameOrDid, others.length > 0)
  return found
}

async function routeOf ({ people, clock }: ProxyMoveComponents, person: Did, device: Did): Promise<DeviceRoute> {
  const known = (await devicesWith(people, person, 'proxy', clock.now())).find(route => route.device === device)
  return known ?? { device, name: '', peer: peerIdFromDid(device), addresses: [] }
}

/** Takes the new proxy, unless an earlier attempt did: its code is good once. */
async function takeNew (components: ProxyMoveComponents, list: DeviceList, { claim, claimUrl }: { claim: Claim, claimUrl: string }, signal: AbortSignal | undefined): Promise<void> {
  const { people, network, clock } = components
  if (rolesOf(list, claim.device, clock.now()).includes('proxy')) {
    const { peer, addresses } = await routeOf(components, list.person, claim.device)
    const target = { peer, addresses: [...new Set([...addresses, ...claim.addresses])] }
    const card = await fetchCard({ network, clock }, target, list.person, { signal }).catch((error: unknown) => {
      if ((error as Error).name === 'CardUnavailableError') return undefined
      throw error
    })
    if (card !== undefined) {
      await people.learnCard(card.bytes)
      return
    }
  }
  await components.addProxy(claimUrl, { signal })
}

/** Fetches what the old proxy has; returns how much was new. @throws {NotMovedError} */
async function fetchAll ({ sync }: ProxyMoveComponents, old: DeviceRoute, signal: AbortSignal | undefined): Promise<number> {
  const { outcomes } = await sync.syncAll(old, { signal }).catch((cause: unknown) => {
    signal?.throwIfAborted()
    throw new NotMovedError(`the old proxy ${old.name} cannot be asked (${(cause as Error).message}); when it is gone for good, say that it is lost`, { cause })
  })
  let fetched = 0
  for (const outcome of outcomes) {
    if (!outcome.ok) throw new NotMovedError(`a conversation could not be fetched from the old proxy: ${outcome.error.message}`, { cause: outcome.error })
    fetched += outcome.result.received
  }
  return fetched
}

/** Gives the new proxy what it lacks; returns how much that was. @throws {NotMovedError} */
async function pushAll ({ sync }: ProxyMoveComponents, keeper: DeviceRoute, signal: AbortSignal | undefined): Promise<{ moved: number, total: number }> {
  const { unchanged, outcomes } = await sync.syncAll(keeper, { signal })
  let moved = 0
  for (const outcome of outcomes) {
    if (!outcome.ok) throw new NotMovedError(`a conversation could not be brought: ${outcome.error.message}`, { cause: outcome.error })
    const { sent, received, refusedByPeer } = outcome.result
    if (refusedByPeer > 0) throw new NotMovedError(`the new proxy does not take ${refusedByPeer} actions of the conversation ${outcome.conversation.toString()}`)
    moved += sent + received
  }
  return { moved, total: unchanged + outcomes.length }
}

async function handSettings ({ policy, profiles }: ProxyMoveComponents, keeper: DeviceRoute, signal: AbortSignal | undefined): Promise<void> {
  await policy.exchange(keeper, { signal })
  await profiles.hand(keeper, { signal })
}

/** Tells the old proxy that it is ours no longer, so that it takes nothing for us any more; true once it knows. */
async function sayFarewell ({ store, network, clock, logger, card }: ProxyMoveComponents, person: Did, device: Did, signal: AbortSignal | undefined): Promise<boolean> {
  const noted = await store.get(PREFIX + device)
  if (noted === undefined) return true
  const target = { peer: peerIdFromDid(device), addresses: farewellCodec.decode(noted).addresses }
  try {
    await withTimeout(fetchCard({ network, clock }, target, person, { card: (await card()).bytes, signal }), 'Telling the old proxy', FAREWELL_MS, clock, { signal })
    return false
  } catch (error) {
    signal?.throwIfAborted()
    // A proxy that has heard of it has no card of ours to give any more.
    if (error instanceof CardUnavailableError && error.reason === 'unknown') return true
    logger.info('the old proxy could not be told that it is ours no longer', { device, error })
    return false
  }
}

/** Brings our new card to everybody we know; returns whom it did not reach. */
async function tellOthers ({ news, contacts, correspondents, clock, logger }: ProxyMoveComponents, signal: AbortSignal | undefined): Promise<Did[]> {
  const known = new Set(await correspondents())
  for await (const { did, type } of contacts.list()) if (type !== 'group' && type !== 'team' && type !== 'alias') known.add(did)
  await news.due(known)
  await withTimeout(news.flush({ signal }), 'Telling contacts', TELL_MS, clock, { signal }).catch((error: unknown) => {
    signal?.throwIfAborted()
    logger.info('not everybody could be told of the new proxy yet', { error })
  })
  return await news.waiting()
}
