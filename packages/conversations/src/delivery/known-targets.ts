import type { Clock } from '@parley/core'
import type { Did, People } from '@parley/identity'
import type { Network } from '@parley/network'
import { coversAll, type Position } from './frontiers.ts'
import { MAX_TARGETS } from './limits.ts'
import { devicesWith, type DeviceRoute } from './routes.ts'
import type { TargetBook } from './target-book.ts'
import type { DeliveryTarget } from './types.ts'

/** A device or proxy that is to have a conversation, for one of the people in it. */
export interface KnownTarget {
  target: DeliveryTarget
  route: DeviceRoute
}

/** Everybody who is to have a conversation, and how they can be reached. */
export interface Audience {
  persons: Did[]
  /** Who was put out, and is owed what told of it. */
  former: Did[]
  /** One for each person and device; a proxy may stand for several people. */
  targets: KnownTarget[]
}

/** Finds the devices and proxies of people, this one excepted. A device that is both is a proxy. */
export async function findAudience ({ people, clock }: { people: People, clock: Clock }, { persons, former }: Pick<Audience, 'persons' | 'former'>, self: Did): Promise<Audience> {
  const targets: KnownTarget[] = []
  for (const person of [...persons, ...former]) {
    const proxies = await devicesWith(people, person, 'proxy', clock.now())
    const endpoints = (await devicesWith(people, person, 'endpoint', clock.now())).filter(({ device }) => !proxies.some(proxy => proxy.device === device))
    for (const [kind, routes] of [['proxy', proxies], ['device', endpoints]] as const) {
      for (const route of routes) {
        if (route.device !== self) targets.push({ target: { kind, did: route.device, person, name: route.name }, route })
      }
    }
  }
  return { persons, former, targets: targets.slice(0, MAX_TARGETS) }
}

export interface ReachInit {
  book: TargetBook
  duty: Position
  network: Network
  /** Persons whose devices come to us for what is new. */
  fetching: readonly Did[]
}

/** Tells which devices can be tried now. A device whose person has a proxy that has everything is not dialled: it gets it there. */
export function reachableDevices ({ targets }: Audience, { book, duty, network, fetching }: ReachInit): Set<Did> {
  const connected = new Set(network.peers().map(({ peer }) => peer))
  const has = (did: Did): boolean => coversAll(book.get(did)?.position ?? new Map(), duty)
  const kept = new Set(targets.filter(({ target }) => target.kind === 'proxy' && has(target.did)).map(({ target }) => target.person))
  return new Set(targets.filter(({ target, route }) => {
    if (target.kind === 'device' && fetching.includes(target.person)) return false
    if (connected.has(route.peer)) return true
    return route.addresses.length > 0 && (target.kind === 'proxy' || !kept.has(target.person))
  }).map(({ target }) => target.did))
}

/**
 * Tells whether somebody has to be brought something still: every proxy has
 * to have it, and every device of a person who has none.
 */
export function isOwing ({ persons, former, targets }: Audience, { own, fetching, owes }: { own: readonly Did[], fetching: readonly Did[], owes: (did: Did) => boolean }): boolean {
  return [...persons, ...former].some(person => {
    const theirs = targets.filter(({ target }) => target.person === person)
    const proxies = theirs.filter(({ target }) => target.kind === 'proxy')
    if (fetching.includes(person) || proxies.length > 0) return proxies.some(({ target }) => owes(target.did))
    // Of somebody of whom no device is known yet a card may come.
    if (theirs.length === 0) return !own.includes(person) && persons.includes(person)
    return theirs.some(({ target }) => owes(target.did))
  })
}
