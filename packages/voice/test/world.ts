import { type CID, type RandomBytes, type Store, type VirtualClock, cidOf, createSeededRandom, createVirtualClock, encodeCanonical, silentLogger } from '@parley/core'
import { type DeviceKeys, type People, type Role, createDeviceKeys, createDeviceList, createPeople, createSigner, peerIdFromDid } from '@parley/identity'
import type { OpusPacket } from '@parley/media'
import { type PeerTarget, createMemoryStore } from '@parley/network'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Recording, type RecordingInit, type VoiceKeeper, type VoiceKeeperInit, createRecording, createVoiceKeeper, createVoiceKey } from '../src/index.ts'
import { type FailingStore, createFailingStore } from './failing-store.ts'
import { type Loopback, createLoopback } from './loopback.ts'

export const CONVERSATION: CID = cidOf(encodeCanonical({ conversation: 1 }))
export const ACTION: CID = cidOf(encodeCanonical({ action: 1 }))

export interface World {
  clock: VirtualClock
  random: RandomBytes
  loopback: Loopback
  alice: DeviceKeys
  bob: DeviceKeys
  proxy: DeviceKeys
  target: PeerTarget
  /** The speaker's store and the keeper's. */
  spoken: FailingStore
  kept: FailingStore
  people: People
  record(init?: Partial<RecordingInit>): Recording
  keep(init?: Partial<VoiceKeeperInit>): Promise<VoiceKeeper>
  /** Lets time pass until something is so. */
  until(claim: () => boolean | undefined, what?: string): Promise<void>
  settle(): Promise<void>
}

const keys = new Map<number, Promise<DeviceKeys>>()

/** The same keys in every test: deriving them takes longer than most tests. */
export async function deviceKeys (number: number): Promise<DeviceKeys> {
  const known = keys.get(number) ?? createDeviceKeys({ seed: new Uint8Array(32).fill(number), sealingSecret: new Uint8Array(32).fill(number + 100) })
  keys.set(number, known)
  return await known
}

export async function createWorld ({ seed = 1, aliceRoles = ['endpoint'] }: { seed?: number, aliceRoles?: Role[] } = {}): Promise<World> {
  const clock = createVirtualClock()
  const random = createSeededRandom(seed)
  const loopback = createLoopback()
  const [alice, bob, proxy] = await Promise.all([deviceKeys(1), deviceKeys(2), deviceKeys(3)])
  const spoken = createFailingStore(createMemoryStore())
  const kept = createFailingStore(createMemoryStore())
  const people = createPeople({ store: createMemoryStore(), logger: silentLogger })
  const list = await createDeviceList(await createSigner(new Uint8Array(32).fill(50)), {
    name: 'Alice', issued: clock.now(), devices: [{ device: alice.did, sealing: alice.sealing.publicKey, name: 'phone', platform: 'test', roles: aliceRoles, capabilities: [], added: clock.now() - 1 }]
  })
  await people.learnList(list.bytes)
  const keeperPeer = peerIdFromDid(proxy.did)
  const world: World = {
    clock, random, loopback, alice, bob, proxy, spoken, kept, people,
    target: { peer: keeperPeer, addresses: [] },
    record: init => createRecording({ store: spoken, device: alice, clock, random, logger: silentLogger }, { ...createVoiceKey({ random }), conversation: CONVERSATION, action: ACTION, ...init }),
    keep: async init => await createVoiceKeeper({ store: world.kept, network: loopback.join(keeperPeer), people: world.people, clock, logger: silentLogger }, { authorise: async () => ({ ok: true }), ...init }),
    async until (claim, what = 'what was waited for') {
      for (let turn = 0; turn < 20_000; turn++) {
        if (claim() === true) return
        for (let pause = 0; pause < 3; pause++) await nextTurn()
        await clock.advance(5)
      }
      throw new RangeError(`${what} did not happen`)
    },
    async settle () {
      for (let turn = 0; turn < 30; turn++) await nextTurn()
    }
  }
  return world
}

export function networkOf (world: World, device: DeviceKeys): ReturnType<Loopback['join']> & { blocks: { get(): Promise<Uint8Array> } } {
  return { ...world.loopback.join(peerIdFromDid(device.did)), blocks: { get: async () => { throw new RangeError('no block exchange here') } } }
}

/** Packets of 20 ms; `sizes` vary as speech does. The TOC byte says 20 ms of CELT, mono. */
export function packets (count: number, random: RandomBytes): OpusPacket[] {
  return Array.from({ length: count }, (_, index) => {
    const data = random(40 + index % 50)
    data[0] = 0xf8
    return { data, samples: 960 }
  })
}

/** Speaks packets into a recording. */
export async function speak (recording: Recording, spoken: OpusPacket[]): Promise<void> {
  for (const packet of spoken) await recording.add(packet)
}

/** Reads the indices of the blocks that a keeper has of a message. */
export async function storedIndices (store: Store, name: string): Promise<number[]> {
  const indices: number[] = []
  for await (const { key } of store.entries(`/voice/kept/${name}/`)) indices.push(Number(key.split('/').at(-1)))
  return indices
}
