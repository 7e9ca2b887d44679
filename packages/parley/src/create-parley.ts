import { createEmitter, type CID, type Clock, type Logger, type RandomBytes, type Store } from '@parley/core'
import { createConversations, createSync, UnknownPersonError, type Conversation } from '@parley/conversations'
import { createContacts, createPeople, parseContactUrl, type ContactCard, type DeviceKeys, type DeviceList, type Did, type Signer } from '@parley/identity'
import type { Network } from '@parley/network'
import { createSignalling } from '@parley/signalling'
import { fromString } from 'uint8arrays'
import { addProxy } from './add-proxy.ts'
import { openCallJournal } from './call-record/journal.ts'
import { openCaptures } from './captures.ts'
import { createCourier } from './courier.ts'
import { createHandler } from './handle-item.ts'
import { createInbox } from './inbox.ts'
import { nameOf } from './names.ts'
import { openMessageNumbers } from './numbers.ts'
import { createOutbox } from './outbox.ts'
import { makeOwnCard } from './own-card.ts'
import { createOwnProxies } from './own-proxies.ts'
import type { CallOptions, Parley, ParleyEvents, SpokenAudio, VoiceCall } from './types.ts'
import { startVoiceCall, type OwnVoiceCall } from './voice-call.ts'
import { createWatch } from './watch.ts'
import { keepBringing } from './keep-bringing.ts'

export interface ParleyComponents {
  store: Store
  /** Made with `keys.seed`; its owner stops it. */
  network: Network
  keys: DeviceKeys
  /** Our device list, at least as new as when this device was added. */
  list: DeviceList
  /** The person's own key, on a device that may change the device list. */
  personSigner?: Signer | undefined
  clock: Clock
  random: RandomBytes
  logger: Logger
  /** Keeps a changed device list beside the keys, so that a copy of them alone never goes back to an older one. */
  keepList?: ((bytes: Uint8Array) => Promise<void>) | undefined
}

export interface ParleyInit {
  /** Stays connected to our proxies and tells what they report. @default false */
  follow?: boolean
}

