import { expect } from 'chai'
import { createVirtualClock, silentLogger } from '@parley/core'
import { createContactCard, createDeviceKeys, createDeviceList, createPeople, createSigner, decodeContactCard, extendDeviceList, peerIdFromDid, signSuccession, type DeviceKeys, type DeviceRecord } from '@parley/identity'
import { createMemoryStore } from '@parley/network'
import { identify } from '../../src/sync/contact-cards.ts'

describe('a peer with a key that its person has replaced', () => {
  it('is nobody by a card in which that key adds it and names another successor, at an earlier time', async () => {
    const clock = createVirtualClock()
    const at = clock.now()
    const person = await createSigner(bytes(1))
    const [laptop, thief] = [await keysOf(2), await keysOf(3)]
    const begun = await createDeviceList(person, { name: 'Alice', issued: at - 100, devices: [recordOf(laptop, at - 100)] })
    const people = createPeople({ store: createMemoryStore(), logger: silentLogger })
    await people.learnList((await extendDeviceList(person, begun, { successor: await signSuccession(await createSigner(bytes(4)), { from: person.did, at: at - 10 }) }, { at: at - 10 })).bytes)
    const added = await extendDeviceList(person, begun, { add: [recordOf(thief, at - 50)] }, { at: at - 50 })
    const forged = await extendDeviceList(person, added, { successor: await signSuccession(await createSigner(bytes(5)), { from: person.did, at: at - 50 }) }, { at: at - 50 })
    const card = await decodeContactCard((await createContactCard(thief.signer, { list: forged, routes: [], issued: at, expires: at + 1000 })).bytes)
    expect((await identify(peerIdFromDid(thief.did), [card], { people, clock })).persons).to.deep.equal([])
    expect((await identify(peerIdFromDid(laptop.did), [card], { people, clock })).persons).to.deep.equal([person.did])
  })
})

function bytes (value: number): Uint8Array {
  return new Uint8Array(32).fill(value)
}

async function keysOf (value: number): Promise<DeviceKeys> {
  return await createDeviceKeys({ seed: bytes(value), sealingSecret: bytes(value + 100) })
}

function recordOf ({ did, sealing }: DeviceKeys, added: number): DeviceRecord {
  return { device: did, sealing: sealing.publicKey, name: 'device', platform: 'test', roles: ['endpoint'], capabilities: [], added }
}
