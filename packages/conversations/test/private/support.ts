import { silentLogger, type CID } from '@parley/core'
import { createPrivateState, type Conversation, type LogPoint, type PrivateState } from '../../src/index.ts'
import { pointOf } from '../../src/private/log-point.ts'
import { carry, createWorld, type Replica, type Somebody, type World } from '../log/world.ts'

/** Alice with two devices, and Bob. */
export interface Scene {
  world: World
  alice: Somebody
  phone: Replica
  tablet: Replica
  bob: Replica
}

export async function createScene (seed = 1): Promise<Scene> {
  const world = createWorld(seed)
  const alice = await world.somebody('Alice')
  const bob = await world.somebody('Bob')
  const tablet = await world.device(alice)
  const phone = await world.replica(alice)
  await (await phone.conversations.home()).share()
  return { world, alice, phone, tablet: await world.replica(tablet), bob: await world.replica(bob) }
}

export async function privateStateOf ({ conversations, who }: Replica): Promise<PrivateState> {
  return createPrivateState({ home: await conversations.home(), device: who.device.did, logger: silentLogger })
}

/** Brings two replicas to the same log. */
export async function meet (a: Replica, b: Replica, id: CID): Promise<void> {
  await carry(a, b, id)
  await carry(b, a, id)
}

export async function meetAtHome (a: Replica, b: Replica): Promise<void> {
  await meet(a, b, (await a.conversations.home()).id)
}

/** Returns where the newest action of a conversation stands. */
export async function newestOf (conversation: Conversation): Promise<LogPoint> {
  let newest: LogPoint | undefined
  for await (const action of conversation.actions()) newest = pointOf(action)
  if (newest === undefined) throw new Error('the conversation is empty')
  return newest
}

let count = 0
/** A message nobody sent before. */
export const message = (body: string) => ({ verb: 'add', thing: 'message', message: new Uint8Array(16).map((_zero, index) => index === 0 ? ++count & 255 : index === 1 ? count >> 8 : 7), body }) as const
