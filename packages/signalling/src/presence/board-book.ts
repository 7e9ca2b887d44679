import type { CancelTimer, Clock } from '@parley/core'
import { rolesOf, type Did } from '@parley/identity'
import { setTimerAt } from '../timers.ts'
import { UntrustedPresenceError } from './errors.ts'
import { emptyBoard, stepBoard, type BoardInput, type BoardState, type Mark } from './presence-board-machine.ts'
import type { PresenceTimers } from './presence-timers.ts'
import type { PresencePeople } from './types.ts'
import type { Listing } from './watcher-outbox.ts'

/** Who is told what happens on the board of a person; `key` names person and device. */
export interface BoardWatcher {
  set(key: string, listing: Listing): void
  gone(key: string): void
}

/** Who of whom says something over which stream. */
export interface Source { person: Did, device: Did, stream: number }

/** The devices of the persons a board answers for, and who watches them. */
export interface BoardBook {
  /** @throws {UntrustedPresenceError} it is not newer than what the device said before */
  publish(source: Source, mark: Mark, listing: Listing): void
  /** @throws {UntrustedPresenceError} */
  beat(source: Source, n: number, link: Uint8Array<ArrayBuffer>): void
  withdraw(source: Source): void
  /** Tells the watcher what is there, and then what changes. */
  subscribe(person: Did, watcher: BoardWatcher): void
  /** Tells the watcher that nothing is there any more. */
  unsubscribe(person: Did, watcher: BoardWatcher): void
  /** Takes off whoever is no device of its person any more, and persons who are not served; with `only`, looks at that person. */
  refresh(served: ReadonlySet<Did>, only?: Did): Promise<void>
  stop(): void
}

interface Entry { state: BoardState, listings: Map<Did, Listing>, watchers: Set<BoardWatcher>, cancelTimer: CancelTimer }

/** Creates an empty book; what is given to it was verified. */
export function createBoardBook ({ people, clock }: { people: PresencePeople, clock: Clock }, timers: PresenceTimers): BoardBook {
  const entries = new Map<Did, Entry>()

  const entryOf = (person: Did): Entry => {
    const known = entries.get(person)
    if (known !== undefined) return known
    const entry: Entry = { state: emptyBoard, listings: new Map(), watchers: new Set(), cancelTimer: () => {} }
    entries.set(person, entry)
    return entry
  }

  const tidy = (person: Did, entry: Entry): void => {
    if (entry.listings.size > 0 || entry.watchers.size > 0) return
    entry.cancelTimer()
    entries.delete(person)
  }

  const apply = (person: Did, entry: Entry, input: BoardInput, put: (known: Listing | undefined) => Listing | undefined = known => known): void => {
    const { state, outputs } = stepBoard(entry.state, input, timers)
    entry.state = state
    for (const output of outputs) {
      switch (output.type) {
        case 'set':
        case 'beat': {
          const listing = put(entry.listings.get(output.device))
          if (listing === undefined) break
          entry.listings.set(output.device, listing)
          if (output.type === 'set') for (const watcher of entry.watchers) watcher.set(keyOf(person, output.device), listing)
          break
        }
        case 'gone':
          entry.listings.delete(output.device)
          for (const watcher of entry.watchers) watcher.gone(keyOf(person, output.device))
          break
        case 'timer':
          entry.cancelTimer()
          entry.cancelTimer = setTimerAt(clock, output.at, () => { apply(person, entry, { type: 'timer', at: clock.monotonicNow() }) })
          break
        case 'refused':
          tidy(person, entry)
          throw new UntrustedPresenceError(output.device, output.reason)
      }
    }
    tidy(person, entry)
  }

  return {
    publish ({ person, device, stream }, mark, listing) {
      apply(person, entryOf(person), { type: 'published', device, stream, mark, at: clock.monotonicNow() }, known => known === undefined ? { ...listing } : Object.assign(known, listing))
    },
    beat ({ person, device, stream }, n, link) {
      apply(person, entryOf(person), { type: 'beat', device, stream, n, at: clock.monotonicNow() }, known => known === undefined ? undefined : Object.assign(known, { n, link }))
    },
    withdraw ({ person, device, stream }) {
      const entry = entries.get(person)
      if (entry !== undefined) apply(person, entry, { type: 'withdrawn', device, stream })
    },
    subscribe (person, watcher) {
      const entry = entryOf(person)
      entry.watchers.add(watcher)
      for (const [device, listing] of entry.listings) watcher.set(keyOf(person, device), listing)
    },
    unsubscribe (person, watcher) {
      const entry = entries.get(person)
      if (entry?.watchers.delete(watcher) !== true) return
      for (const device of entry.listings.keys()) watcher.gone(keyOf(person, device))
      tidy(person, entry)
    },
    async refresh (served, only) {
      for (const [person, entry] of [...entries]) {
        if (only !== undefined && person !== only) continue
        const list = served.has(person) ? await people.list(person) : undefined
        const current = new Set([...entry.listings.keys()].filter(device => list !== undefined && rolesOf(list, device, clock.now()).includes('endpoint')))
        apply(person, entry, { type: 'devices', current })
      }
    },
    stop () {
      for (const { cancelTimer } of entries.values()) cancelTimer()
      entries.clear()
    }
  }
}

function keyOf (person: Did, device: Did): string {
  return `${person} ${device}`
}
