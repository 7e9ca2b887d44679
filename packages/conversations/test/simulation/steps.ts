import { chooseMove, MOVES } from './moves.ts'
import { revoke as revokeDevice } from './cast.ts'
import { createChoices, type Choices } from './choices.ts'
import { createLair, doEvil } from './evil.ts'
import type { Replica } from './replica.ts'
import { START_MS } from './timeline.ts'
import type { World } from './world.ts'

type Step = (world: World, choices: Choices) => Promise<void> | void

/** Errors with which an honest device is told that it cannot do what it wants: others were faster than it knew. */
const TOLD = new Set(['NotPermittedError', 'NotAParticipantError', 'LockedError', 'StaleEditError', 'ConversationExpiredError', 'NoSuchItemError', 'MissingKeyError', 'ForbiddenByRoleError', 'UnknownConversationError', 'LimitReachedError', 'TooManyParticipantsError'])

/** How a sync may end; anything else says that an honest replica took another for a bad one. */
const ENDINGS = new Set([undefined, 'off', 'NotAllowedError', 'PeerUnreachableError', 'SyncInterruptedError', 'TimeoutError', 'StreamClosedError', 'ProcessDeadError', 'StoppedError', 'AbortError', 'UnservedFrontierError', 'PeerRefusedError'])

const STEPS: ReadonlyArray<[number, Step]> = [
  [50, write], [26, meet], [3, follow], [4, divide], [4, crash], [5, jumble], [9, misbehave], [2, loseDevice], [2, wait]
]

/** Does what the step with this number does, in a world where others may have been left out. */
export async function takeStep (world: World, number: number): Promise<void> {
  const choices = createChoices(world.plan.seed, number)
  await world.timeline.pass(choices.pick([0, 1, 30, 1000, 20_000]) ?? 0)
  if (world.plan.without?.has(number) === true) return
  for (const replica of world.replicas) {
    if (replica.process === undefined && !world.revoked.has(replica) && choices.percent(20)) {
      world.tell(`${replica.device.name} starts again`)
      await replica.start()
    }
  }
  const total = STEPS.reduce((sum, [weight]) => sum + weight, 0)
  let at = choices.below(total)
  const step = STEPS.find(([weight]) => (at -= weight) < 0)?.[1]
  if (step === wait) await wait(world, choices)
  else await world.timeline.until(Promise.resolve(step?.(world, choices)))
}

const alive = ({ replicas }: World): Replica[] => replicas.filter(({ process }) => process !== undefined)

async function write (world: World, choices: Choices): Promise<void> {
  const by = choices.pick(alive(world).filter(({ isKeyless }) => !isKeyless))
  if (by === undefined) return
  const times = choices.pick([1, 1, 1, 2, 4]) ?? 1
  const durable = choices.percent(60)
  world.run(async () => {
    for (let time = 0; time < times; time++) await writeOne(world, by, choices, durable)
  })
}

/** Writes what somebody would who sees this. */
async function writeOne (world: World, by: Replica, choices: Choices, durable: boolean): Promise<void> {
  const { process, powerCuts, device } = by
  if (process === undefined) return
  let tried = 'nothing'
  try {
    const conversation = await process.conversations.open(world.conversation)
    const state = await conversation.state()
    const moves = world.plan.moves === undefined ? MOVES : MOVES.filter(({ name }) => world.plan.moves?.includes(name) === true)
    const move = chooseMove({ state, me: device.owner, people: world.people, action: choices.pick(state.heads), now: START_MS + world.timeline.now(), choices }, moves)
    if (move === undefined) return
    tried = move.name
    const { cid, author, seq } = await conversation.append(move.content, { durable })
    world.tell(`${device.name} ${durable ? 'durably ' : ''}writes ${name(cid)}: ${move.name}, its ${seq}`)
    world.count(move.name)
    world.acknowledged.push({ cid, author: device.keys.signer.publicKey, by, durable, what: `${move.name} of ${author}`, powerCuts })
  } catch (error) {
    const { name: reason, message } = error as Error
    if (reason === 'ProcessDeadError') throw error
    if (!TOLD.has(reason)) world.broken(`${device.name} cannot write (${tried}): ${reason}: ${message}\n${(error as Error).stack ?? ''}`)
    world.count(`told ${reason}`)
    world.tell(`${device.name} is told ${reason}: ${message}`)
  }
}

function meet (world: World, choices: Choices): void {
  const [a, b] = choices.shuffle(alive(world))
  if (a === undefined || b === undefined) return
  world.run(async () => {
    world.tell(`${a.device.name} begins to sync with ${b.device.name}`)
    conclude(world, a, b, await a.sync(world.conversation, b))
  })
}

/** Two stay connected for a while and give each other what is new. */
function follow (world: World, choices: Choices): void {
  const [a, b] = choices.shuffle(alive(world))
  if (a === undefined || b === undefined) return
  const ending = new AbortController()
  world.timeline.after(choices.between(1000, 100_000), () => { ending.abort() })
  world.run(async () => {
    world.tell(`${a.device.name} follows ${b.device.name}`)
    conclude(world, a, b, await a.sync(world.conversation, b, { live: true, signal: ending.signal }))
  })
}

