import { silentLogger } from '@parley/core'
import { publicKeyFromDid } from '@parley/identity'
import { expect } from 'chai'
import fc from 'fast-check'
import { type CaptureRecord, openRecording, verifySegment, voiceName } from '../src/index.ts'
import { decodeReply, decodeRequest } from '../src/frames.ts'
import { ended, upload } from './uploading.ts'
import { type World, createWorld, networkOf, packets, speak, storedIndices } from './world.ts'

describe('an upload while somebody speaks', () => {
  it('is acknowledged segment by segment and stored', async () => {
    const world = await createWorld()
    const keeper = await world.keep()
    const records: CaptureRecord[] = []
    keeper.on('ended', ({ record }) => { records.push(record) })
    const recording = world.record()
    const sent = upload(world, recording, { context: new Uint8Array([1, 2]) })
    const told: number[] = []
    sent.on('acknowledged', ({ index }) => { told.push(index) })
    await speak(recording, packets(70, world.random))
    await world.until(() => told.length === 2)
    await speak(recording, packets(60, world.random))
    const { manifest } = await recording.finish()
    expect(await ended(world, sent)).to.deep.equal({ acknowledged: 4, stored: true })
    expect(told).to.deep.equal([0, 1, 2, 3])
    expect(records).to.have.length(1)
    expect(records[0]).to.include({ state: 'complete', segments: 4, speaker: world.alice.did })
    expect(records[0]?.context).to.deep.equal(new Uint8Array([1, 2]))
    expect(records[0]?.manifest?.toString()).to.equal(manifest.cid.toString())
    expect(await world.kept.getBlock(manifest.cid)).to.deep.equal(manifest.bytes)
  })

  it('never shows its keeper what was said', async () => {
    const world = await createWorld()
    await world.keep()
    const recording = world.record()
    const spoken = packets(60, world.random)
    await speak(recording, spoken)
    await recording.finish()
    await ended(world, upload(world, recording))
    const held = world.kept.commits.flat().map(change => Buffer.from(change.type === 'put' ? change.value : change.type === 'block' ? change.bytes : new Uint8Array()).toString('latin1')).join('|')
    for (const { data } of spoken) expect(held.includes(Buffer.from(data).toString('latin1'))).to.equal(false)
    expect(held.includes(Buffer.from(recording.key).toString('latin1'))).to.equal(false)
  })

  it('of a message that is finished already works the same, from the journal alone', async () => {
    const world = await createWorld()
    await world.keep()
    const recording = world.record()
    await speak(recording, packets(120, world.random))
    await recording.finish({ cutOff: true, reason: 'hung up' })
    const again = await openRecording({ store: world.spoken, device: world.alice, clock: world.clock, random: world.random, logger: silentLogger }, recording.voice)
    expect(await ended(world, upload(world, again))).to.deep.equal({ acknowledged: 4, stored: true })
    // Sent once more, it is found stored.
    expect(await ended(world, upload(world, again))).to.deep.equal({ acknowledged: 4, stored: true })
  })

  it('commits what the caller adds in the same commit as the record', async () => {
    const world = await createWorld()
    await world.keep({ onChange: record => [{ type: 'put', key: '/test/state', value: new TextEncoder().encode(record.state) }] })
    const recording = world.record()
    await speak(recording, packets(20, world.random))
    await recording.finish()
    await ended(world, upload(world, recording))
    for (const changes of world.kept.commits) {
      const keys = changes.map(change => change.type === 'block' ? '' : change.key)
      expect(keys).to.include('/test/state')
      expect(keys).to.include(`/voice/capture/${voiceName(recording.voice)}`)
    }
    expect(new TextDecoder().decode(await world.kept.get('/test/state'))).to.equal('complete')
  })

  it('stops when its signal aborts, and the keeper cuts it off after the grace period, once', async () => {
    const world = await createWorld()
    const keeper = await world.keep({ graceMs: 1000 })
    const ends: CaptureRecord[] = []
    keeper.on('ended', ({ record }) => { ends.push(record) })
    const controller = new AbortController()
    const recording = world.record()
    const sent = upload(world, recording, { signal: controller.signal })
    await speak(recording, packets(70, world.random))
    await world.until(() => sent.acknowledged === 2)
    controller.abort(new RangeError('enough'))
    let reason: unknown
    await sent.done.catch((error: unknown) => { reason = error })
    expect(reason).to.equal(controller.signal.reason)
    await world.until(() => ends.length > 0)
    await world.clock.advance(100_000)
    expect(ends).to.have.length(1)
    expect(ends[0]).to.include({ state: 'cut-off', segments: 2, reason: 'the connection was lost' })
  })
})

