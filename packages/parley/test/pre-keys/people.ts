import { createSeededRandom } from '@parley/core'
import { createContactCard, publicKeyFromDid, type Did } from '@parley/identity'
import { createPreKeyClient, type PreKeyClient } from '../../src/index.ts'
import { MAX_PRE_KEY_FRAME_BYTES, PRE_KEY_PROTOCOL, preKeyFrameCodec, type FrameOf, type PreKeyFrame } from '../../src/pre-keys/frames.ts'
import { createCast, type Cast, type Node } from '../policy/cast.ts'

/** Somebody else on the network of `cast`, who knows its person and is known by card alone. */
export interface Other {
  cast: Cast
  node: Node
  did: Did
  client(): Promise<PreKeyClient>
}

export async function createOther (cast: Cast, seed: number): Promise<Other> {
  const own = await createCast({ phone: ['endpoint'] }, seed)
  const node = await own.node('phone')
  await own.networks.stop()
  const network = await cast.networks.join(node.keys.seed)
  await node.people.learnList(cast.list.bytes)
  const card = await createContactCard(node.keys.signer, { list: own.list, routes: [], issued: cast.clock.now(), expires: cast.clock.now() + 1e12 })
  await node.people.learnCard(card.bytes)
  const joined = { ...node, network, clock: cast.clock }
  return {
    cast: own,
    node: joined,
    did: own.person.did,
    client: async () => await createPreKeyClient({ ...joined, random: createSeededRandom(seed + 1000) }, { person: own.person.did })
  }
}

/** Sends frames as a hostile peer would, and returns what comes back to the last, or the refusal. */
export async function say (from: Node, to: Node, frames: PreKeyFrame[]): Promise<PreKeyFrame | undefined> {
  const stream = await from.network.open(to.route, PRE_KEY_PROTOCOL, { maxFrameBytes: MAX_PRE_KEY_FRAME_BYTES })
  let last: PreKeyFrame | undefined
  for (const frame of frames) {
    await stream.send(preKeyFrameCodec.encode(frame))
    const bytes = await stream.receive()
    last = bytes === undefined ? undefined : preKeyFrameCodec.decode(bytes)
    if (last?.type === 'refuse') break
  }
  await stream.close()
  return last
}

export function takeFrame (person: Did, asker: Did, devices: Did[], count: number): FrameOf<'take'> {
  const wanted = devices.map(device => ({ device: publicKeyFromDid(device).slice(), count })).sort((a, b) => Buffer.compare(a.device, b.device))
  return { v: 1, type: 'take', person: publicKeyFromDid(person).slice(), asker: publicKeyFromDid(asker).slice(), card: null, wanted }
}
