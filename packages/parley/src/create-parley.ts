import { createEmitter, type AbortOptions, type CID, type Clock, type Logger, type RandomBytes, type Store } from '@parley/core'
import { createConversations, createDelivery, createFiles, createSync, createWindows, removeFilesWith, UnknownPersonError, type Opener } from '@parley/conversations'
import { createPeople, parseContactUrl, type ContactCard, type DeviceKeys, type DeviceList, type Did, type Signer } from '@parley/identity'
import type { Network } from '@parley/network'
import { createPresence, createSignalling, type Platform } from '@parley/signalling'
import { fromString } from 'uint8arrays'
import { openAcquaintances } from './acquaintances.ts'
import { addProxy } from './add-proxy.ts'
import { openAttachments } from './attachments/open-attachments.ts'
import { openCallJournal } from './call-record/journal.ts'
import { openCaptures } from './captures.ts'
import { fetchCard, serveCards } from './card-exchange.ts'
import { createBusyState } from './busy-state.ts'
import { createCardNews } from './card-news.ts'
import { createCourier } from './courier.ts'
import { createDiagnosis } from './diagnosis.ts'
import { dropRevoked } from './drop-revoked.ts'
import { createHandler } from './handle-item.ts'
import { createInbox } from './inbox.ts'
import { keepBringing } from './keep-bringing.ts'
import { createProxyMove } from './move-proxy.ts'
import { nameOf } from './names.ts'
import { openMessageNumbers } from './numbers.ts'
import { createOutbox } from './outbox.ts'
import { makeOwnCard } from './own-card.ts'
import { createOwnDevices } from './own-devices.ts'
import { createOwnList } from './own-list.ts'
import { createOwnProxies } from './own-proxies.ts'
import { createPreKeyClient } from './pre-keys/index.ts'
import { createProfiles } from './profiles/create-profiles.ts'
import { createSpokenCalls } from './spoken-calls.ts'
import { keepHome } from './keep-home.ts'
import { createAskWindow } from './library/ask-window.ts'
import { createLogStore } from './library/log-store.ts'
import { openLibrary } from './library/open-library.ts'
import { createContactMoves, newestOf } from './rotation/contact-moves.ts'
import { heirOf } from './rotation/begin-succession.ts'
import { openFormers } from './rotation/formers.ts'
import { inheritProfile } from './rotation/inherit-profile.ts'
import { mergeReports } from './sync-report.ts'
import type { Parley, ParleyEvents } from './types.ts'
import type { DeviceRoute } from './routes.ts'
import { createToldMarks } from './told-marks.ts'
import { createWatch } from './watch.ts'

export interface ParleyComponents {
  store: Store
  /** Made with `keys.seed`; its owner stops it. */
  network: Network
  keys: DeviceKeys
  /** Our device list, at least as new as when this device was added. */
  list: DeviceList
  /** The person's own key, where this device has it. */
  personSigner?: Signer | undefined
  /** What else opens the keys of the home log: the recovery key, while a person is being restored. */
  openers?: Opener[] | undefined
  clock: Clock
  random: RandomBytes
  logger: Logger
  /** Keeps a changed device list beside the keys, so that a copy of them alone never goes back to an older one. */
  keepList?: ((bytes: Uint8Array) => Promise<void>) | undefined
}

export interface ParleyInit {
  /** Stays connected to our proxies and tells what they report. @default false */
  follow?: boolean
  /** What this device runs on, as contacts see it. @default 'desktop' */
  platform?: Platform
  /**
   * Files of people we know, up to this many bytes, are taken when they are
   * brought, where our person has no proxy that would keep them; larger ones
   * are fetched when they are asked for.
   *
   * @default 16777216
   */
  maxTakenFileBytes?: number
}

