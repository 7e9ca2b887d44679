import { equals } from 'uint8arrays'
import { frontierDigest } from '../../src/sync/frontier.ts'
import { hexOf } from './reference/blocks.ts'
import type { Replica } from './replica.ts'
import type { World } from './world.ts'

/** Rounds in which everybody syncs with the creator, until nothing changes; forks need one more than others. */
const MAX_ROUNDS = 6

/** Lets everything heal: all are on, reach each other and know everybody's devices, and sync until it is quiet. */
export async function settleAll (world: World): Promise<void> {
  world.tell('everything heals')
  world.network.heal()
  world.network.weather = { breakPercent: 0, latencyMs: 0, slowPercent: 0, areClocksRight: true }
  for (let turn = 0; turn < 50 && world.running.size > 0; turn++) await world.timeline.pass(20_000)
  if (world.failures[0] !== undefined) throw world.failures[0]
  if (world.running.size > 0) world.broken(`${world.running.size} things go on and on`)
  for (const replica of world.replicas) {
    if (replica.process === undefined && !world.revoked.has(replica)) await replica.start()
    for (const list of world.lists.values()) replica.directory.learn(list)
  }
  // What was refused for being of the future is of the past now.
  await world.timeline.pass(300_000)
  const [hub, ...others] = world.replicas.filter(replica => replica.process !== undefined)
  if (hub === undefined) return
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const before = await digests(world)
    for (const other of others) {
      // Whoever has the same has nothing to say; in the first round all do, since they may have just started.
      if (round === 0 || !equals(await digestOf(world, other), await digestOf(world, hub))) await syncQuietly(world, other, hub, round)
    }
    const after = await digests(world)
    const isQuiet = before.length === after.length && before.every((digest, number) => equals(digest, after[number] ?? new Uint8Array()))
    if (round > 0 && isQuiet) return
  }
  world.broken(`it is not quiet after ${MAX_ROUNDS} rounds`)
}

async function digests (world: World): Promise<Uint8Array[]> {
  return await Promise.all(world.replicas.map(async replica => await digestOf(world, replica)))
}

async function digestOf (world: World, replica: Replica): Promise<Uint8Array> {
  return frontierDigest(await replica.frontier(world.conversation))
}

async function syncQuietly (world: World, from: Replica, to: Replica, round: number): Promise<void> {
  const [ours, theirs] = [await frontierText(world, from), await frontierText(world, to)]
  let ended: { name: string | undefined } | undefined
  from.sync(world.conversation, to).then(name => { ended = { name } }, (error: unknown) => { ended = { name: (error as Error).name } })
  for (let turn = 0; turn < 100 && ended === undefined; turn++) await world.timeline.pass(turn < 3 ? 0 : 1000)
  const name = ended === undefined ? 'no end' : ended.name
  if (name !== undefined) world.tell(`round ${round}: ${from.device.name} with ${to.device.name}: ${name}`)
  if (name === undefined || from === world.bad) return
  const access = await to.process?.conversations.holder(world.conversation).access() ?? []
  const isIn = access.includes(from.device.owner.did)
  // Whoever was never in, or is out, may be turned away.
  world.tell(`${from.device.name} had ${ours}`)
  world.tell(`${to.device.name} had ${theirs}`)
  // Whoever knows one branch of a fork alone may be kept from the other until the next time.
  if (name === 'UnservedFrontierError' && round < MAX_ROUNDS - 2) {
    world.count('unserved in peace')
    return
  }
  if (isIn || name !== 'NotAllowedError') world.broken(`in peace the sync of ${from.device.name} with ${to.device.name} ended with ${name}`)
}

/** Returns what a replica has of each author, for people. */
async function frontierText (world: World, replica: Replica): Promise<string> {
  const names = new Map(world.replicas.map(({ device }) => [hexOf(device.keys.signer.publicKey), device.name]))
  const entries = await replica.frontier(world.conversation)
  return entries.map(({ author, seq, cid }) => `${names.get(hexOf(author)) ?? '?'} ${seq} ${cid.toString().slice(-6)}`).sort().join(', ')
}
