import type { CancelTimer, Clock, Logger, RandomBytes } from '@parley/core'
import { didFromPeerId, peerIdFromDid, rolesOf, type DeviceList, type Did } from '@parley/identity'
import type { Network } from '@parley/network'
import { equals } from 'uint8arrays'
import type { DidBook } from '../ids.ts'
import { setTimerAt } from '../timers.ts'
import { createBoardLink, type BoardLink, type BoardLinkContext } from './board-link.ts'
import type { Heard } from './board-reader.ts'
import { UntrustedPresenceError } from './errors.ts'
import { MAX_INTRODUCTION_BYTES } from './presence-frames.ts'
import { CLOCK_SKEW_MS, type PresenceTimers } from './presence-timers.ts'
import { emptyWatch, stepWatch, type WatchInput, type WatchState } from './presence-watch-machine.ts'
import { readStatement } from './statement.ts'
import type { DevicePresence, PresencePeople, Reachability } from './types.ts'
import type { Listing } from './watcher-outbox.ts'

/** The persons this device watches, and the boards it is connected to for that. */
export interface Watches {
  watch(person: Did): () => void
  get(person: Did): Reachability | undefined
  /** Looks up again who has which devices and proxies; with a person, only where they matter here. */
  refresh(person?: Did): void
  /** Our own statement is a new one, or there is none any more. */
  said(): void
  beat(): void
  stop(): Promise<void>
}

interface Components { network: Pick<Network, 'open' | 'peers' | 'on'>, people: PresencePeople, dids: DidBook, self: Did, clock: Clock, random: RandomBytes, logger: Logger }
interface Init {
  person(): Did
  timers: PresenceTimers
  own(): Listing | undefined
  checkOwn(): void
  onChanged(did: Did, reachability: Reachability): void
  onSkew(device: Did, offsetMs: number): void
  onRefused(error: Error, peer: string): void
}

interface Watched { count: number, state: WatchState, reachability: Reachability, cancelTimer: CancelTimer, verified: Map<Did, Uint8Array> }
/** What a board is wanted for; `persons` says of each whether the board is a proxy of theirs. */
interface Wanted { persons: Map<Did, boolean>, tell: boolean, owner: Did, isProxy: boolean }

