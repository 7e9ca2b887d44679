import { silentLogger } from '@parley/core'
import { createContactCard, createDeviceList, createPeople, createSigner } from '@parley/identity'
import { createMemoryStore } from '@parley/network'
import { expect } from 'chai'
import { type UploadInit } from '../src/index.ts'
import { ended, upload } from './uploading.ts'
import { type World, createWorld, packets, speak } from './world.ts'

describe('a keeper restarted while somebody spoke', () => {
  it('gives the speaker the grace period, then cuts off, exactly once over any number of restarts', async () => {
    const world = await createWorld()
    let keeper = await world.keep()
    const recording = world.record()
    const controller = new AbortController()
    const sent = upload(world, recording, { signal: controller.signal })
    await speak(recording, packets(70, world.random))
    await world.until(() => sent.acknowledged === 2)
    await keeper.stop()
    controller.abort()
    const ends: string[] = []
    for (let restart = 0; restart < 4; restart++) {
      keeper = await world.keep()
      keeper.on('ended', ({ record }) => { ends.push(record.state) })
      await world.clock.advance(restart === 0 ? 10_000 : 31_000)
      await world.settle()
      await keeper.stop()
    }
    expect(ends).to.deep.equal(['cut-off'])
  })
})

describe('who may leave a message', () => {
  const refusal = async (world: World, init: UploadInit = {}, device = world.alice): Promise<unknown> => {
    const recording = world.record()
    await speak(recording, packets(20, world.random))
    await recording.finish()
    const { error } = await ended(world, upload(world, recording, init, device))
    return (error as { reason?: string } | undefined)?.reason ?? error?.name
  }

  it('is not a device that nobody lists', async () => {
    const world = await createWorld()
    await world.keep()
    expect(await refusal(world, {}, world.bob)).to.equal('unknown-device')
  })

  it('is not a device without the role of an endpoint', async () => {
    const world = await createWorld({ aliceRoles: ['proxy'] })
    await world.keep()
    expect(await refusal(world)).to.equal('not-an-endpoint')
  })

  it('is not whom the node does not want', async () => {
    const world = await createWorld()
    await world.keep({ authorise: async () => ({ ok: false, reason: 'blocked' }) })
    expect(await refusal(world)).to.equal('not-allowed')
  })

  it('is not who speaks too many at once; that passes, and is told when it does not', async () => {
    const world = await createWorld()
    const keeper = await world.keep({ maxCapturesPerPeer: 1 })
    const first = world.record()
    await speak(first, packets(20, world.random))
    const sent = upload(world, first)
    await world.until(() => sent.acknowledged === 1)
    expect(await refusal(world, { graceMs: 1000 })).to.equal('KeeperUnreachableError')
    expect(keeper.refusals().busy).to.be.above(0)
  })

  it('is a device whose card comes with the message', async () => {
    const world = await createWorld()
    const person = await createSigner(new Uint8Array(32).fill(51))
    const now = world.clock.now()
    const list = await createDeviceList(person, { name: 'Bob', issued: now, devices: [{ device: world.bob.did, sealing: world.bob.sealing.publicKey, name: 'phone', platform: 'test', roles: ['endpoint'], capabilities: [], added: now - 1 }] })
    const { bytes: card } = await createContactCard(world.bob.signer, { list, routes: [], issued: now, expires: now + 60_000 })
    world.people = createPeople({ store: createMemoryStore(), logger: silentLogger })
    await world.keep()
    const recording = world.record()
    await recording.finish()
    expect(await ended(world, upload(world, recording, { card }, world.bob))).to.deep.equal({ acknowledged: 0, stored: true })
  })

  it('is not a device that sends segments of another', async () => {
    const world = await createWorld()
    const person = await createSigner(new Uint8Array(32).fill(52))
    const now = world.clock.now()
    const list = await createDeviceList(person, { name: 'Bob', issued: now, devices: [{ device: world.bob.did, sealing: world.bob.sealing.publicKey, name: 'phone', platform: 'test', roles: ['endpoint'], capabilities: [], added: now - 1 }] })
    await world.people.learnList(list.bytes)
    await world.keep()
    expect(await refusal(world, {}, world.bob)).to.equal('forged')
  })
})
