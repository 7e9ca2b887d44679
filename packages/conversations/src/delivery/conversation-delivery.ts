import type { CancelTimer, CID, Clock, Logger, RandomBytes, Store } from '@parley/core'
import type { Did, People } from '@parley/identity'
import type { Network } from '@parley/network'
import { receiversOf } from '../guests/receivers.ts'
import type { LogHolder } from '../types.ts'
import { isRetryable } from './errors.ts'
import { coversAll, joinPositions, positionOf, type Position } from './frontiers.ts'
import { findAudience, isOwing, reachableDevices, type Audience } from './known-targets.ts'
import { MAX_DETAIL_CHARS, MAX_TARGETS } from './limits.ts'
import type { OwedMarks } from './owed-marks.ts'
import type { DeviceRoute } from './routes.ts'
import { loadBook, saveBook, type KeptTarget, type TargetBook } from './target-book.ts'
import { createTargetState, stepTarget, type DeliveryPolicy, type TargetInput } from './target-machine.ts'
import type { DeliveryTarget } from './types.ts'

export interface ConversationDeliveryComponents {
  store: Store
  people: People
  network: Network
  owed: OwedMarks
  clock: Clock
  random: RandomBytes
  logger: Logger
}

export interface ConversationDeliveryInit {
  id: CID
  holder: LogHolder
  /** This device. */
  self: Did
  /** `keyName` of our key where we bring our own actions only. */
  author: string | undefined
  own(): readonly Did[]
  fetching(): readonly Did[]
  admits(person: Did, access: readonly Did[]): Promise<boolean>
  policy: DeliveryPolicy
  /** Whether what is planned is done when its time comes. */
  active: boolean
  /** Makes an attempt; resolves once the target has all that we had when it began. */
  send(route: DeviceRoute): Promise<void>
  /** Does `work` when nothing else is done with this conversation. */
  within(work: () => Promise<void>): Promise<void>
  /** How a target stands may have changed. */
  onChange(target: DeliveryTarget): void
}

/** One conversation's targets, while something is done with it. Its methods are called one at a time. */
export interface ConversationDelivery {
  readonly audience: Audience
  /** What of the log is looked at: all we have, as of the last look. */
  readonly position: Position
  readonly isOwing: boolean
  /** Whether something is under way or planned. */
  readonly isBusy: boolean
  kept(device: Did): KeptTarget
  /** What the attempt under way handed to a device. */
  handed(device: Did): Position
  /** Looks who lacks what. `fresh`: something was just stored. `all`: what others said as well. */
  look(options?: { fresh?: boolean, all?: boolean }): Promise<void>
  /** Takes note of what a peer has; `hello` is its word on all of it. */
  place(device: Did, kind: 'hello' | 'handed' | 'acknowledged', position: Position): void
  /** Tries those that `fits`; `asked` at once. */
  appeared(fits: (target: DeliveryTarget) => boolean, asked: boolean): void
  /** Resolves once the attempts under way are over. */
  attempts(): Promise<void>
  save(): Promise<void>
  stop(): void
}

const NOWHERE: Position = new Map()

