import { createEmitter, type CancelTimer, type CID, type Clock, type Logger, type RandomBytes, type Store } from '@parley/core'
import { didFromPeerId, didFromPublicKey, publicKeyFromDid, type Did, type People } from '@parley/identity'
import type { Network } from '@parley/network'
import { UnknownConversationError } from '../errors.ts'
import { keyName } from '../format/key-name.ts'
import type { Sync } from '../sync/index.ts'
import type { Conversations } from '../types.ts'
import { UnknownActionError } from '../window/errors.ts'
import { hasAction, readAction, readersOf } from './action-facts.ts'
import { createAttemptSlots } from './attempt-slots.ts'
import { openConversationDelivery, type ConversationDelivery } from './conversation-delivery.ts'
import { ActionsRefusedError } from './errors.ts'
import { coversAll, positionOf } from './frontiers.ts'
import { DELIVERY_POLICY, MAX_ATTEMPTS, MAX_ATTEMPTS_PER_PEER, SAVE_MS, SETTLE_MS } from './limits.ts'
import type { OwedMarks } from './owed-marks.ts'
import { personReport, reportOf } from './standing.ts'
import type { DeliveryPolicy } from './target-machine.ts'
import type { Delivery, DeliveryEvents, DeliveryRecord, DeliveryTarget, TargetReport } from './types.ts'

export interface DeliveryComponents {
  store: Store
  network: Network
  people: People
  /** Made with the store of `owed`. */
  conversations: Conversations
  sync: Sync
  owed: OwedMarks
  clock: Clock
  random: RandomBytes
  logger: Logger
}

export interface DeliveryInit {
  /** This device. */
  self: Did
  /** For whom this node stands: the person of a device with their former keys, or those whom a proxy serves. */
  own: () => readonly Did[]
  /**
   * `own`: this device brings what it said itself. `all`: this proxy passes on
   * everything that grows, to all but the devices of those it serves, which
   * come for it.
   */
  duty: 'own' | 'all'
  /** Whether somebody in a conversation is brought it; who is not never appears among the targets. @default everybody */
  admits?: ((conversation: CID, person: Did, access: readonly Did[]) => Promise<boolean>) | undefined
  /** Acts by itself: when something is stored, when its time comes and when somebody appears. Else only `bring` and `flush` do anything. @default true */
  active?: boolean | undefined
  policy?: DeliveryPolicy | undefined
}

interface Open {
  readonly id: CID
  readonly delivery: Promise<ConversationDelivery>
  /** What was told last, by target. */
  readonly told: Map<string, string>
  queue: Promise<unknown>
  queued: number
}

