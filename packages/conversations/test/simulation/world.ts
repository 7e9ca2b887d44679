import type { CID } from '@parley/core'
import type { DeviceList, Did } from '@parley/identity'
import type { Device, Person } from './cast.ts'
import { createChoices, type Choices } from './choices.ts'
import { createSimulatedNetwork, type SimulatedNetwork } from './network.ts'
import { createReplica, type Replica } from './replica.ts'
import { createTimeline, type Timeline } from './timeline.ts'

/** How large a world is, and what may go wrong in it. */
export interface Plan {
  seed: number
  steps: number
  /** At most so many people, without the bad one. @default 5 */
  people?: number | undefined
  /** Steps that are left out, to find the few that matter. */
  without?: ReadonlySet<number> | undefined
  /** Moves and deeds by name; all without it. */
  moves?: readonly string[] | undefined
  deeds?: readonly string[] | undefined
}

/** Something that was acknowledged to a person. */
export interface Acknowledged { cid: CID, author: Uint8Array, by: Replica, durable: boolean, what: string, powerCuts: number }

/** Everything that there is in one simulated world. */
export interface World {
  readonly plan: Plan
  readonly timeline: Timeline
  readonly network: SimulatedNetwork
  readonly people: Person[]
  /** All devices that take part, the creator's first; the bad writer's last, if there is one. */
  readonly replicas: Replica[]
  readonly bad: Replica | undefined
  readonly lists: Map<Did, DeviceList>
  readonly acknowledged: Acknowledged[]
  readonly revoked: Set<Replica>
  /** What happened, line by line. */
  readonly trace: string[]
  /** How often each thing happened. */
  readonly counts: Map<string, number>
  conversation: CID
  /** Names of blocks that no honest replica may hold at the end. */
  readonly forbidden: Set<string>
  /** Whom the bad writer gave blocks by their own hand: nothing of ours could keep them from it. */
  readonly leakedTo: Set<Did>
  /** What goes on in the background. */
  readonly running: Set<Promise<void>>
  /** What went wrong in the background. */
  readonly failures: Error[]
  tell(what: string): void
  count(what: string): void
  /** Says that something is wrong with the code. */
  broken(what: string): never
  /** Does something in the background; errors of dead processes are nobody's. */
  run(work: () => Promise<void>): void
}

/** Something that must not be, with what led to it. */
export class BrokenError extends Error {
  override readonly name = 'BrokenError'
}

/** Errors that a process has which was killed while it worked. */
const DEATHS = new Set(['ProcessDeadError', 'StoppedError'])

export function createWorld (cast: readonly Person[], plan: Plan): World {
  const choices = createChoices(plan.seed, -1)
  const timeline = createTimeline()
  const network = createSimulatedNetwork({ timeline, choices }, { weather: { breakPercent: choices.pick([0, 10, 30]) ?? 0, latencyMs: choices.pick([0, 20, 400]) ?? 0, slowPercent: choices.pick([0, 5, 25]) ?? 0, areClocksRight: false } })
  const people = cast.slice(0, Math.min(choices.between(3, 5), plan.people ?? 5))
  const bad = choices.percent(70) ? cast.at(-1) : undefined
  const devices = [...people.flatMap((person, number) => devicesOf(person, choices, { isCreator: number === 0 })), ...bad === undefined ? [] : bad.devices.slice(0, 1)]
  const lists = new Map([...people, ...bad === undefined ? [] : [bad]].map(({ did, list }) => [did, list]))
  const replicas = devices.map((device, number) => createReplica({ timeline, choices: createChoices(plan.seed, -2, number), network, lists: () => lists.values() }, device, { skewMs: choices.pick([0, 0, -20_000, 15_000, 3]) ?? 0 }))
  const world: World = {
    plan,
    timeline,
    network,
    people: bad === undefined ? people : [...people, bad],
    replicas,
    bad: bad === undefined ? undefined : replicas.at(-1),
    lists,
    acknowledged: [],
    revoked: new Set(),
    forbidden: new Set(),
    leakedTo: new Set(),
    trace: [],
    counts: new Map(),
    conversation: undefined as unknown as CID,
    running: new Set(),
    failures: [],
    tell (what) { world.trace.push(`${String(timeline.now()).padStart(9)} ms  ${what}`) },
    count (what) { world.counts.set(what, (world.counts.get(what) ?? 0) + 1) },
    broken (what) {
      world.tell(`BROKEN: ${what}`)
      throw new BrokenError(what)
    },
    run (work) {
      const task = work().catch((error: unknown) => {
        if (!DEATHS.has((error as Error).name)) world.failures.push(error as Error)
      }).finally(() => { world.running.delete(task) })
      world.running.add(task)
    }
  }
  return world
}

function devicesOf (person: Person, choices: Choices, { isCreator }: { isCreator: boolean }): Device[] {
  const [phone, tablet, proxy] = person.devices
  return [phone, ...choices.percent(isCreator ? 30 : 40) ? [tablet] : [], ...choices.percent(25) ? [proxy] : []].filter(device => device !== undefined)
}