/** Creates watches of nobody. */
export function createWatches ({ network, people, dids, self, clock, random, logger }: Components, init: Init): Watches {
  const { timers } = init
  const watched = new Map<Did, Watched>()
  const links = new Map<Did, { link: BoardLink, wanted: Wanted, isUp: boolean }>()
  /** Devices of watched persons, so that a new connection is known to matter. */
  let interesting = new Set<Did>()
  const stopping = new AbortController()
  let planning = false
  let planDue = false

  const input = (person: Did, what: WatchInput): void => {
    const entry = watched.get(person)
    if (entry === undefined) return
    const { state, outputs } = stepWatch(entry.state, what, timers)
    entry.state = state
    for (const output of outputs) {
      switch (output.type) {
        case 'changed': {
          const { reach, devices, from } = output
          const since = reach === entry.reachability.reach ? entry.reachability.since : Math.floor(clock.now())
          entry.reachability = { reach, devices, from, since }
          init.onChanged(person, entry.reachability)
          break
        }
        case 'timer':
          entry.cancelTimer()
          entry.cancelTimer = setTimerAt(clock, output.at, () => { input(person, { type: 'timer', at: clock.monotonicNow() }) })
          break
        case 'refused':
          init.onRefused(new UntrustedPresenceError(output.device, output.reason), '')
          break
      }
    }
  }

  const context: BoardLinkContext = {
    network, dids, clock, random, logger, timers,
    person: init.person,
    own: init.own,
    checkOwn: init.checkOwn,
    async ownList () {
      const list = await people.list(init.person())
      return list === undefined || list.bytes.byteLength > MAX_INTRODUCTION_BYTES ? undefined : list.bytes
    },
    async check (board, block) {
      const { statement, verify } = readStatement(block)
      const [person, device] = [dids.did(statement.person), dids.did(statement.device)]
      const entry = watched.get(person)
      if (entry === undefined || links.get(board)?.wanted.persons.has(person) !== true) throw new UntrustedPresenceError(device, 'nobody asked for its person')
      const list = await people.list(person)
      if (list === undefined || !rolesOf(list, device, clock.now()).includes('endpoint')) throw new UntrustedPresenceError(device, 'it is no endpoint of its person')
      const known = entry.verified.get(device)
      if (known === undefined || !equals(known, block)) {
        await verify()
        entry.verified.set(device, block)
      }
      return { statement, person, device }
    },
    onUp (board) {
      const entry = links.get(board)
      if (entry === undefined) return
      entry.isUp = true
      for (const [person, proxy] of entry.wanted.persons) input(person, { type: 'up', board, proxy, at: clock.monotonicNow() })
    },
    onDown (board) {
      const entry = links.get(board)
      if (entry?.isUp !== true) return
      entry.isUp = false
      for (const person of entry.wanted.persons.keys()) input(person, { type: 'down', board, at: clock.monotonicNow() })
    },
    onHeard (board, heard) {
      const { statement, person, device, n } = heard
      const sessionMs = statement.at + n * timers.beatMs
      if (board !== device) noteSkew(heard)
      input(person, { type: 'told', board, told: toldBy(heard), mark: { session: statement.session, seq: statement.seq, n }, sessionMs, at: clock.monotonicNow() })
    },
    onGone (board, { person, device }) { input(person, { type: 'gone', board, device, at: clock.monotonicNow() }) },
    onSkew: init.onSkew,
    onRefused: init.onRefused
  }

  /** The newest beat of a device may be one beat old, and have waited for another one at the board. */
  const noteSkew = ({ statement, device, n }: Heard): void => {
    const offsetMs = statement.sentAt + n * timers.beatMs - clock.now()
    if (offsetMs > 0 || offsetMs < -CLOCK_SKEW_MS - 2 * timers.beatMs) init.onSkew(device, offsetMs)
  }

  const plan = async (): Promise<void> => {
    for (const [person, { count, cancelTimer }] of watched) {
      if (count > 0) continue
      cancelTimer()
      watched.delete(person)
    }
    const wanted = new Map<Did, Wanted>()
    const devices = new Set<Did>()
    const connected = new Set(network.peers().map(({ peer }) => peer))
    const want = (board: Did, owner: Did, isProxy: boolean): Wanted => {
      const known = wanted.get(board) ?? { persons: new Map<Did, boolean>(), tell: false, owner, isProxy }
      wanted.set(board, known)
      if (isProxy && !known.isProxy) Object.assign(known, { owner, isProxy })
      return known
    }
    const currentOf = new Map<Did, ReadonlySet<Did>>()
    for (const person of new Set([...watched.keys(), init.person()])) {
      const list = await people.list(person)
      const current = new Set(list === undefined ? [] : having(list, 'endpoint'))
      currentOf.set(person, current)
      for (const board of list === undefined ? [] : having(list, 'proxy')) {
        devices.add(board)
        if (person === init.person()) want(board, person, true).tell = true
        if (watched.has(person)) want(board, person, true).persons.set(person, true)
      }
      if (!watched.has(person)) continue
      for (const device of current) {
        devices.add(device)
        if (connected.has(peerIdFromDid(device)) && wanted.get(device)?.persons.has(person) !== true) want(device, person, false).persons.set(person, false)
      }
    }
    if (stopping.signal.aborted) return
    interesting = devices
    for (const board of links.keys()) if (!wanted.has(board)) endLink(board)
    for (const [board, wishes] of wanted) setLink(board, wishes)
    for (const [person, current] of currentOf) input(person, { type: 'devices', current, at: clock.monotonicNow() })
  }

  const having = (list: DeviceList, role: 'endpoint' | 'proxy'): Did[] =>
    list.devices.map(({ device }) => device).filter(device => device !== self && rolesOf(list, device, clock.now()).includes(role))

  const setLink = (board: Did, wanted: Wanted): void => {
    const known = links.get(board)
    if (known === undefined) {
      const link = createBoardLink(context, board, async () => {
        const { owner, isProxy } = links.get(board)?.wanted ?? wanted
        if (isProxy) return (await people.routes(owner)).flatMap(route => route.device === board ? route.addresses : [])
        // A device of theirs is asked over the connection there is; nobody's phone is dialled to look at it.
        return network.peers().some(({ peer }) => peer === peerIdFromDid(board)) ? [] : undefined
      })
      links.set(board, { link, wanted, isUp: false })
      link.want({ persons: new Set(wanted.persons.keys()), tell: wanted.tell })
      return
    }
    const before = known.wanted
    known.wanted = wanted
    if (known.isUp) {
      const at = clock.monotonicNow()
      for (const person of before.persons.keys()) if (!wanted.persons.has(person)) input(person, { type: 'down', board, at })
      for (const [person, proxy] of wanted.persons) if (before.persons.get(person) !== proxy) input(person, { type: 'up', board, proxy, at })
    }
    known.link.want({ persons: new Set(wanted.persons.keys()), tell: wanted.tell })
  }

  const endLink = (board: Did): void => {
    const entry = links.get(board)
    context.onDown(board)
    links.delete(board)
    entry?.link.stop().catch((error: unknown) => { logger.warn('a board could not be left', { board, error }) })
  }

  const refresh = (changed?: Did): void => {
    if (changed !== undefined && !watched.has(changed) && changed !== init.person()) return
    planDue = true
    if (planning || stopping.signal.aborted) return
    planning = true
    void planAll()
  }

  const planAll = async (): Promise<void> => {
    try {
      while (planDue && !stopping.signal.aborted) {
        planDue = false
        await plan()
      }
    } catch (error) {
      logger.warn('boards could not be looked up', { error })
    } finally {
      // In the same turn as the last look, so that no wish gets lost in between.
      planning = false
    }
  }

  const keepFresh = (): void => { cancelFresh = clock.setTimer(() => { refresh(); keepFresh() }, timers.beatMs) }
  let cancelFresh = (): void => {}
  keepFresh()
  refresh()
  network.on('peer:connect', ({ peer }) => {
    const device = deviceOf(peer)
    if (device === undefined || !interesting.has(device)) return
    refresh()
    links.get(device)?.link.kick()
  }, { signal: stopping.signal })

  return {
    watch (person) {
      const entry = watched.get(person) ?? { count: 0, state: emptyWatch, reachability: nothingOf(clock), cancelTimer: () => {}, verified: new Map<Did, Uint8Array>() }
      watched.set(person, entry)
      if (entry.count++ === 0) refresh()
      let ended = false
      return () => {
        if (ended) return
        ended = true
        // Forgotten with the next look at the boards: who is watched again at once is still known.
        if (--entry.count === 0) refresh()
      }
    },
    get (person) {
      const entry = watched.get(person)
      return entry === undefined || entry.count === 0 ? undefined : entry.reachability
    },
    refresh,
    said () { for (const { link } of links.values()) link.said() },
    beat () { for (const { link } of links.values()) link.beat() },
    async stop () {
      stopping.abort()
      cancelFresh()
      await Promise.all([...links.values()].map(async ({ link }) => { await link.stop() }))
      for (const { cancelTimer } of watched.values()) cancelTimer()
    }
  }
}

/** What is known of somebody of whom nothing was heard. */
export function nothingOf (clock: Clock): Reachability {
  return { reach: 'unreachable', devices: [], since: Math.floor(clock.now()), from: [] }
}

function toldBy ({ statement, device }: Heard): DevicePresence {
  const { platform, availability, dnd, declared } = statement
  return { device, platform, availability, doNotDisturb: dnd, ...(declared === undefined ? {} : { declared }) }
}

/** Peers with other kinds of keys are nobody's device. */
function deviceOf (peer: string): Did | undefined {
  try {
    return didFromPeerId(peer)
  } catch {
    return undefined
  }
}