/** Begins to bring conversations to whoever should have them; what was owed when the process ended is brought now. */
export function createDelivery (components: DeliveryComponents, init: DeliveryInit): Delivery {
  const { store, network, people, conversations, sync, owed, clock } = components
  const { self, own, duty, admits = async () => true, active = true, policy = DELIVERY_POLICY } = init
  const logger = components.logger.child('delivery')
  const events = createEmitter<DeliveryEvents>(logger)
  const stopping = new AbortController()
  const slots = createAttemptSlots({ atOnce: MAX_ATTEMPTS, perKey: MAX_ATTEMPTS_PER_PEER })
  const opened = new Map<string, Open>()
  const background = new Set<Promise<void>>()
  const grown = new Map<string, { id: CID, fresh: boolean }>()
  let cancelSettle: CancelTimer | undefined
  let cancelSave: CancelTimer | undefined

  const open = (id: CID): Open => {
    const name = id.toString()
    const known = opened.get(name)
    if (known !== undefined) return known
    const entry: Open = { id, delivery: begin(id), told: new Map(), queue: Promise.resolve(), queued: 0 }
    opened.set(name, entry)
    return entry
  }
  const begin = async (id: CID): Promise<ConversationDelivery> => await openConversationDelivery({ ...components, logger }, {
    id,
    holder: conversations.holder(id),
    self,
    author: duty === 'own' ? keyName(publicKeyFromDid(self)) : undefined,
    own,
    fetching: () => duty === 'all' ? own() : [],
    admits: async (person, access) => await admits(id, person, access),
    policy,
    active,
    send: async route => {
      await slots.run(route.peer, async () => {
        stopping.signal.throwIfAborted()
        const { refusedByPeer } = await sync.sync(id, route, { signal: stopping.signal })
        if (refusedByPeer > 0) throw new ActionsRefusedError(refusedByPeer)
      })
    },
    within: async work => { await within(id, work) },
    onChange: target => { if (!stopping.signal.aborted) run('a change could not be told', async () => { await within(id, async delivery => { tell(id, delivery, target) }) }) }
  })
  /** Does `work` when nothing else is done with the conversation, and closes it when nothing is left to do. */
  async function within<T> (id: CID, work: (delivery: ConversationDelivery) => Promise<T>): Promise<T> {
    const entry = open(id)
    entry.queued++
    const done = entry.queue.then(async () => await work(await entry.delivery))
    entry.queue = done.catch(() => {})
    try {
      return await done
    } finally {
      entry.queued--
      await settle(entry)
    }
  }
  const settle = async (entry: Open): Promise<void> => {
    const delivery = await entry.delivery.catch(() => undefined)
    if (delivery === undefined) opened.delete(entry.id.toString())
    else if (delivery.isBusy) saveSoon()
    else if (entry.queued === 0 && !delivery.isOwing) opened.delete(entry.id.toString())
  }
  const saveSoon = (): void => {
    if (!active || stopping.signal.aborted) return
    cancelSave ??= clock.setTimer(() => {
      cancelSave = undefined
      run('how far others are could not be written', saveAll)
    }, SAVE_MS)
  }
  const saveAll = async (): Promise<void> => {
    for (const { id } of [...opened.values()]) await within(id, async delivery => { await delivery.save() })
  }
  const run = (what: string, work: () => Promise<void>): void => {
    const done = work().catch((error: unknown) => { if (!stopping.signal.aborted) logger.warn(what, { error }) }).finally(() => background.delete(done))
    background.add(done)
  }

  const factsOf = (delivery: ConversationDelivery, target: DeliveryTarget, has: boolean, handed: boolean): Parameters<typeof reportOf>[0] => {
    return { target, state: delivery.kept(target.did).state, has, handed }
  }
  const standing = (delivery: ConversationDelivery, target: DeliveryTarget): TargetReport => {
    const has = coversAll(delivery.kept(target.did).position, delivery.position)
    return reportOf(factsOf(delivery, target, has, coversAll(delivery.handed(target.did), delivery.position)), false)
  }
  const tell = (id: CID, delivery: ConversationDelivery, target: DeliveryTarget): void => {
    const report = standing(delivery, target)
    const key = `${target.person} ${target.did}`
    const told = opened.get(id.toString())?.told
    const value = `${report.state} ${report.attempts} ${report.nextAttempt ?? ''}`
    if (told === undefined || told.get(key) === value) return
    told.set(key, value)
    events.emit('delivery', { ...report, conversation: id })
  }

  const settleGrown = (): void => {
    cancelSettle = undefined
    for (const { id, fresh } of grown.values()) run('a conversation could not be looked at', async () => { await within(id, async delivery => { await delivery.look({ fresh }) }) })
    grown.clear()
  }
  const noteGrown = (id: CID, fresh: boolean): void => {
    if (!active) return
    const name = id.toString()
    grown.set(name, { id, fresh: fresh || grown.get(name)?.fresh === true })
    cancelSettle ??= clock.setTimer(settleGrown, SETTLE_MS)
  }
  const appeared: Delivery['appeared'] = did => {
    if (!active || stopping.signal.aborted) return
    for (const { id } of opened.values()) {
      run('somebody who is back could not be brought what waits', async () => {
        await within(id, async delivery => {
          const isMeant = ({ did: device, person }: DeliveryTarget): boolean => device === did || person === did
          if (!delivery.audience.persons.includes(did) && !delivery.audience.targets.some(({ target }) => isMeant(target))) return
          await delivery.look()
          delivery.appeared(isMeant, false)
        })
      })
    }
  }
  const bring: Delivery['bring'] = async (id, { signal } = {}) => {
    signal?.throwIfAborted()
    const delivery = await within(id, async delivery => {
      await delivery.look({ all: true })
      delivery.appeared(target => delivery.kept(target.did).state.phase !== 'away', true)
      return delivery
    })
    await delivery.attempts()
    await within(id, async open => {
      await open.look()
      await open.save()
    })
  }
  const flush: Delivery['flush'] = async ({ signal } = {}) => {
    const waiting: CID[] = []
    for await (const id of owed.all()) waiting.push(id)
    const rest = waiting.values()
    const worker = async (): Promise<void> => {
      for (const id of rest) await bring(id, { signal })
    }
    await Promise.all(Array.from({ length: MAX_ATTEMPTS }, worker))
  }

  const offs = [
    sync.on('position', ({ conversation, peer, kind, frontier }) => {
      run('what a peer has could not be noted', async () => {
        await within(conversation, async delivery => { delivery.place(didFromPeerId(peer), kind, positionOf(frontier)) })
        noteGrown(conversation, false)
      })
    }),
    ...active
      ? [
          owed.watch(id => { noteGrown(id, false) }),
          conversations.on('action', ({ conversation, local }) => { noteGrown(conversation, local || duty === 'all') }),
          conversations.on('purged', ({ conversation }) => {
            const name = conversation.toString()
            void opened.get(name)?.delivery.then(delivery => { delivery.stop() }, () => {})
            opened.delete(name)
            grown.delete(name)
          }),
          network.on('peer:connect', ({ peer }) => { appeared(didFromPeerId(peer)) }),
          people.on('changed', ({ person }) => { appeared(person) })
        ]
      : []
  ]
  if (active) run('what is owed could not be read', async () => { for await (const id of owed.all()) noteGrown(id, false) })

  return {
    on: events.on,
    async records (id, cid) {
      const action = await readAction(store, id, cid)
      if (!await conversations.holder(id).exists()) throw new UnknownConversationError(id)
      if (action === undefined) throw new UnknownActionError(cid)
      // Who keeps what it cannot read does not know who read it.
      const readers = duty === 'all' ? new Map<Did, number>() : await readersOf(store, await (await conversations.open(id)).state(), action)
      return await within(id, async delivery => {
        await delivery.look()
        const records: DeliveryRecord[] = []
        const author = didFromPublicKey(action.author)
        for (const person of delivery.audience.persons) {
          const readAt = readers.get(person)
          const theirs: TargetReport[] = []
          for (const { target } of delivery.audience.targets.filter(({ target }) => target.person === person)) {
            const has = target.did === author || await hasAction(store, id, delivery.kept(target.did).position, action)
            const handed = !has && await hasAction(store, id, delivery.handed(target.did), action)
            theirs.push(reportOf(factsOf(delivery, target, has, handed), readAt !== undefined))
          }
          const all = theirs.length === 0 && own().includes(person) ? [] : [personReport(person, theirs, readAt !== undefined), ...theirs]
          for (const report of all) records.push({ ...report, conversation: id, action: cid, ...(readAt === undefined ? {} : { readAt }) })
        }
        return records
      })
    },
    async targets (id) {
      if (!await conversations.holder(id).exists()) throw new UnknownConversationError(id)
      return await within(id, async delivery => {
        await delivery.look()
        return delivery.audience.targets.filter(({ target }) => delivery.audience.persons.includes(target.person)).map(({ target }) => standing(delivery, target))
      })
    },
    bring,
    flush,
    appeared,
    async stop () {
      if (stopping.signal.aborted) return
      for (const off of offs) off()
      cancelSettle?.()
      cancelSave?.()
      const all = await Promise.all([...opened.values()].map(async ({ delivery }) => await delivery.catch(() => undefined)))
      for (const delivery of all) delivery?.stop()
      stopping.abort()
      await Promise.allSettled(all.map(async delivery => { await delivery?.attempts() }))
      await Promise.allSettled(background)
      // What is not written is asked of the peers again.
      await saveAll().catch((error: unknown) => { logger.warn('how far others are could not be written', { error }) })
    }
  }
}
