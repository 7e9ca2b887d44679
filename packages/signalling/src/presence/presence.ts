import { InvalidArgumentError, StoppedError, createEmitter } from '@parley/core'
import type { Did } from '@parley/identity'
import { createDidBook } from '../ids.ts'
import { createRefusalLog } from '../refusal-log.ts'
import { createBoard, type Board } from './board.ts'
import { createOwnPresence } from './own-state.ts'
import { CLOCK_SKEW_MS, PRESENCE_TIMERS, type PresenceTimers } from './presence-timers.ts'
import type { Presence, PresenceComponents, PresenceEvents, PresenceInit } from './types.ts'
import { createWatches, nothingOf } from './watches.ts'

/** Devices whose wrong clock was told of. */
const MAX_SKEWS = 1_024
/** The number of the stream by which a device stands on its own board. */
const OWN_STREAM = 0

/** Starts to answer for the person, and for an endpoint to tell of itself and to watch others. */
export async function createPresence (components: PresenceComponents, { role, platform = 'desktop', maySee, timers: some = {} }: PresenceInit): Promise<Presence> {
  const { network, people, device, clock, random } = components
  const timers: PresenceTimers = { ...PRESENCE_TIMERS, ...some }
  const logger = components.logger.child('presence')
  const emitter = createEmitter<PresenceEvents>(logger)
  const refusals = createRefusalLog({ logger })
  const dids = createDidBook()
  const skews = new Map<Did, number>()
  const persons = (): readonly Did[] => typeof components.person === 'string' ? [components.person] : components.person()
  const self = (): Did => {
    const person = persons()[0]
    if (person === undefined) throw new InvalidArgumentError('A device of nobody has no presence')
    return person
  }
  if (role === 'endpoint') self()

  const onRefused = (error: Error, peer: string): void => {
    refusals.add(error, { path: 'direct', peer })
    emitter.emit('refused', { error, peer })
  }
  const onSkew = (who: Did, apartMs: number): void => {
    const offsetMs = Math.round(apartMs)
    const told = skews.get(who)
    if (Math.abs(offsetMs) <= CLOCK_SKEW_MS) { skews.delete(who); return }
    if (told !== undefined && Math.abs(told - offsetMs) <= CLOCK_SKEW_MS / 2) return
    if (skews.size >= MAX_SKEWS) skews.clear()
    skews.set(who, offsetMs)
    emitter.emit('clock-skew', { device: who, offsetMs })
  }

  const board: Board = await createBoard({ network, people, dids, clock, logger }, { persons, timers, maySee, onSkew, onRefused })
  const own = createOwnPresence({ device, person: () => persons()[0], clock, random, logger }, { platform, timers }, {
    onStatement () {
      tellOwnBoard()
      watches?.said()
    },
    onBeat () {
      const listing = own.listing()
      if (listing !== undefined) onOwnBoard(() => { board.book.beat({ person: self(), device: device.did, stream: OWN_STREAM }, listing.n, listing.link) })
      watches?.beat()
    }
  })
  const watches = role === 'proxy'
    ? undefined
    : createWatches({ network, people, dids, self: device.did, clock, random, logger }, {
      person: self, timers, own: own.listing, checkOwn: own.checkClock, onSkew, onRefused,
      onChanged (did, reachability) { emitter.emit('changed', { did, reachability }) }
    })

  const onOwnBoard = (what: () => void): void => {
    try {
      what()
    } catch (error) {
      // It is there already, or the device is not on its person's list any more.
      logger.debug('this device did not change its own board', { error })
    }
  }
  const tellOwnBoard = (): void => {
    const source = { person: self(), device: device.did, stream: OWN_STREAM }
    const listing = own.listing()
    onOwnBoard(() => {
      if (listing === undefined) board.book.withdraw(source)
      else board.book.publish(source, { session: listing.session, seq: listing.seq, n: listing.n }, { block: listing.block, n: listing.n, link: listing.link })
    })
  }
  const stopping = new AbortController()
  const refresh = (person?: Did): void => {
    watches?.refresh(person)
    board.refresh(person).catch((error: unknown) => { logger.warn('who may see whom could not be looked up', { error }) })
  }
  people.on?.('changed', ({ person }) => { refresh(person) }, { signal: stopping.signal })

  return {
    set (state) {
      if (role === 'proxy') throw new InvalidArgumentError('A proxy has no presence of its own')
      own.set(state)
    },
    state: own.state,
    watch (did) {
      if (watches === undefined) throw new InvalidArgumentError('A proxy watches nobody')
      return watches.watch(did)
    },
    getReachability: did => watches?.get(did) ?? nothingOf(clock),
    refresh () { refresh() },
    refusals: refusals.counts,
    async stop () {
      if (stopping.signal.aborted) return
      stopping.abort(new StoppedError('Presence'))
      own.stop()
      await watches?.stop()
      await board.stop()
    },
    on: emitter.on
  }
}
