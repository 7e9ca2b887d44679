import { createEmitter, type Clock, type Logger, type RandomBytes, type Store } from '@parley/core'
import { createConversations, createMailbox, createSync, createWindows } from '@parley/conversations'
import { createContactCard, createPeople, didFromPeerId, type ContactCard, type DeviceKeys, type Did } from '@parley/identity'
import type { Network } from '@parley/network'
import { createPresence, createSignalling } from '@parley/signalling'
import { CARD_LIFETIME_MS, createLogStore, createPreKeyHolder, createProfileServer, devicesWith, dropRevoked, openCallJournal, serveCards, toRecord } from 'parley'
import { toString } from 'uint8arrays'
import { nameOf, openCallDesk } from './call-desk.ts'
import { NotServedError } from './errors.ts'
import { openFileKeeping, type FileLimits } from './file-keeping.ts'
import { openForwarding } from './forwarding.ts'
import { openKeeping } from './keeping.ts'
import { openListNews } from './list-news.ts'
import { openPolicing } from './policing.ts'
import type { SenderQuotaInit } from '@parley/voice'
import { createOwnership } from './ownership.ts'
import { createStatus } from './status.ts'
import type { Proxy, ProxyEvents } from './types.ts'

export interface ProxyComponents {
  store: Store
  /** Made with `keys.seed`; its owner stops it. */
  network: Network
  keys: DeviceKeys
  clock: Clock
  random: RandomBytes
  logger: Logger
}

export interface ProxyInit {
  /** Name of this proxy on its person's device list. */
  name: string
  platform: string
  /** How long a caller whose link broke may come back. @default 30000 */
  graceMs?: number
  /** What one sender may leave in a day. @default 1 GiB, 2000 messages and conversations */
  quota?: SenderQuotaInit | undefined
  /** What is kept of files. */
  files?: FileLimits | undefined
}

/** Composes a proxy from its parts. Calls that a kill interrupted go on when their caller comes back in time, and end once otherwise. */
export async function createProxy (components: ProxyComponents, { name, platform, graceMs, quota, files }: ProxyInit): Promise<Proxy> {
  const { store, network, keys, clock, random, logger } = components
  const events = createEmitter<ProxyEvents>(logger)
  const people = createPeople({ store, logger })
  const ownership = await createOwnership({ ...components, people, events }, { name, platform })
  const { served } = ownership
  const { owed, notes, store: logStore } = createLogStore(store)
  const conversations = await createConversations({ store: logStore, people, clock, random, logger })
  const policing = await openPolicing({ store, network, people, conversations, notes, clock, logger }, { served, quota })
  const sync = await createSync({ network, conversations, people, device: keys, clock, logger }, { serves: served, admits: policing.admitsConversation })
  const mailbox = await createMailbox({ network, store, people, clock, random, logger }, { serves: served, admits: policing.admitsItem })
  const journal = await openCallJournal({ store, clock }, '/proxy/calls/')
  const keeper = await openKeeping({ ...components, people, conversations, mailbox, journal, policing, events }, { served, graceMs })
  // What the keeper still holds open may go on; every other call that has no end gets it now.
  const alive = new Set(keeper.active().map(({ context }) => toString(context, 'hex')))
  for (const { call } of journal.open()) {
    if (!alive.has(call)) await journal.step(call, { type: 'orphaned', reason: 'the proxy was restarted' })
  }
  const signalling = await createSignalling({ network, people, device: keys, person: served, clock, random, logger, store }, { role: 'proxy', admits: policing.admitsCall })
  for (const type of ['served', 'left'] as const) events.on(type, () => { signalling.refresh() })
  const desk = openCallDesk({ signalling, people, network, journal, admission: policing.admission, clock, logger, events })
  const forwarding = openForwarding({ store, network, people, conversations, sync, owed, mailbox, policing, clock, random, logger }, { self: keys.did, served })
  const fileKeeping = await openFileKeeping({ store, network, people, conversations, sync, policing, clock, random, logger }, { served, limits: files })
  events.on('left', () => { void fileKeeping.sweep().catch(() => {}) })
  const windows = await createWindows({ network, conversations, people, device: keys, clock, logger }, { serves: served, admits: policing.admitsConversation })
  const preKeys = await createPreKeyHolder({ store, network, people, clock, logger }, {
    serves: served,
    // Strangers whom nobody wants to hear need no keys to write to them.
    mayTake: (asker, person) => policing.takesFrom(person, asker)
  })
  const listNews = openListNews({ store, people, mailbox, policing, logger }, { served })
  const presence = await createPresence({ network, people, device: keys, person: served, clock, random, logger }, { role: 'proxy', maySee: (asker, of) => policing.admission.standing(of, asker) === 'contact' })
  for (const type of ['served', 'left'] as const) events.on(type, () => { presence.refresh() })
  const profiles = await createProfileServer({ store, network, people, clock, logger }, { serves: served })
  const card = async (person: Did): Promise<ContactCard> => {
    const list = await people.list(person)
    if (list === undefined || !served().includes(person)) throw new NotServedError(person)
    const others = (await devicesWith(people, person, 'proxy', clock.now())).filter(({ device, addresses }) => device !== keys.did && addresses.length > 0)
    const routes = [{ device: keys.did, addresses: network.addresses() }, ...others.map(({ device, addresses }) => ({ device, addresses }))]
    return await createContactCard(keys.signer, { list, routes, issued: clock.now(), expires: clock.now() + CARD_LIFETIME_MS })
  }
  const stopCards = await serveCards({ network, people, clock, logger }, {
    async cardOf (person) {
      // Whoever asks may just have said by their own card that somebody is served from now on.
      await ownership.settled()
      return served().includes(person) ? (await card(person)).bytes : undefined
    }
  })
  const stopDropping = dropRevoked({ people, network, clock, logger })
  const status = createStatus({ network, people, conversations, keeper, mailbox, clock }, { keys, name, ownership })

  return {
    on: events.on.bind(events),
    device: keys.did,
    claim: async () => await ownership.claim(),
    served,
    async servesPeer (peer) {
      const persons = await people.personsOf(didFromPeerId(peer))
      return persons.some(person => served().includes(person))
    },
    card,
    status,
    async * calls (options) {
      for await (const call of journal.all(options)) yield toRecord(call, await nameOf(people, call.from))
    },
    async stop () {
      desk.stop()
      stopDropping()
      await stopCards()
      await presence.stop()
      await profiles.stop()
      await signalling.stop()
      await keeper.stop()
      await fileKeeping.stop()
      await windows.stop()
      await forwarding.stop()
      await listNews.stop()
      await preKeys.stop()
      await mailbox.stop()
      await sync.stop()
      await policing.stop()
      await ownership.stop()
      await conversations.stop()
    }
  }
}

