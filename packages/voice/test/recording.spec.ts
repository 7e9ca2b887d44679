import { silentLogger } from '@parley/core'
import { expect } from 'chai'
import { openRecording, openSegment, recoverRecordings, verifySegment } from '../src/index.ts'
import { createFailingStore } from './failing-store.ts'
import { createWorld, packets, speak } from './world.ts'

describe('a recording', () => {
  it('is cut into a short segment and then segments of a second, journaled in order', async () => {
    const world = await createWorld()
    const recording = world.record()
    const events: number[] = []
    recording.on('segment', ({ index }) => { events.push(index) })
    await speak(recording, packets(125, world.random))
    const { content, manifest } = await recording.finish()
    expect(content.samples).to.deep.equal([9600, 48_000, 48_000, 14_400])
    expect(content.durationMs).to.equal(Math.round((120_000 - 312) / 48))
    expect(events).to.deep.equal([0, 1, 2, 3])
    expect(manifest.segments).to.have.length(4)
  })

  it('seals to multiples of 512 bytes that the key opens to the packets that were spoken', async () => {
    const world = await createWorld()
    const recording = world.record()
    const spoken = packets(70, world.random)
    await speak(recording, spoken)
    const { manifest } = await recording.finish()
    const heard = []
    for (const cid of manifest.segments) {
      const segment = await verifySegment(world.alice.signer.publicKey, await world.spoken.getBlock(cid) ?? new Uint8Array())
      expect(segment.sealed.byteLength % 512).to.equal(0)
      heard.push(...openSegment(recording.key, segment).packets)
    }
    expect(heard).to.deep.equal(spoken)
  })

  it('keeps its key sealed: the store alone does not have it', async () => {
    const world = await createWorld()
    const recording = world.record()
    await speak(recording, packets(30, world.random))
    await recording.finish()
    const hex = Buffer.from(recording.key).toString('hex')
    for (const change of world.spoken.commits.flat()) {
      const bytes = change.type === 'put' ? change.value : change.type === 'block' ? change.bytes : new Uint8Array()
      expect(Buffer.from(bytes).toString('hex')).not.to.include(hex)
    }
  })

  it('says so when its own disk is full, keeps what is said and goes on', async () => {
    const world = await createWorld()
    const recording = world.record()
    const told: string[] = []
    recording.on('paused', ({ reason }) => { told.push(reason) })
    recording.on('resumed', () => { told.push('resumed') })
    await world.settle()
    world.spoken.trouble = 'full'
    await speak(recording, packets(100, world.random))
    await world.until(() => told.includes('full'))
    world.spoken.trouble = undefined
    await world.until(() => told.includes('resumed'))
    const { content } = await recording.finish()
    expect(content.samples.reduce((sum, count) => sum + count, 0)).to.equal(96_000)
    expect(told).to.deep.equal(['full', 'resumed'])
  })

  it('makes who adds wait while too much is on its way to a full disk', async () => {
    const world = await createWorld()
    const recording = world.record({ maxWaiting: 2 })
    await world.settle()
    world.spoken.trouble = 'full'
    let added = 0
    const speaking = (async () => {
      for (const packet of packets(500, world.random)) {
        await recording.add(packet)
        added++
      }
    })()
    await world.settle()
    expect(added).to.be.below(130)
    world.spoken.trouble = undefined
    await world.until(() => added === 500)
    await speaking
  })

  it('refuses to get longer than allowed, and can still be finished', async () => {
    const world = await createWorld()
    const recording = world.record({ maxSegments: 3 })
    let error: Error | undefined
    try {
      await speak(recording, packets(300, world.random))
    } catch (cause) {
      error = cause as Error
    }
    expect(error?.name).to.equal('VoiceTooLongError')
    expect((await recording.finish()).segments).to.equal(3)
  })

  it('in which nothing was said has no segment', async () => {
    const world = await createWorld()
    expect((await world.record().finish({ cutOff: true })).segments).to.equal(0)
  })

  it('that is interrupted by the abort of its signal rejects with its reason', async () => {
    const world = await createWorld()
    const controller = new AbortController()
    const recording = world.record({ signal: controller.signal })
    await world.settle()
    world.spoken.trouble = 'full'
    await speak(recording, packets(20, world.random))
    controller.abort(new RangeError('enough'))
    let error: unknown
    await recording.finish().catch((cause: unknown) => { error = cause })
    expect(error).to.equal(controller.signal.reason)
  })
})

describe('a recording that a kill interrupted', () => {
  it('at any commit has all its journaled segments, is closed once and stays until it is released', async () => {
    for (let kill = 0; kill <= 6; kill++) {
      const world = await createWorld({ seed: kill + 1 })
      world.spoken.commitsLeft = kill
      const recording = world.record()
      const speaking = speak(recording, packets(130, world.random)).then(async () => await recording.finish({ cutOff: false }))
      void speaking.catch(() => {})
      await world.settle()
      await world.until(() => world.spoken.commitsLeft === 0 || recording.finished !== undefined)
      await world.settle()
      const journaled = recording.segments
      const store = createFailingStore(world.spoken)
      world.spoken.commitsLeft = Infinity
      const components = { store, device: world.alice, clock: world.clock, random: world.random, logger: silentLogger }
      const [recovered, ...others] = await recoverRecordings(components)
      expect(others).to.have.length(0)
      if (kill === 0) {
        expect(recovered).to.equal(undefined)
        continue
      }
      expect(recovered?.segments, `killed after ${kill} commits`).to.equal(journaled)
      expect(recovered?.finished?.content.cutOff).to.equal(kill < 5)
      expect(recovered?.key).to.deep.equal(recording.key)
      const [again] = await recoverRecordings(components)
      expect(again?.finished?.manifest.cid.toString()).to.equal(recovered?.finished?.manifest.cid.toString())
      await again?.release()
      expect(await recoverRecordings(components)).to.have.length(0)
      expect((await openRecording(components, recording.voice)).segments).to.equal(journaled)
    }
  })
})
