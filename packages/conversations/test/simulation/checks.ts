import { verifySignature } from '@parley/identity'
import { equals } from 'uint8arrays'
import type { ConversationState } from '../../src/index.ts'
import { frontierDigest } from '../../src/sync/frontier.ts'
import { canonicalState, differenceOf } from './canonical.ts'
import { checkFormer } from './check-former.ts'
import { checkReference } from './check-reference.ts'
import { short, type FinalLog } from './final-log.ts'
import { readBasics, readPlain, type PlainAction } from './reference/blocks.ts'
import { orderPlainly } from './reference/order.ts'
import type { Replica } from './replica.ts'
import type { World } from './world.ts'

/** Looks at a world that came to rest; returns how many actions there are. */
export async function checkEnd (world: World): Promise<number> {
  const [hub] = world.replicas.filter(({ process }) => process !== undefined)
  if (hub?.process === undefined) return 0
  const [basics, ...blocks] = await hub.blocks(world.conversation)
  if (basics === undefined) world.broken('the creator lost the conversation')
  const ordered = orderPlainly(blocks.map(readPlain))
  const log: FinalLog = {
    basics: readBasics(basics),
    ordered,
    byName: new Map(ordered.map(action => [action.name, action])),
    access: await hub.process.conversations.holder(world.conversation).access(),
    hub
  }
  const entitled = world.replicas.filter(({ process, device }) => process !== undefined && log.access.includes(device.owner.did) && device.did !== world.bad?.device.did)
  await checkSameLogs(world, log, entitled)
  await checkGenuine(world, log)
  await checkAcknowledged(world, log)
  await checkOrderAndState(world, log, entitled)
  await checkFormer(world, log)
  await checkReference(world, log)
  await checkAlive(world, ordered.length, entitled)
  return ordered.length
}

async function checkSameLogs (world: World, { byName, hub }: FinalLog, entitled: Replica[]): Promise<void> {
  const expected = await digestOf(world, hub)
  for (const replica of entitled) {
    if (equals(await digestOf(world, replica), expected)) continue
    const names = new Set((await replica.blocks(world.conversation)).slice(1).map(block => readPlain(block).name))
    const lacking = [...byName.keys()].filter(name => !names.has(name))
    const more = [...names].filter(name => !byName.has(name))
    world.broken(`${replica.device.name} lacks ${lacking.map(short).join(' ')} and has ${more.map(short).join(' ')} beyond the creator`)
  }
  const forbidden = [...byName.keys()].find(name => world.forbidden.has(name))
  if (forbidden !== undefined) world.broken(`everybody took ${short(forbidden)}, which nobody may`)
}

async function digestOf (world: World, replica: Replica): Promise<Uint8Array> {
  return frontierDigest(await replica.frontier(world.conversation))
}

/** Everything that was accepted is signed by its author, in sequence, after all that it follows. */
async function checkGenuine (world: World, { ordered, byName }: FinalLog): Promise<void> {
  for (const { name, bytes, author, seq, prev, parents, wallMs, counter } of ordered) {
    if (!await verifySignature(author, 'action', bytes.subarray(1, bytes.length - 66), bytes.subarray(bytes.length - 64))) world.broken(`${short(name)} is not signed by its author`)
    const before = prev === undefined ? undefined : byName.get(prev)
    if (seq !== (before === undefined ? 0 : before.seq + 1)) world.broken(`${short(name)} is out of sequence`)
    for (const parent of parents) {
      const seen = byName.get(parent)
      if (seen === undefined || seen.wallMs > wallMs || (seen.wallMs === wallMs && seen.counter >= counter)) world.broken(`${short(name)} is not later than ${short(parent)}`)
    }
  }
}

/** What somebody was told is kept is kept: with them always, and with everybody where they are in. */
async function checkAcknowledged (world: World, { byName, access }: FinalLog): Promise<void> {
  for (const { cid, author, by, durable, what, powerCuts } of world.acknowledged) {
    if (by.process === undefined || (!durable && by.powerCuts > powerCuts)) continue
    if (!await by.process.conversations.holder(world.conversation).covers([{ author, seq: 0, cid }])) world.broken(`${by.device.name} lost ${short(cid.toString())}: ${what}`)
    if (access.includes(by.device.owner.did) && !byName.has(cid.toString())) world.broken(`everybody lost ${short(cid.toString())} of ${by.device.name}: ${what}`)
  }
}

async function checkOrderAndState (world: World, { ordered, hub }: FinalLog, entitled: Replica[]): Promise<void> {
  const expected = ordered.map(({ name }) => name)
  const heads = headsOf(ordered)
  const seen = new Map<string, { state: ConversationState, bytes: Uint8Array, by: Replica }>()
  const softForks = new Set(world.acknowledged.filter(({ by, durable, powerCuts }) => !durable && by.powerCuts > powerCuts).map(({ by }) => by.device.did))
  for (const replica of entitled) {
    if (replica.process === undefined || replica.isKeyless) continue
    const conversation = await replica.process.conversations.open(world.conversation)
    const state = await conversation.state()
    const readable: string[] = []
    let at = 0
    for await (const { cid, content } of conversation.actions()) {
      if (cid.toString() !== expected[at++]) world.broken(`${replica.device.name} orders ${short(cid.toString())} where the plain rule has ${short(expected[at - 1] ?? '')}`)
      if (content !== undefined) readable.push(cid.toString())
    }
    if (at !== expected.length) world.broken(`${replica.device.name} shows ${at} of ${expected.length} actions`)
    if (state.heads.map(String).sort().join() !== heads.join()) world.broken(`${replica.device.name} has other heads than the blocks tell`)
    for (const did of state.forked) {
      if (did !== world.bad?.device.did && !softForks.has(did)) world.broken(`${replica.device.name} says that ${did} forked their chain`)
    }
    const bytes = canonicalState(state)
    const same = seen.get(readable.join())
    if (same === undefined) seen.set(readable.join(), { state, bytes, by: replica })
    else if (!equals(same.bytes, bytes)) world.broken(`${replica.device.name} shows otherwise than ${same.by.device.name}: ${differenceOf(state, same.state)}`)
  }
  if (hub.process === undefined) world.broken('the creator is off')
}

/** Whoever may write still can, whatever others did to the keys. */
async function checkAlive (world: World, actions: number, entitled: Replica[]): Promise<void> {
  for (const replica of entitled) {
    if (replica.process === undefined || replica.isKeyless) continue
    const conversation = await replica.process.conversations.open(world.conversation)
    const { status, participants, unreadable } = await conversation.state()
    const permission = participants.find(({ did }) => did === replica.device.owner.did)?.permission
    // Whoever was let in by somebody who gave them no keys gets them with the next action of another.
    if (unreadable >= actions) continue
    if (status === 'expired' || permission === 'read' || permission === 'comment') continue
    try {
      await conversation.append({ verb: 'add', thing: 'label', label: 'alive' })
    } catch (error) {
      world.broken(`${replica.device.name} cannot write any more: ${(error as Error).name}`)
    }
  }
}

/** Names of the actions that no other follows, sorted. */
function headsOf (ordered: readonly PlainAction[]): string[] {
  const followed = new Set(ordered.flatMap(({ parents }) => parents))
  return ordered.map(({ name }) => name).filter(name => !followed.has(name)).sort()
}
