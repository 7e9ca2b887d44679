import type { Clock, Emitter, Logger, RandomBytes } from '@parley/core'
import type { DeviceKeys, Did, People } from '@parley/identity'
import type { Network } from '@parley/network'
import type { PresenceTimers } from './presence-timers.ts'

/** What a device runs on, as people care about it. */
export type Platform = 'desktop' | 'mobile' | 'web' | 'headless'

/** `live`: the person is at it; `can-ring`: it is connected and would ring; `busy`: the person is in a call there. */
export type Availability = 'live' | 'can-ring' | 'busy'

/** How reachable a person is, from best to worst. `proxy-only`: what is said is kept; `unreachable`: nobody answers for them. */
export type PresenceReach = 'live' | 'ringing-possible' | 'busy' | 'proxy-only' | 'unreachable'

/** What an app says of the device it runs on. */
export interface OwnState {
  availability: Availability
  /** The device does not ring: it counts as busy. @default false */
  doNotDisturb?: boolean
  /** Nobody is told of this device, as if it were off. @default false */
  hidden?: boolean
  /** One line of at most 140 characters, for people to read. */
  declared?: string
}

/** A device that is there, as its contacts see it. */
export interface DevicePresence {
  device: Did
  platform: Platform
  availability: Availability
  doNotDisturb: boolean
  declared?: string
}

/** What is known of a watched person. */
export interface Reachability {
  /** The best of what the devices say, else `proxy-only` while a proxy of theirs answers. */
  reach: PresenceReach
  /** Those that are there and show it, in the order of their DIDs. */
  devices: DevicePresence[]
  /** When `reach` became what it is, by our clock, in Unix milliseconds. */
  since: number
  /** Who answers for the person now: proxies and devices. Empty before the first answer, and while nobody can be reached. */
  from: Did[]
}

/** A device or proxy whose clock differs from ours by more than two minutes. Nothing is decided by it. */
export interface ClockSkew {
  device: Did
  /** How far its clock is ahead of ours, in milliseconds. */
  offsetMs: number
}

/** Something that came in and was not obeyed. */
export interface PresenceRefusal { error: Error, peer: string }

export type PresenceEvents = {
  /** Reach, devices, or who answers for a watched person is not what it was. */
  changed: { did: Did, reachability: Reachability }
  'clock-skew': ClockSkew
  refused: PresenceRefusal
}

/** Tells contacts how reachable this device is, and how reachable they are. */
export interface Presence extends Emitter<PresenceEvents> {
  /**
   * Says what this device is like from now on. Before the first call nobody is told of it.
   *
   * @throws {InvalidArgumentError} on a proxy, and for a `declared` that is no line of at most 140 characters
   */
  set(state: OwnState): void
  /** Returns what was set last, if anything was. */
  state(): OwnState | undefined
  /** Begins to watch a person; watches of one person share one. Ends with the returned function. */
  watch(did: Did): () => void
  /** Returns what is known of a watched person; `unreachable` of anybody else. */
  getReachability(did: Did): Reachability
  /** Applies at once what changed in device lists, routes, contacts or the persons served; it is looked up with each heartbeat anyway. */
  refresh(): void
  /** How often something was refused, by the name of the error. */
  refusals(): Record<string, number>
  /** Takes the device off the boards, and closes every stream. */
  stop(): Promise<void>
}

/** The part of `People` that presence reads. Where it tells of changes, they count at once. */
export type PresencePeople = Pick<People, 'list' | 'learnList' | 'routes'> & {
  on?(type: 'changed', listener: (changed: { person: Did }) => void, options?: { signal?: AbortSignal }): () => void
}

/** What presence works with. */
export interface PresenceComponents {
  network: Pick<Network, 'open' | 'handle' | 'peers' | 'on'>
  people: PresencePeople
  device: DeviceKeys
  /** Whose device this is, or for a proxy all whom it serves now. */
  person: Did | (() => readonly Did[])
  clock: Clock
  random: RandomBytes
  logger: Logger
}

/** How presence behaves. */
export interface PresenceInit {
  /** An `endpoint` tells of itself and watches; a `proxy` answers for those it serves. */
  role: 'endpoint' | 'proxy'
  /** @default 'desktop' */
  platform?: Platform
  /** Decides whether `asker` may see `of`; asked again with each heartbeat. Devices of one person always see each other. */
  maySee(asker: Did, of: Did): boolean
  /** Times of the protocol. Everybody has to have the same; only tests change them. */
  timers?: Partial<PresenceTimers>
}