export async function openConversationDelivery (components: ConversationDeliveryComponents, init: ConversationDeliveryInit): Promise<ConversationDelivery> {
  const { store, people, network, owed, clock, random, logger } = components
  const { id, holder, self, policy } = init
  const book: TargetBook = await loadBook(store, id)
  const timers = new Map<Did, CancelTimer>()
  const underWay = new Map<Did, Promise<void>>()
  const handed = new Map<Did, Position>()
  let audience: Audience = { persons: [], former: [], targets: [] }
  let position: Position = NOWHERE
  let owing = true
  let isDirty = false
  let isStopped = false

  const kept = (device: Did): KeptTarget => {
    const known = book.get(device) ?? { position: NOWHERE, state: createTargetState() }
    if (!book.has(device) && book.size < MAX_TARGETS) book.set(device, known)
    return known
  }
  const advance = (device: Did, input: TargetInput): void => {
    const known = kept(device)
    const { state, outputs } = stepTarget(known.state, input, policy)
    if (state === known.state) return
    known.state = state
    isDirty = true
    timers.get(device)?.()
    timers.delete(device)
    for (const output of outputs) {
      if (output.type === 'send') attempt(device)
      else if (init.active && !isStopped) wake(device, output.at)
    }
    for (const { target } of audience.targets) if (target.did === device) init.onChange(target)
  }
  const wake = (device: Did, at: number): void => {
    timers.set(device, clock.setTimer(() => {
      timers.delete(device)
      void init.within(async () => { advance(device, { type: 'due', at: clock.now() }) })
    }, Math.max(0, at - clock.now())))
  }
  const attempt = (device: Did): void => {
    const work = tryOnce(device).finally(() => {
      underWay.delete(device)
      handed.delete(device)
    })
    underWay.set(device, work)
  }
  const tryOnce = async (device: Did): Promise<void> => {
    try {
      const [before, route] = [positionOf(await holder.frontier()), routeOf(device)]
      if (route !== undefined) await init.send(route)
      await init.within(async () => {
        place(device, 'acknowledged', before)
        advance(device, { type: 'done', at: clock.now() })
        await look()
      })
    } catch (error) {
      await init.within(async () => {
        if (isStopped) advance(device, { type: 'interrupted', at: clock.now() })
        else fail(device, error as Error)
      })
    }
  }
  const fail = (device: Did, error: Error): void => {
    logger.debug('a conversation could not be brought', { conversation: id.toString(), to: device, error })
    advance(device, {
      type: 'failed',
      error: { at: Math.floor(clock.now()), code: error.name, detail: error.message.slice(0, MAX_DETAIL_CHARS), retryable: isRetryable(error) },
      chance: (random(1)[0] ?? 0) / 255
    })
  }
  const routeOf = (device: Did): DeviceRoute | undefined => {
    const routes = audience.targets.filter(({ target }) => target.did === device).map(({ route }) => route)
    const [first] = routes
    return first === undefined ? undefined : { ...first, addresses: [...new Set(routes.flatMap(({ addresses }) => addresses))] }
  }
  const place: ConversationDelivery['place'] = (device, kind, told) => {
    if (kind === 'handed') {
      handed.set(device, told)
      return
    }
    const known = kept(device)
    // A peer that lost what it had says so by its hello.
    known.position = kind === 'hello' ? told : joinPositions(known.position, told)
    isDirty = true
  }
  const look: ConversationDelivery['look'] = async ({ fresh = false, all = false } = {}) => {
    // What this flushes counts as growth, so it comes first.
    await holder.frontier()
    const generation = owed.generation(id)
    if (!await holder.exists()) {
      await owed.clear(id, generation)
      owing = false
      return
    }
    const frontier = positionOf(await holder.frontier())
    position = frontier
    const access = await receiversOf(holder, init.own())
    const admitted: Did[] = []
    for (const person of access) if (init.own().includes(person) || await init.admits(person, access)) admitted.push(person)
    const dutyOf = (whole: Position): Position => all || init.author === undefined ? whole : new Map([...whole].filter(([author]) => author === init.author))
    const duty = dutyOf(frontier)
    // Whoever was put out is owed that, and what stood before.
    const duties = new Map<Did, Position>()
    for (const { did, through } of await holder.former()) {
      if (!await init.admits(did, access)) continue
      duties.set(did, dutyOf(positionOf(await holder.frontier({ through, andBy: [] }))))
    }
    for (const did of admitted) duties.delete(did)
    audience = await findAudience({ people, clock }, { persons: admitted, former: [...duties.keys()] }, self)
    dropOthers()
    // Nobody but their host brings a guest what others say.
    for (const { host, guest } of await holder.guests()) if (init.own().includes(host) && admitted.includes(guest)) duties.set(guest, frontier)
    // Where most are at the same place it is compared once.
    const lacking = new Map<Position, Map<Position, boolean>>()
    const isBehind = (at: Position, wanted: Position): boolean => {
      const known = lacking.get(wanted)?.get(at)
      if (known !== undefined) return known
      const result = !coversAll(at, wanted)
      lacking.set(wanted, (lacking.get(wanted) ?? new Map<Position, boolean>()).set(at, result))
      return result
    }
    const standsFor = new Map<Did, Set<Position>>()
    for (const { target: { did, person } } of audience.targets) standsFor.set(did, (standsFor.get(did) ?? new Set()).add(duties.get(person) ?? duty))
    const owes = (device: Did): boolean => [...standsFor.get(device) ?? []].some(wanted => isBehind(kept(device).position, wanted))
    const reachable = reachableDevices(audience, { book, duty, network, fetching: init.fetching() })
    for (const device of devicesOf(audience)) {
      advance(device, owes(device) ? { type: 'owed', at: clock.now(), reachable: reachable.has(device), fresh } : { type: 'covered' })
    }
    owing = isOwing(audience, { own: init.own(), fetching: init.fetching(), owes })
    // When it grew meanwhile it is looked at again.
    if (!owing && !await owed.clear(id, generation)) owing = true
  }
  const dropOthers = (): void => {
    const wanted = devicesOf(audience)
    for (const device of book.keys()) {
      if (wanted.has(device)) continue
      timers.get(device)?.()
      timers.delete(device)
      book.delete(device)
      isDirty = true
    }
  }

  return {
    get audience () { return audience },
    get position () { return position },
    get isOwing () { return owing },
    get isBusy () { return underWay.size > 0 || timers.size > 0 || isDirty },
    kept,
    handed: device => handed.get(device) ?? NOWHERE,
    look,
    place,
    appeared (fits, asked) {
      const at = clock.now()
      for (const device of new Set(audience.targets.filter(({ target }) => fits(target)).map(({ target }) => target.did))) {
        advance(device, { type: 'appeared', at, asked })
        if (asked) advance(device, { type: 'due', at })
      }
    },
    attempts: async () => { await Promise.all(underWay.values()) },
    async save () {
      if (!isDirty) return
      isDirty = false
      await saveBook(store, id, book)
    },
    stop () {
      isStopped = true
      for (const cancel of timers.values()) cancel()
      timers.clear()
    }
  }
}

function devicesOf ({ targets }: Audience): Set<Did> {
  return new Set(targets.map(({ target }) => target.did))
}