describe('a keeper whose disk cannot be written', () => {
  it('tells the speaker in words, keeps what it has, and goes on when there is room', async () => {
    const world = await createWorld()
    await world.keep()
    const recording = world.record()
    const sent = upload(world, recording)
    const told: string[] = []
    sent.on('paused', ({ detail }) => { told.push(detail) })
    sent.on('resumed', () => { told.push('resumed') })
    await speak(recording, packets(70, world.random))
    await world.until(() => sent.acknowledged === 2)
    world.kept.trouble = 'full'
    await speak(recording, packets(200, world.random))
    await world.until(() => told.length > 0)
    expect(sent.acknowledged).to.equal(2)
    expect(await storedIndices(world.kept, voiceName(recording.voice))).to.deep.equal([0, 1])
    // Longer than every time-out: the keeper lives and says so.
    await world.clock.advance(200_000)
    world.kept.trouble = undefined
    await recording.finish()
    expect(await ended(world, sent)).to.deep.equal({ acknowledged: 7, stored: true })
    expect(told).to.deep.equal(['The disk is full', 'resumed'])
  })

  it('says so too when the very first write fails, for a missing folder', async () => {
    const world = await createWorld()
    await world.keep()
    world.kept.trouble = 'missing'
    const recording = world.record()
    await speak(recording, packets(20, world.random))
    await recording.finish()
    const sent = upload(world, recording)
    let reason: string | undefined
    sent.on('paused', trouble => { reason = trouble.reason })
    await world.until(() => reason === 'missing')
    world.kept.trouble = undefined
    expect((await ended(world, sent)).stored).to.equal(true)
  })
})

