import { withTimeout, type Clock, type Logger, type RandomBytes, type Store } from '@parley/core'
import { UnknownPersonError, type Conversations, type Home } from '@parley/conversations'
import { createContacts, decodeContactCard, type Contact, type Contacts, type DeviceKeys, type Did, type People, type PolicySettings } from '@parley/identity'
import type { Network } from '@parley/network'
import { createHomeContactBook } from './home-contact-book.ts'
import type { LogNotes } from './library/log-notes.ts'
import { devicesWith } from './routes.ts'
import { createAdmission, createPolicyClient, createRequests, openConversationBook, type Admission, type ConversationBook, type PolicyClient, type Requests } from './policy/index.ts'

export interface AcquaintancesComponents {
  store: Store
  network: Network
  people: People
  conversations: Conversations
  /** The notes of the store that `conversations` has. */
  notes: LogNotes
  home: Home
  keys: DeviceKeys
  clock: Clock
  random: RandomBytes
  logger: Logger
  /** Tells whether somebody is our person, by a former key too. */
  isOwn(person: Did): boolean
}

/** How long the end of a device waits for its proxies to take the policy. */
const HAND_OVER_MS = 3000

/** Whom a person knows, and what of others may come in. */
export interface Acquaintances {
  contacts: Contacts
  policy: PolicyClient
  admission: Admission
  book: Pick<ConversationBook, 'frontier'>
  requests: Requests
  /** Resolves once the policy says what the contacts say. */
  inStep(): Promise<void>
  /** Returns whom the person has written with. */
  correspondents(): Promise<Did[]>
  stop(): Promise<void>
}

/**
 * Opens contacts, policy and requests of `person` and keeps them in step: the
 * contacts are the truth about who is known and who is blocked, the policy is
 * how the proxies hear of it.
 */
export async function openAcquaintances (components: AcquaintancesComponents, person: Did): Promise<Acquaintances> {
  const { people, conversations, notes, home, clock } = components
  const logger = components.logger.child('acquaintances')
  const stopping = new AbortController()
  const { signal } = stopping
  const contacts = await createContacts({ ...components, book: createHomeContactBook({ home, logger }) })
  const policy = await createPolicyClient(components, { person })
  const book = await openConversationBook({ conversations, people, notes, logger }, () => [person])
  const admission = createAdmission({ policies: policy.policies, book, conversations, clock }, { persons: () => [person] })
  const requests = await createRequests({ ...components, policy, admission, book, addContact }, { person })
  let working: Promise<unknown> = Promise.resolve()
  // Proxies that do not have the newest policy, as far as this process knows.
  let isDue = false

  /** A request comes with the card of whoever made it. */
  async function addContact (did: Did, name: string | undefined): Promise<void> {
    const bytes = await people.card(did)
    if (bytes === undefined) throw new UnknownPersonError(did)
    await contacts.add({ card: await decodeContactCard(bytes), name, expect: did })
  }
  const inTurn = (what: string, work: () => Promise<unknown>): void => {
    working = working.then(work).catch((error: unknown) => { if (!signal.aborted) logger.warn(what, { error }) })
  }
  const keepInStep = async (): Promise<void> => {
    const all: Contact[] = []
    for await (const contact of contacts.list({ status: ['active', 'blocked'] })) all.push(contact)
    const known = standing(all, 'active')
    const blocked = standing(all, 'blocked')
    await policy.change(settings => inStep(settings, known, blocked))
  }

  const handOver = async (): Promise<void> => {
    const proxies = await devicesWith(people, person, 'proxy', clock.now())
    await Promise.all(proxies.filter(({ addresses }) => addresses.length > 0).map(async proxy => {
      await withTimeout(policy.exchange(proxy), 'Handing over the policy', HAND_OVER_MS, clock).catch((error: unknown) => { logger.info('a proxy gets the policy another time', { proxy: proxy.device, error }) })
    }))
  }

  policy.on('changed', () => { isDue = true }, { signal })
  policy.on('handed', () => { isDue = false }, { signal })
  // Proxies limit nobody for a person who has not said anything.
  await policy.ensure()
  contacts.on('changed', () => { inTurn('the policy could not be brought in step with the contacts', keepInStep) }, { signal })

  return {
    contacts,
    policy,
    admission,
    book,
    requests: {
      ...requests,
      async decline (did, options = {}) {
        // A block is a contact's; the policy follows.
        if (options.block === true) await contacts.block(did)
        await requests.decline(did, options)
      }
    },
    async inStep () { await working },
    async correspondents () {
      await book.settled()
      return book.correspondents(person)
    },
    async stop () {
      if (signal.aborted) return
      await working
      // A command that blocks somebody is over before a proxy would have been connected by itself.
      if (isDue) await handOver()
      stopping.abort()
      await requests.stop()
      await book.stop()
      await policy.stop()
      await contacts.stop()
    }
  }
}

/** Returns the persons of these contacts, in order. Groups, teams and aliases are no persons. */
function standing (contacts: Contact[], status: Contact['status']): Did[] {
  return contacts.filter(contact => contact.status === status && (contact.type === 'person' || contact.type === 'bot' || contact.type === 'shared')).map(({ did }) => did).sort()
}

function inStep (settings: PolicySettings, contacts: Did[], blocked: Did[]): PolicySettings {
  if (isSame(settings.contacts, contacts) && isSame(settings.blocked, blocked)) return settings
  const known = new Set([...contacts, ...blocked])
  return { ...settings, contacts, blocked, declined: settings.declined.filter(did => !known.has(did)) }
}

function isSame (listed: readonly Did[], sorted: readonly Did[]): boolean {
  return listed.length === sorted.length && [...listed].sort().every((did, index) => did === sorted[index])
}
