import { type CID, type Store, cidOf, createSystemClock, encodeCanonical, silentLogger as logger, systemRandom as random } from '@parley/core'
import { createDeviceKeys, createDeviceList, createPeople, createSigner } from '@parley/identity'
import { type Network, createMemoryStore, createNetwork } from '@parley/network'
import { openLevelStore } from '@parley/network/node'
import { expect } from 'chai'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRecording, createVoiceKeeper, createVoiceKey, readVoice, uploadVoice } from '../src/index.ts'
import { packets, speak } from './world.ts'

const TCP = '/ip4/127.0.0.1/tcp/0'

describe('a message over real connections to a real disk', () => {
  const stops: Array<() => Promise<void>> = []
  const node = async (store: Store, seed: Uint8Array, listen: string[]): Promise<Network> => {
    const network = await createNetwork({ store, logger }, { seed, listen })
    stops.unshift(async () => { await network.stop() })
    return network
  }

  afterEach(async () => { for (const stop of stops.splice(0)) await stop() })

  it('is stored while it is spoken, heard while it is spoken, and its keeper forgets nothing in between', async () => {
    const clock = createSystemClock()
    const folder = await mkdtemp(join(tmpdir(), 'parley-voice-'))
    const kept = await openLevelStore(folder)
    stops.push(async () => {
      await kept.close()
      await rm(folder, { recursive: true })
    })
    const device = await createDeviceKeys({ seed: random(32), sealingSecret: random(32) })
    const people = createPeople({ store: kept, logger })
    const list = await createDeviceList(await createSigner(random(32)), {
      name: 'Alice', issued: clock.now(), devices: [{ device: device.did, sealing: device.sealing.publicKey, name: 'phone', platform: 'test', roles: ['endpoint'], capabilities: [], added: clock.now() - 1 }]
    })
    await people.learnList(list.bytes)
    const keeping = await node(kept, random(32), [TCP])
    const keeper = await createVoiceKeeper({ store: kept, network: keeping, people, clock, logger }, { authorise: async () => ({ ok: true }) })
    stops.unshift(async () => { await keeper.stop() })
    const target = { peer: keeping.peerId, addresses: keeping.addresses() }
    const store = createMemoryStore()
    const id: CID = cidOf(encodeCanonical({ any: 1 }))
    const recording = createRecording({ store, device, clock, random, logger }, { ...createVoiceKey({ random }), conversation: id, action: id })
    const upload = uploadVoice({ network: await node(store, device.seed, []), store, clock, random, logger }, recording, target)
    const begun = new Promise<void>(resolve => { upload.on('acknowledged', () => { resolve() }) })
    const spoken = packets(130, random)
    await speak(recording, spoken.slice(0, 20))
    await begun
    const own = createMemoryStore()
    const listener = { network: await node(own, random(32), []), store: own, clock, logger }
    const heard = (async () => {
      const list = []
      for await (const piece of readVoice(listener, { voice: recording.voice, key: recording.key, speaker: device.did, from: [target] })) list.push(...piece.packets)
      return list
    })()
    await speak(recording, spoken.slice(20))
    const { manifest } = await recording.finish()
    expect(await upload.done).to.deep.equal({ acknowledged: 4, stored: true })
    expect(await heard).to.deep.equal(spoken)
    expect(await kept.getBlock(manifest.cid)).to.deep.equal(manifest.bytes)
    const later = readVoice({ ...listener, store: createMemoryStore() }, { voice: recording.voice, key: recording.key, speaker: device.did, manifest: manifest.cid, from: [target], startIndex: 2 })
    const indices = []
    for await (const { index, isMissing } of later) indices.push([index, isMissing])
    expect(indices).to.deep.equal([[2, false], [3, false]])
  }).timeout(20_000)
})
