import { cidSchema, createCodec, type CancelTimer, type CID, type Clock, type Logger, type Store } from '@parley/core'
import type { Conversations, Mailbox, Sync } from '@parley/conversations'
import type { Did, People } from '@parley/identity'
import { MAILBOX_KINDS, devicesWith } from 'parley'
import type { Policing } from './policing.ts'
import * as z from 'zod/mini'

export interface ForwardingComponents {
  store: Store
  people: People
  conversations: Conversations
  sync: Sync
  mailbox: Mailbox
  policing: Pick<Policing, 'admitsConversation'>
  clock: Clock
  logger: Logger
}

/**
 * Passes on what grows: to the devices of the people served by their
 * mailboxes, and to the proxies of the other participants by sync, again and
 * again until each has it.
 */
export interface Forwarding {
  stop(): Promise<void>
}

const PREFIX = '/proxy/forward/'
const FIRST_RETRY_MS = 1000
const LAST_RETRY_MS = 5 * 60_000
/** Actions come in batches; one look serves all of a batch. */
const SETTLE_MS = 20

const codec = createCodec('forward mark', z.strictObject({ v: z.literal(1), conversation: cidSchema }), { maxBytes: 128 })

export async function openForwarding ({ store, people, conversations, sync, mailbox, policing, clock, logger }: ForwardingComponents, { self, served }: { self: Did, served: () => Did[] }): Promise<Forwarding> {
  const stopping = new AbortController()
  const timers = new Map<string, CancelTimer>()
  const underWay = new Set<Promise<void>>()

  const markKey = (id: CID): string => `${PREFIX}${id.toString()}`

  const schedule = (id: CID, delayMs: number, retryMs: number): void => {
    const key = id.toString()
    if (stopping.signal.aborted || (timers.has(key) && delayMs > SETTLE_MS)) return
    timers.get(key)?.()
    timers.set(key, clock.setTimer(() => {
      timers.delete(key)
      const work = forward(id, retryMs)
      underWay.add(work)
      void work.finally(() => underWay.delete(work))
    }, delayMs))
  }

  const forward = async (id: CID, retryMs: number): Promise<void> => {
    try {
      const access = await conversations.holder(id).access()
      const others = access.filter(person => !served().includes(person))
      const results = await Promise.all(others.map(async person => await tell(person, id, access)))
      if (results.every(Boolean)) await store.commit([{ type: 'delete', key: markKey(id) }])
      else schedule(id, retryMs, Math.min(LAST_RETRY_MS, retryMs * 2))
    } catch (error) {
      logger.warn('a conversation could not be passed on', { conversation: id.toString(), error })
      schedule(id, retryMs, Math.min(LAST_RETRY_MS, retryMs * 2))
    }
  }

  /** True when a proxy of the person has it, when there is none that could ever be tried, or when they are blocked. */
  const tell = async (person: Did, id: CID, access: Did[]): Promise<boolean> => {
    const answer = await policing.admitsConversation({ conversation: id, persons: [person], access, held: true, blocks: 0, sizeBytes: 0 })
    if (!answer.ok) return true
    const proxies = (await devicesWith(people, person, 'proxy', clock.now())).filter(({ device, addresses }) => device !== self && addresses.length > 0)
    for (const proxy of proxies) {
      const failure = await sync.sync(id, proxy, { signal: stopping.signal }).then(() => undefined, (error: unknown) => error)
      if (failure === undefined) return true
      logger.debug('a proxy could not be given a conversation', { proxy: proxy.device, error: failure })
    }
    return proxies.length === 0
  }

  const waiting = new Set<string>()
  const offAcknowledged = mailbox.on('acknowledged', ({ person }) => {
    for (const key of waiting) if (key.startsWith(`${person} `)) waiting.delete(key)
  })

  const announce = async (id: CID, author: Did): Promise<void> => {
    const access = new Set(await conversations.holder(id).access())
    for (const person of served()) {
      // One item wakes whoever comes; the next is wanted once a device has taken this one.
      const key = `${person} ${id.toString()}`
      if (!access.has(person) || waiting.has(key)) continue
      waiting.add(key)
      const changes = await mailbox.put(person, { kind: MAILBOX_KINDS.conversation, conversation: id, payload: new Uint8Array(0), from: author })
      // Nothing is told of somebody who is blocked; their words in a group come with those of others.
      if (changes.length === 0) {
        waiting.delete(key)
        continue
      }
      await store.commit(changes, { durable: true })
      await mailbox.announce(person)
    }
    logger.debug('a conversation grew', { conversation: id.toString(), by: author })
  }

  // One item and one round of syncs for each batch, not for each action.
  const grown = new Map<string, { id: CID, author: Did }>()
  let cancelSettle: CancelTimer | undefined
  const settle = (): void => {
    cancelSettle = undefined
    for (const { id, author } of grown.values()) {
      const work = announce(id, author).catch((error: unknown) => { logger.warn('a device could not be told', { error }) })
      underWay.add(work)
      void work.finally(() => underWay.delete(work))
      schedule(id, 0, FIRST_RETRY_MS)
    }
    grown.clear()
  }
  const off = conversations.on('action', ({ conversation, action }) => {
    const key = conversation.toString()
    if (!grown.has(key)) {
      const mark = store.commit([{ type: 'put', key: markKey(conversation), value: codec.encode({ v: 1, conversation }) }])
      mark.catch((error: unknown) => { logger.warn('a conversation could not be marked to be passed on', { error }) })
    }
    grown.set(key, { id: conversation, author: action.person })
    cancelSettle ??= clock.setTimer(settle, SETTLE_MS)
  })

  for await (const { value } of store.entries(PREFIX)) schedule(codec.decode(value).conversation, 0, FIRST_RETRY_MS)
  return {
    async stop () {
      off()
      offAcknowledged()
      cancelSettle?.()
      stopping.abort()
      for (const cancel of timers.values()) cancel()
      timers.clear()
      await Promise.allSettled(underWay)
    }
  }
}
