import { countSchema, createCodec, createEmitter, type CID, type Clock, type Emitter, type Logger, type Store } from '@parley/core'
import type { Conversations } from '@parley/conversations'
import type { Did, People } from '@parley/identity'
import * as z from 'zod/mini'
import type { Admission } from './admission.ts'
import type { ConversationBook } from './conversation-book.ts'
import type { PolicyClient } from './policy-client.ts'

/** What somebody who is no contact left, until our person accepts or declines it. */
export interface Request {
  person: Did
  /** What they call themselves; empty when they do not. Anybody can take any name. */
  name: string
  /** Milliseconds since 1970 when this device first saw it, by its own clock. */
  firstSeen: number
  conversations: CID[]
  messages: number
  /** Length of what was spoken, as far as the log tells. */
  seconds: number
}

/** First contacts, held apart from messages until they are answered. */
export interface Requests extends Emitter<{ request: Request }> {
  /** Oldest first. */
  list(): Promise<Request[]>
  /** Tells whether what a person says is a request: they are no contact, and our person never wrote to them. */
  isRequest(person: Did): boolean
  /** Tells whether a person is blocked: what they said stays in the log and is not shown. */
  isBlocked(person: Did): boolean
  /** Whether a call of somebody rings here. Of those who do not, no device says that it is there. */
  rings(from: Did): Promise<boolean>
  /** Makes the person a contact; limits end at our proxies with the policy that says so. */
  accept(person: Did, options?: { name?: string }): Promise<void>
  /** Turns the request down, and the person's further ones. `block` also hides from them that our person is there. */
  decline(person: Did, options?: { block?: boolean }): Promise<void>
  stop(): Promise<void>
}

export interface RequestsComponents {
  store: Store
  conversations: Conversations
  people: People
  policy: PolicyClient
  admission: Admission
  book: ConversationBook
  /** Adds an accepted person to the contacts. */
  addContact(person: Did, name: string | undefined): Promise<void>
  clock: Clock
  logger: Logger
  /** Tells whether somebody is our person, by a former key too. @default our person alone */
  isOwn?: ((person: Did) => boolean) | undefined
}

const PREFIX = '/parley/requests/'
const codec = createCodec('request mark', z.strictObject({ v: z.literal(1), at: countSchema() }), { maxBytes: 64 })

/** Opens the requests of a person on this device; what is there already is listed and not told of. */
export async function createRequests (components: RequestsComponents, { person: self }: { person: Did }): Promise<Requests> {
  const { store, conversations, people, policy, admission, book, clock, isOwn = did => did === self } = components
  const logger = components.logger.child('requests')
  const events = createEmitter<{ request: Request }>(logger)
  const seen = new Map<Did, number>()
  for await (const { key, value } of store.entries(PREFIX)) seen.set(key.slice(PREFIX.length), codec.decode(value).at)
  const told = new Map<Did, number>()
  let looking: Promise<void> = Promise.resolve()

  const isRequest = (person: Did): boolean => !isOwn(person) && admission.standing(self, person) === 'stranger'
  const firstSeen = async (person: Did): Promise<number> => {
    const known = seen.get(person)
    if (known !== undefined) return known
    const at = Math.floor(clock.now())
    seen.set(person, at)
    await store.commit([{ type: 'put', key: `${PREFIX}${person}`, value: codec.encode({ v: 1, at }) }])
    return at
  }
  const forget = async (person: Did): Promise<void> => {
    seen.delete(person)
    await store.commit([{ type: 'delete', key: `${PREFIX}${person}` }])
  }

  const list = async (): Promise<Request[]> => {
    await book.settled()
    const declined = new Set(policy.settings().declined)
    const found = new Map<Did, Request>()
    for (const { conversation } of book.unanswered(self)) {
      for (const { author, voice } of (await (await conversations.open(conversation)).state()).messages) {
        if (!isRequest(author) || declined.has(author)) continue
        const request = found.get(author) ?? { person: author, name: (await people.list(author))?.name ?? '', firstSeen: await firstSeen(author), conversations: [], messages: 0, seconds: 0 }
        found.set(author, request)
        if (!request.conversations.some(id => id.equals(conversation))) request.conversations.push(conversation)
        request.messages++
        request.seconds += (voice?.durationMs ?? 0) / 1000
      }
    }
    return [...found.values()].map(request => ({ ...request, seconds: Math.round(request.seconds) })).sort((a, b) => a.firstSeen - b.firstSeen)
  }
  /** Tells of those that have more messages than were told of. */
  const look = async (tell: boolean): Promise<void> => {
    for (const request of await list()) {
      if ((told.get(request.person) ?? 0) >= request.messages) continue
      told.set(request.person, request.messages)
      if (tell) events.emit('request', request)
    }
  }

  await look(false)
  let isDue = false
  const off = conversations.on('action', ({ local, action: { person } }) => {
    if (local || isDue || person === self) return
    // Actions come in batches; one look serves all of a batch.
    isDue = true
    looking = looking.then(async () => {
      isDue = false
      await look(true)
    }).catch((error: unknown) => { logger.warn('the requests could not be looked at', { error }) })
  })

  return {
    on: events.on,
    list,
    isRequest,
    isBlocked: person => admission.standing(self, person) === 'blocked',
    async rings (from) {
      await book.settled()
      const standing = admission.standing(self, from)
      return standing === 'contact' || standing === 'known' || (standing === 'stranger' && policy.settings().strangers === 'ring')
    },
    async accept (person, { name } = {}) {
      await components.addContact(person, name)
      await policy.change(settings => ({ ...settings, contacts: [...settings.contacts, person], declined: settings.declined.filter(did => did !== person) }))
      await forget(person)
    },
    async decline (person, { block = false } = {}) {
      await policy.change(settings => block
        ? { ...settings, blocked: [...settings.blocked, person], contacts: settings.contacts.filter(did => did !== person), declined: settings.declined.filter(did => did !== person) }
        : { ...settings, declined: [...settings.declined, person] })
      await forget(person)
    },
    async stop () {
      off()
      await looking
    }
  }
}