function conclude (world: World, a: Replica, b: Replica, ending: string | undefined): void {
  world.count(`sync ${ending ?? 'done'}`)
  world.tell(`${a.device.name} has synced with ${b.device.name}: ${ending ?? 'done'}`)
  if (!ENDINGS.has(ending) && a !== world.bad && b !== world.bad) world.broken(`the sync of ${a.device.name} with ${b.device.name} ended with ${ending ?? ''}`)
}

function divide (world: World, choices: Choices): void {
  if (choices.percent(50)) {
    world.tell('the network heals')
    world.network.heal()
    return
  }
  const devices = choices.shuffle(world.replicas.map(({ device }) => device))
  const at = choices.between(1, devices.length - 1)
  const parts = [devices.slice(0, at), devices.slice(at)]
  world.count('partition')
  world.tell(`the network divides: ${parts.map(part => part.map(({ name: device }) => device).join(', ')).join(' | ')}`)
  world.network.divide(parts.map(part => part.map(({ did }) => did)))
}

function crash (world: World, choices: Choices): void {
  const victim = choices.pick(alive(world))
  const death = choices.percent(50) ? 'killed' : 'power-cut'
  if (victim === undefined) return
  world.count(death)
  world.tell(`${victim.device.name} dies: ${death}`)
  victim.crash(death)
}

/** Blocks of one reach another in any order, some not at all and some twice. */
async function jumble (world: World, choices: Choices): Promise<void> {
  const [from, to] = choices.shuffle(alive(world))
  if (from === undefined || to?.process === undefined) return
  const { conversations } = to.process
  // Nobody hands anything to those of whom they know that they are out.
  const access = await from.process?.conversations.holder(world.conversation).access() ?? []
  if (!access.includes(to.device.owner.did) || !access.includes(from.device.owner.did)) return
  const [basics, ...blocks] = await from.blocks(world.conversation)
  if (basics === undefined || !await conversations.holder(world.conversation).exists()) return
  const some = choices.shuffle(blocks.flatMap(block => Array.from({ length: choices.below(3) }, () => block))).slice(0, 40)
  world.count('jumble')
  world.tell(`${to.device.name} is given ${some.length} blocks of ${from.device.name} in no order`)
  world.run(async () => {
    while (some.length > 0) await conversations.merge(world.conversation, some.splice(0, choices.between(1, 8)), { durable: choices.percent(50) })
  })
}

async function misbehave (world: World, choices: Choices): Promise<void> {
  const { bad } = world
  const victim = choices.pick(alive(world).filter(replica => replica !== bad))
  if (bad?.process === undefined || victim?.process === undefined) return
  const blocks = await bad.blocks(world.conversation)
  if (blocks.length < 2) return
  const lair = await createLair(world.conversation, bad.device, world.people, blocks, world.timeline.now(), choices)
  const deed = await doEvil(lair, world.plan.deeds)
  if (deed === undefined) return
  world.count(`evil: ${deed.name}`)
  world.leakedTo.add(victim.device.owner.did)
  const { outcomes } = await victim.process.conversations.merge(world.conversation, deed.blocks)
  const verdicts = outcomes.map(outcome => outcome.ok ? outcome.kind : `${outcome.error.name}${outcome.held ? ', held' : ''}`)
  world.tell(`${bad.device.name} ${deed.name}, to ${victim.device.name}: ${[...new Set(verdicts)].join(', ')} ${outcomes.map(({ cid }) => name(cid)).join(' ').slice(0, 60)}`)
  if (!deed.refused) return
  for (const { cid } of outcomes) world.forbidden.add(cid.toString())
  if (outcomes.some(({ ok }) => ok)) world.broken(`${victim.device.name} took what ${bad.device.name} made who ${deed.name}: ${verdicts.join(', ')}`)
}

/** Somebody loses their tablet, which stays off, and revokes it. */
async function loseDevice (world: World, choices: Choices): Promise<void> {
  const lost = choices.pick(world.replicas.filter(replica => replica.device.name.endsWith('tablet') && !world.revoked.has(replica)))
  if (lost === undefined) return
  world.count('device revoked')
  world.tell(`${lost.device.name} is lost, and revoked`)
  lost.crash('killed')
  world.revoked.add(lost)
  const { owner } = lost.device
  // Later than anything that it may have written, so that the verdicts about that stay.
  const list = await revokeDevice(world.lists.get(owner.did) ?? owner.list, lost.device, START_MS + world.timeline.now() + 60_000)
  world.lists.set(owner.did, list)
  for (const replica of world.replicas) replica.directory.learn(list)
}

async function wait (world: World, choices: Choices): Promise<void> {
  const minutes = choices.between(10, 100)
  world.tell(`${minutes} minutes pass`)
  await world.timeline.pass(minutes * 60_000)
}

function name (cid: { toString(): string }): string {
  return cid.toString().slice(-6)
}