/** Composes a person's device from its parts and recovers what a kill interrupted. */
export async function createParley (components: ParleyComponents, { follow = false }: ParleyInit = {}): Promise<Parley> {
  const { store, network, keys, list, personSigner, clock, random, logger } = components
  const { person } = list
  const events = createEmitter<ParleyEvents>(logger)
  const people = createPeople({ store, logger })
  await people.learnList(list.bytes)
  const card = async (): Promise<ContactCard> => await makeOwnCard({ people, keys, network, clock }, person)
  // What we hand to others on a sync is what is known of ourselves here, so it has to be there from the start.
  await people.learnCard((await card()).bytes)
  const contacts = createContacts({ store, people })
  const conversations = await createConversations({ store, people, clock, random, logger, device: keys, person })
  const sync = await createSync({ network, conversations, people, device: keys, person, clock, logger })
  const outbox = createOutbox({ store })
  const journal = await openCallJournal({ store, clock }, '/parley/calls/')
  const courier = createCourier({ store, network, device: keys, people, conversations, sync, outbox, clock, random, logger }, person)
  await courier.recover()
  for (const { call } of journal.open()) await journal.step(call, { type: 'orphaned', reason: 'this device was interrupted' })
  const numbers = await openMessageNumbers(store)
  const captures = await openCaptures(store)
  const inbox = createInbox({ store, network, people, contacts, conversations, captures, numbers, clock, logger }, person)
  const watch = createWatch({ conversations, contacts, people, inbox, events, logger }, person)
  for await (const id of conversations.ids()) await watch.know(id)
  conversations.on('action', ({ conversation, local }) => { if (!local) void watch.look(conversation) })
  const ownProxies = createOwnProxies({ store, network, people, sync, clock, random, logger, person, handle: createHandler({ sync, captures, conversations, inbox, watch, logger, person }) })
  ownProxies.on('proxy', proxy => { events.emit('proxy', proxy) })
  const signalling = await createSignalling({ network, people, device: keys, person, clock, random, logger, store })
  signalling.on('offer', offer => {
    offer.reach('ringing')
    void nameOf({ contacts, people }, offer.from).then(fromName => { events.emit('offer', { call: offer.call, from: offer.from, fromName }) })
  })
  if (follow) ownProxies.follow()
  const bringing = follow ? keepBringing({ courier, clock, logger }) : undefined

  const speakTo = async (to: Did, conversation: Conversation, audio: SpokenAudio, { listenFirstMs = 3000, signal }: CallOptions): Promise<VoiceCall> => {
    const callComponents = {
      store, device: keys, clock, random, logger, courier, outbox, journal,
      offer: async (callee: Did, id: CID) => signalling.offer({ to: callee, conversation: id, card: (await card()).bytes })
    }
    const call = await startVoiceCall(callComponents, { from: person, to, conversation, audio, listenFirstMs, signal })
    calls.add(call)
    void call.ended.then(async () => {
      calls.delete(call)
      await spread(call.conversation)
    })
    return call
  }
  const calls = new Set<OwnVoiceCall>()
  const spreading = new Set<Promise<void>>()
  const spread = async (id: CID): Promise<void> => {
    const work = courier.spread(id).catch((error: unknown) => { logger.warn('a conversation could not be spread', { error }) })
    spreading.add(work)
    await work.finally(() => spreading.delete(work))
  }
  const didOf = async (who: string): Promise<Did> => {
    if (who.startsWith('did:') && await people.list(who) !== undefined) return who
    return (await contacts.find(who)).did
  }

  return {
    on: events.on.bind(events),
    person,
    device: keys.did,
    people,
    contacts,
    conversations,
    card,
    nameOf: async did => await nameOf({ contacts, people }, did),
    async deviceList () {
      return await people.list(person) ?? list
    },
    async addContact (cardUrl, { name } = {}) {
      return await contacts.add({ card: await parseContactUrl(cardUrl), name, now: clock.now() })
    },
    async addProxy (claim, { signal } = {}) {
      const proxy = await addProxy({ network, people, clock, personSigner, card, keepList: async bytes => { await components.keepList?.(bytes) } }, person, claim, { signal })
      await people.learnCard((await card()).bytes)
      if (follow) ownProxies.follow()
      return proxy
    },
    proxies: async () => await ownProxies.list(),
    async call (to, audio, options = {}) {
      const did = await didOf(to)
      if (await people.list(did) === undefined) throw new UnknownPersonError(did)
      const conversation = options.conversation === undefined
        ? await conversations.findWith([person, did]) ?? await conversations.create({ subject: options.subject ?? '', participants: [did] }, { durable: true })
        : await conversations.open(options.conversation)
      return await speakTo(did, conversation, audio, options)
    },
    async reply (n, audio, options = {}) {
      const entry = await inbox.entry(n)
      return await speakTo(entry.from, await conversations.open(entry.conversation), audio, options)
    },
    inbox: async () => await inbox.list(),
    entry: async n => await inbox.entry(n),
    listen: (n, options) => inbox.listen(n, options),
    async markPlayed (n, { positionMs, done }) {
      const entry = await inbox.entry(n)
      const conversation = await conversations.open(entry.conversation)
      await conversation.append({ verb: 'played', thing: 'message', message: fromString(entry.message, 'hex'), positionMs: Math.round(positionMs), done }, { durable: true })
      await spread(entry.conversation)
    },
    async sync (options = {}) {
      const [own, others] = [await ownProxies.sync(options), await courier.flush(options)]
      return { reached: [...own.reached, ...others.reached], unreachable: [...own.unreachable, ...others.unreachable] }
    },
    async stop () {
      bringing?.stop()
      for (const call of calls) call.abandon()
      await Promise.allSettled([...calls].map(async ({ ended }) => await ended))
      await Promise.allSettled(spreading)
      await signalling.stop()
      await ownProxies.stop()
      await sync.stop()
      await conversations.stop()
    }
  }
}
