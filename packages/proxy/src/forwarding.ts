import type { CancelTimer, CID, Clock, Logger, RandomBytes, Store } from '@parley/core'
import { createDelivery, readersOf, type Conversations, type Delivery, type Mailbox, type OwedMarks, type Sync } from '@parley/conversations'
import type { Did, People } from '@parley/identity'
import type { Network } from '@parley/network'
import { MAILBOX_KINDS } from 'parley'
import type { Policing } from './policing.ts'

export interface ForwardingComponents {
  store: Store
  network: Network
  people: People
  conversations: Conversations
  sync: Sync
  owed: OwedMarks
  mailbox: Mailbox
  policing: Pick<Policing, 'admitsConversation'>
  clock: Clock
  random: RandomBytes
  logger: Logger
}

/**
 * Passes on what grows: to the devices of the people served by their
 * mailboxes, and to everybody else in the conversation, and to other proxies
 * of the people served, as a delivery.
 */
export interface Forwarding {
  readonly delivery: Delivery
  stop(): Promise<void>
}

/** Actions come in batches; one item serves all of a batch. */
const SETTLE_MS = 20

export function openForwarding (components: ForwardingComponents, { self, served }: { self: Did, served: () => Did[] }): Forwarding {
  const { store, conversations, mailbox, policing, clock, logger } = components
  const underWay = new Set<Promise<void>>()
  const delivery = createDelivery(components, {
    self,
    own: served,
    duty: 'all',
    async admits (conversation, person, access) {
      return (await policing.admitsConversation({ conversation, persons: [person], access: [...access], held: true, blocks: 0, sizeBytes: 0 })).ok
    }
  })

  const waiting = new Set<string>()
  const toldOut = new Set<string>()
  const offAcknowledged = mailbox.on('acknowledged', ({ person }) => {
    for (const key of waiting) if (key.startsWith(`${person} `)) waiting.delete(key)
  })

  const announce = async (id: CID, author: Did): Promise<void> => {
    const holder = conversations.holder(id)
    const readers = new Set(await readersOf(holder, served()))
    for (const { did } of await holder.former()) {
      const key = `${did} ${id.toString()}`
      // Told once of being put out, after which nothing more is for them.
      if (!toldOut.has(key)) readers.add(did)
      toldOut.add(key)
    }
    for (const did of await holder.access()) toldOut.delete(`${did} ${id.toString()}`)
    for (const person of served()) {
      // One item wakes whoever comes; the next is wanted once a device has taken this one.
      const key = `${person} ${id.toString()}`
      if (!readers.has(person) || waiting.has(key)) continue
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

  // One item for each batch, not for each action.
  const grown = new Map<string, { id: CID, author: Did }>()
  let cancelSettle: CancelTimer | undefined
  const settle = (): void => {
    cancelSettle = undefined
    for (const { id, author } of grown.values()) {
      const work = announce(id, author).catch((error: unknown) => { logger.warn('a device could not be told', { error }) })
      underWay.add(work)
      void work.finally(() => underWay.delete(work))
    }
    grown.clear()
  }
  const off = conversations.on('action', ({ conversation, action }) => {
    grown.set(conversation.toString(), { id: conversation, author: action.person })
    cancelSettle ??= clock.setTimer(settle, SETTLE_MS)
  })

  return {
    delivery,
    async stop () {
      off()
      offAcknowledged()
      cancelSettle?.()
      await delivery.stop()
      await Promise.allSettled(underWay)
    }
  }
}
