import { createEmitter, type Clock, type Logger, type RandomBytes, type Store } from '@parley/core'
import { createConversations, createMailbox, createSync } from '@parley/conversations'
import { createContactCard, createPeople, didFromPeerId, type DeviceKeys, type Did } from '@parley/identity'
import type { Network } from '@parley/network'
import { createSignalling } from '@parley/signalling'
import { CARD_LIFETIME_MS, devicesWith, openCallJournal, toRecord } from 'parley'
import { toString } from 'uint8arrays'
import { nameOf, openCallDesk } from './call-desk.ts'
import { NotServedError } from './errors.ts'
import { openForwarding } from './forwarding.ts'
import { openKeeping } from './keeping.ts'
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
}

/** Composes a proxy from its parts. Calls that a kill interrupted go on when their caller comes back in time, and end once otherwise. */
export async function createProxy (components: ProxyComponents, { name, platform, graceMs }: ProxyInit): Promise<Proxy> {
  const { store, network, keys, clock, random, logger } = components
  const events = createEmitter<ProxyEvents>(logger)
  const people = createPeople({ store, logger })
  const ownership = await createOwnership({ ...components, people, events }, { name, platform })
  const { served } = ownership
  const conversations = await createConversations({ store, people, clock, random, logger })
  const sync = await createSync({ network, conversations, people, device: keys, clock, logger }, { serves: served })
  const mailbox = await createMailbox({ network, store, people, clock, random, logger }, { serves: served })
  const journal = await openCallJournal({ store, clock }, '/proxy/calls/')
  const keeper = await openKeeping({ ...components, people, conversations, mailbox, journal, events }, { served, graceMs })
  // What the keeper still holds open may go on; every other call that has no end gets it now.
  const alive = new Set(keeper.active().map(({ context }) => toString(context, 'hex')))
  for (const { call } of journal.open()) {
    if (!alive.has(call)) await journal.step(call, { type: 'orphaned', reason: 'the proxy was restarted' })
  }
  const signalling = await createSignalling({ network, people, device: keys, person: served, clock, random, logger, store }, { role: 'proxy' })
  events.on('served', () => { signalling.refresh() })
  const desk = openCallDesk({ signalling, people, network, journal, clock, logger, events })
  const forwarding = await openForwarding({ store, people, conversations, sync, mailbox, clock, logger }, { self: keys.did, served })
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
    async card (person: Did) {
      const list = await people.list(person)
      if (list === undefined || !served().includes(person)) throw new NotServedError(person)
      const others = (await devicesWith(people, person, 'proxy', clock.now())).filter(({ device, addresses }) => device !== keys.did && addresses.length > 0)
      const routes = [{ device: keys.did, addresses: network.addresses() }, ...others.map(({ device, addresses }) => ({ device, addresses }))]
      return await createContactCard(keys.signer, { list, routes, issued: clock.now(), expires: clock.now() + CARD_LIFETIME_MS })
    },
    status,
    async * calls (options) {
      for await (const call of journal.all(options)) yield toRecord(call, await nameOf(people, call.from))
    },
    async stop () {
      desk.stop()
      await signalling.stop()
      await keeper.stop()
      await forwarding.stop()
      await mailbox.stop()
      await sync.stop()
      await ownership.stop()
      await conversations.stop()
    }
  }
}

