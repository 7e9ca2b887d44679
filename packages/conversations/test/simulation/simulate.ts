import type { Person } from './cast.ts'
import { checkEnd } from './checks.ts'
import { createChoices } from './choices.ts'
import { settleAll } from './settle.ts'
import { takeStep } from './steps.ts'
import { createWorld, type Plan, type World } from './world.ts'

/** What became of one world. */
export interface Outcome {
  plan: Plan
  trace: readonly string[]
  counts: ReadonlyMap<string, number>
  /** Actions in the log at the end. */
  actions: number
  error: Error | undefined
}

/** Returns the size of a world: two of three are tiny, since most of what breaks breaks in those as well. */
export function planOf (seed: number): Plan {
  const choices = createChoices(seed, -3)
  if (seed % 3 !== 0) return { seed, steps: choices.between(5, 10), people: choices.between(2, 3) }
  return { seed, steps: choices.pick([8, 12, 12, 16, 16, 24, 24, 40, 80]) ?? 16 }
}

/** Lets one world go through all its steps, heal and come to rest, and looks at it. */
export async function simulate (cast: readonly Person[], plan: Plan): Promise<Outcome> {
  const world = createWorld(cast, plan)
  let actions = 0
  let error: Error | undefined
  try {
    await begin(world)
    for (let step = 0; step < plan.steps; step++) {
      await takeStep(world, step)
      if (world.failures[0] !== undefined) throw world.failures[0]
    }
    await settleAll(world)
    actions = await checkEnd(world)
  } catch (thrown) {
    error = thrown as Error
    if (error.name !== 'BrokenError') world.trace.push(`BROKEN: ${error.stack ?? error.message}`)
  }
  return { plan, trace: world.trace, counts: world.counts, actions, error }
}

async function begin (world: World): Promise<void> {
  const choices = createChoices(world.plan.seed, -4)
  for (const replica of world.replicas) await replica.start()
  const [creator] = world.replicas
  const others = world.people.filter(({ did }) => did !== creator?.device.owner.did && choices.percent(75))
  if (creator?.process === undefined) return
  const conversation = await world.timeline.until(creator.process.conversations.create({ subject: 'Simulated', participants: others.map(({ did }) => did) }, { durable: true }))
  world.conversation = conversation.id
  world.tell(`${creator.device.name} begins a conversation with ${others.map(({ name }) => name).join(', ')}`)
  // Most hear of it at once; whoever does not will when they meet somebody.
  for (const replica of world.replicas.slice(1)) {
    if (choices.percent(80)) world.run(async () => { await replica.sync(conversation.id, creator) })
  }
  await world.timeline.pass(10_000)
}