/** Composes a person's device from its parts and recovers what a kill interrupted. */
export async function createParley (components: ParleyComponents, { follow = false, platform = 'desktop', maxTakenFileBytes = 16 * 1024 * 1024 }: ParleyInit = {}): Promise<Parley> {
  const { store, network, keys, list, personSigner, openers, clock, random, logger } = components
  const { person } = list
  const events = createEmitter<ParleyEvents>(logger)
  const people = createPeople({ store, logger })
  await people.learnList(list.bytes)
  const card = async (): Promise<ContactCard> => await makeOwnCard({ people, keys, network, clock }, person)
  // What we hand to others on a sync is what is known of ourselves here, so it has to be there from the start.
  await people.learnCard((await card()).bytes)
  const ownList = createOwnList({ people, keys, personSigner, clock, random, logger, keepList: async bytes => { await components.keepList?.(bytes) } }, person)
  const preKeys = await createPreKeyClient({ store, network, people, keys, clock, random, logger }, { person })
  const { owed, growth, notes, store: logStore } = createLogStore(store)
  const conversations = await createConversations({ store: logStore, people, clock, random, logger, device: keys, person, openers, preKeys, removeLinked: removeFilesWith(createFiles({ store, clock, random, logger })) })
  const home = await conversations.home()
  const formers = await openFormers({ store, network, people, home, keys, clock, logger }, person)
  const acquaintances = await openAcquaintances({ store, network, people, conversations, notes, home, keys, clock, random, logger, isOwn: formers.isOwn }, person)
  const { contacts, policy, admission, book, requests } = acquaintances
  const sync = await createSync({ network, conversations, people, device: keys, person, clock, logger }, { serves: formers.persons, admits: admission.conversation })
  sync.on('listed', ({ changed, unchanged }) => { events.emit('syncing', { changed, unchanged }) })
  sync.on('current', ({ conversation }) => { events.emit('synced', { conversation }) })
  const outbox = createOutbox({ store })
  const journal = await openCallJournal({ store, clock }, '/parley/calls/')
  const delivery = createDelivery({ store, network, people, conversations, sync, owed, clock, random, logger }, {
    self: keys.did,
    own: () => [...new Set([person, ...formers.persons()])],
    duty: 'own',
    admits: async (_conversation, other) => !requests.isBlocked(other),
    active: follow
  })
  delivery.on('delivery', report => { events.emit('delivery', report) })
  const courier = createCourier({ store, network, device: keys, people, conversations, sync, outbox, delivery, clock, random, logger }, person)
  await courier.recover()
  for (const { call } of journal.open()) await journal.step(call, { type: 'orphaned', reason: 'this device was interrupted' })
  const numbers = await openMessageNumbers(store)
  const captures = await openCaptures(store)
  const attachments = await openAttachments({ store, network, people, conversations, sync, admission, card, clock, random, logger }, { person, isOwn: formers.isOwn, isBlocked: requests.isBlocked, maxTakenBytes: maxTakenFileBytes, follow })
  const library = await openLibrary({ store, conversations, book, growth, home, people, contacts, keys, clock, random, logger }, person)
  const windows = await createWindows({ network, conversations, people, device: keys, person, clock, logger }, { serves: formers.persons, admits: admission.conversation })
  const inbox = createInbox({ store, network, people, contacts, conversations, captures, requests, numbers, clock, logger, isOwn: formers.isOwn }, person)
  const told = createToldMarks({ store, random, logger, storageKey: keys.storageKey })
  const watch = createWatch({ conversations, contacts, people, inbox, told, events, logger, isOwn: formers.isOwn })
  conversations.on('action', ({ conversation, local, home }) => { if (!local && !home) void watch.look(conversation) })
  conversations.on('unlocked', ({ conversation }) => { void watch.look(conversation) })
  /** Proxies that served an old key serve the new one once they heard of both. */
  const introduce = async (proxy: DeviceRoute, options: AbortOptions): Promise<void> => {
    const cards = await formers.cards()
    if (cards.length === 0) return
    await news.introduce(proxy, person, options)
    for (const hand of [policy.exchange, profiles.hand, preKeys.supply]) await hand(proxy, options).catch((error: unknown) => { logger.info('a proxy gets what is new another time', { proxy: proxy.device, error }) })
  }
  const ownProxies = createOwnProxies({ store, network, people, sync, clock, random, logger, person, handle: createHandler({ sync, captures, conversations, inbox, watch, people, logger, isOwn: formers.isOwn }), formers: formers.persons, introduce })
  ownProxies.on('proxy', proxy => { events.emit('proxy', proxy) })
  const signalling = await createSignalling({ network, people, device: keys, person, clock, random, logger, store }, { admits: async from => await requests.rings(from) })
  signalling.on('offer', offer => {
    offer.reach('ringing')
    void nameOf({ contacts, people }, offer.from).then(fromName => { events.emit('offer', { call: offer.call, from: offer.from, fromName }) })
  })
  const presence = await createPresence({ network, people, device: keys, person, clock, random, logger }, { role: 'endpoint', platform, maySee: asker => contacts.isContact(asker) })
  const setBusy = createBusyState(presence)
  const profiles = await createProfiles({ store, network, people, contacts, keys, clock, random, logger, correspondents: acquaintances.correspondents }, { person })
  const calls = createSpokenCalls({
    store, device: keys, clock, random, logger, courier, outbox, journal,
    offer: async (callee: Did, id: CID) => signalling.offer({ to: callee, conversation: id, card: (await card()).bytes }),
    onCount (count) { if (follow) setBusy(count > 0) }
  }, person)
  const news = createCardNews({ store, network, people, card, formerCards: formers.cards, clock, logger })
  await formers.tell(news, contacts)
  await inheritProfile({ store, people, keys, clock, logger }, profiles, formers.persons())
  const moves = createContactMoves({ network, people, contacts, person, clock, logger })
  moves.on('moved', moved => { events.emit('moved', moved) })
  const stopCards = await serveCards({ network, people, clock, logger }, { cardOf: async did => did === person ? (await card()).bytes : undefined })
  const stopDropping = dropRevoked({ people, network, clock, logger })
  const keepingHome = keepHome({ home, ownList, keys, people, contacts, news, calls, card, clock, logger }, { follow })
  contacts.on('changed', () => { presence.refresh() })
  presence.on('changed', ({ reachability }) => { for (const device of reachability.from) delivery.appeared(device) })
  // Told once: whoever opened this device opens it again, as a device of the new key.
  let isSucceeded = false
  people.on('changed', () => {
    void heirNow().then(heir => {
      if (heir === undefined || isSucceeded) return
      isSucceeded = true
      events.emit('succeeded', { person: heir.person })
    }).catch((error: unknown) => { logger.warn('the device list could not be read', { error }) })
  })
  requests.on('request', request => { events.emit('request', request) })
  let revoking: Promise<void> = Promise.resolve()
  ownList.on('changed', ({ list, local }) => {
    events.emit('devices', { list, local })
    if (local) revoking = revoking.then(async () => { await formers.revoke(list) }).catch((error: unknown) => { logger.warn('a device could not be revoked under a former key', { error }) })
  })
  const devices = createOwnDevices({ network, keys, ownList, home, card, spread: async () => { await calls.spread(home.id) }, clock, random, logger })
  if (follow) {
    ownProxies.follow()
    presence.set({ availability: 'can-ring' })
  }
  const bringing = follow ? keepBringing({ courier, clock, logger }) : undefined

  const heirNow = async (): Promise<DeviceList | undefined> => await heirOf(people, keys, await people.list(person) ?? list, clock.now())
  const takeProxy: Parley['addProxy'] = async (claim, { signal } = {}) => {
    const proxy = await addProxy({ network, people, ownList, clock, card }, claim, { signal })
    if (follow) ownProxies.follow()
    await keepingHome.ready()
    await calls.spread(home.id)
    return proxy
  }
  const didOf = async (who: string): Promise<Did> => {
    if (who.startsWith('did:') && await people.list(who) !== undefined) return await newestOf(people, who)
    return await newestOf(people, (await contacts.find(who)).did)
  }

  return {
    on: events.on.bind(events),
    person,
    device: keys.did,
    people,
    contacts,
    conversations,
    home,
    devices,
    policy,
    requests,
    presence,
    profiles,
    delivery,
    list: library.list,
    marks: library.marks,
    readNotices: library.readNotices,
    drafts: library.drafts,
    texts: library.texts,
    search: library.search,
    window: createAskWindow({ network, people, conversations, windows, clock, logger }, person),
    attach: attachments.attach,
    openFile: attachments.open,
    saveFile: attachments.save,
    unfinishedFiles: attachments.unfinished,
    diagnosis: createDiagnosis({ store, network, sync, home, clock }),
    card,
    nameOf: async did => await nameOf({ contacts, people }, did),
    async deviceList () {
      return await people.list(person) ?? list
    },
    fetchCard: async (target, did, options) => await fetchCard({ network, clock }, target, did, options),
    heir: async () => (await heirNow())?.person,
    async setName (name) { await ownList.change({ name }) },
    async addContact (cardUrl, { name, expect } = {}) {
      const contact = await contacts.add({ card: await parseContactUrl(cardUrl), name, expect, now: clock.now() })
      await acquaintances.inStep()
      return contact
    },
    addProxy: takeProxy,
    proxies: async () => await ownProxies.list(),
    moveProxy: createProxyMove({ store, network, people, conversations, contacts, sync, ownList, ownProxies, policy, profiles, news, home, keys, card, addProxy: takeProxy, spread: calls.spread, correspondents: acquaintances.correspondents, clock, logger }),
    async call (to, audio, options = {}) {
      const did = await didOf(to)
      if (await people.list(did) === undefined) throw new UnknownPersonError(did)
      const conversation = options.conversation === undefined
        ? await conversations.findWith([person, did]) ?? await conversations.create({ subject: options.subject ?? '', participants: [did] }, { durable: true })
        : await conversations.open(options.conversation)
      return await calls.speakTo(did, conversation, audio, options)
    },
    async reply (n, audio, options = {}) {
      const entry = await inbox.entry(n)
      return await calls.speakTo(entry.from, await conversations.open(entry.conversation), audio, options)
    },
    inbox: async () => await inbox.list(),
    entry: async n => await inbox.entry(n),
    async fetch (n, options) {
      const entry = await inbox.entry(n)
      const state = await (await conversations.open(entry.conversation)).state()
      const message = state.messages.find(({ id }) => id === entry.message)
      if (message !== undefined) await inbox.fetch(state, message, options)
    },
    listen: (n, options) => inbox.listen(n, options),
    async markPlayed (n, { positionMs, done }) {
      const entry = await inbox.entry(n)
      // Whatever we write to a stranger tells them that we are there, and makes them somebody we wrote to.
      if (entry.request) return
      const conversation = await conversations.open(entry.conversation)
      await conversation.append({ verb: 'played', thing: 'message', message: fromString(entry.message, 'hex'), positionMs: Math.round(positionMs), done }, { durable: true })
      await calls.spread(entry.conversation)
    },
    async sync (options = {}) {
      await library.readNotices.flush(options)
      const [own, others] = [await ownProxies.sync(options), await courier.flush(options)]
      const files = await attachments.flush(options)
      await keepingHome.ready()
      await news.flush(options)
      await moves.flush(options)
      return mergeReports([own, others, files])
    },
    async stop () {
      bringing?.stop()
      await calls.stop()
      await keepingHome.stop()
      await presence.stop()
      await profiles.stop()
      await signalling.stop()
      await ownProxies.stop()
      stopDropping()
      await stopCards()
      await moves.stop()
      await revoking
      await formers.stop()
      await attachments.stop()
      await library.stop()
      await windows.stop()
      await delivery.stop()
      await acquaintances.stop()
      await sync.stop()
      await ownList.stop()
      await conversations.stop()
      await preKeys.stop()
    }
  }
}