describe('an upload whose connection breaks', () => {
  it('goes on exactly behind what was acknowledged, wherever it is cut', async () => {
    const frames = await framesOfOne()
    expect(frames).to.be.above(8)
    for (let cut = 0; cut < frames; cut++) {
      const world = await createWorld({ seed: cut + 7 })
      const keeper = await world.keep()
      let ends = 0
      keeper.on('ended', () => { ends++ })
      world.loopback.fate = () => world.loopback.sent.length - 1 === cut ? 'cut' : 'deliver'
      const recording = world.record()
      await speak(recording, packets(120, world.random))
      await recording.finish()
      expect(await ended(world, upload(world, recording)), `cut at frame ${cut}`).to.deep.equal({ acknowledged: 4, stored: true })
      expect(await storedIndices(world.kept, voiceName(recording.voice))).to.deep.equal([0, 1, 2, 3])
      expect(ends).to.equal(1)
      await goesOnWhereItWasOpened(world)
      await keeper.stop()
    }
  })

  it('survives any sequence of cuts and keeper restarts: acknowledged is stored, contiguous, and ends once', async () => {
    await fc.assert(fc.asyncProperty(fc.nat(), fc.array(fc.record({ after: fc.integer({ min: 1, max: 25 }), kind: fc.constantFrom('cut', 'restart', 'kill') }), { maxLength: 5 }), async (seed, faults) => {
      const world = await createWorld({ seed })
      let keeper = await world.keep()
      const recording = world.record()
      const sent = upload(world, recording, { window: 1 + seed % 5 })
      const name = voiceName(recording.voice)
      void speak(recording, packets(420, world.random)).then(async () => await recording.finish())
      const told: number[] = []
      sent.on('acknowledged', ({ index }) => { told.push(index) })
      for (const { after, kind } of faults) {
        const goal = world.loopback.sent.length + after
        await world.until(() => world.loopback.sent.length >= goal || told.length === 10)
        world.loopback.cutAll()
        if (kind === 'restart') {
          await keeper.stop()
          keeper = await world.keep()
        } else if (kind === 'kill') {
          world.kept = world.kept.kill()
          keeper = await world.keep()
        }
        const stored = await storedIndices(world.kept, name)
        expect(stored).to.deep.equal(stored.map((_, index) => index))
        expect(stored.length).to.be.at.least(told.length)
      }
      const result = await ended(world, sent)
      expect(result).to.deep.equal({ acknowledged: 10, stored: true })
      expect(told).to.deep.equal(told.map((_, index) => index))
      expect(await storedIndices(world.kept, name)).to.have.length(10)
      const terminal = world.kept.commits.flat().filter(change => change.type === 'delete' && change.key === `/voice/capturing/${name}`)
      expect(terminal).to.have.length(1)
    }), { numRuns: 25 })
  }).timeout(30_000)

  it('gives up after the grace period and says how much is kept', async () => {
    const world = await createWorld()
    await world.keep()
    const recording = world.record()
    const sent = upload(world, recording, { graceMs: 2000 })
    await speak(recording, packets(70, world.random))
    await world.until(() => sent.acknowledged === 2)
    world.loopback.isDown = true
    world.loopback.cutAll()
    const { stored, acknowledged, error } = await ended(world, sent)
    expect({ stored, acknowledged, name: error?.name }).to.deep.equal({ stored: false, acknowledged: 2, name: 'KeeperUnreachableError' })
  })

  it('learns that it was cut off when it comes back after the grace period of the keeper', async () => {
    const world = await createWorld()
    await world.keep({ graceMs: 500 })
    const recording = world.record()
    const sent = upload(world, recording)
    await speak(recording, packets(70, world.random))
    await world.until(() => sent.acknowledged === 2)
    world.loopback.isDown = true
    world.loopback.cutAll()
    await world.clock.advance(1000)
    await world.settle()
    world.loopback.isDown = false
    const { stored, error } = await ended(world, sent)
    expect({ stored, name: error?.name }).to.deep.equal({ stored: false, name: 'CaptureEndedError' })
  })

  it('notices a keeper that owes an answer and is silent', async () => {
    const world = await createWorld()
    const handled: number[] = []
    const dead = networkOf(world, world.proxy)
    const stop = await dead.handle('/parley/voice/1', async stream => {
      handled.push(1)
      await stream.receive()
      await new Promise<never>(() => {})
    })
    const recording = world.record()
    await speak(recording, packets(20, world.random))
    await recording.finish()
    const sent = upload(world, recording, { answerTimeoutMs: 1000 })
    await world.until(() => handled.length > 0)
    await world.clock.advance(1100)
    await stop()
    await world.keep()
    expect((await ended(world, sent)).stored).to.equal(true)
  })
})

/** How many frames a message of four segments takes when nothing goes wrong. */
async function framesOfOne (): Promise<number> {
  const world = await createWorld()
  await world.keep()
  const recording = world.record()
  await speak(recording, packets(120, world.random))
  await recording.finish()
  await ended(world, upload(world, recording))
  for (const { from, frame } of world.loopback.sent) {
    const decoded = from === world.target.peer ? decodeReply(frame) : decodeRequest(frame)
    if (decoded.type === 'segment') await verifySegment(publicKeyFromDid(world.alice.did), decoded.block)
  }
  return world.loopback.sent.length
}

/** On every stream the segments begin where the keeper said, and follow one another. */
async function goesOnWhereItWasOpened (world: World): Promise<void> {
  let next: number | undefined
  let kept = 0
  for (const { from, frame } of world.loopback.sent) {
    if (from === world.target.peer) {
      const reply = decodeReply(frame)
      if (reply.type === 'opened') next = reply.next
      if (reply.type === 'opened') expect(reply.next).to.be.at.least(kept)
      if (reply.type === 'ack') kept = Math.max(kept, reply.index + 1)
      continue
    }
    const request = decodeRequest(frame)
    if (request.type === 'put') next = undefined
    if (request.type !== 'segment') continue
    const { index } = await verifySegment(publicKeyFromDid(world.alice.did), request.block)
    expect(index).to.equal(next)
    next = index + 1
  }
}
