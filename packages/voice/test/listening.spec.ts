import { silentLogger } from '@parley/core'
import { createMemoryStore } from '@parley/network'
import { expect } from 'chai'
import { type Recording, type Upload, type VoiceEnd, type VoicePiece, readVoice, uploadVoice, voiceName } from '../src/index.ts'
import type { ReadInit } from '../src/read-voice.ts'
import { segmentKey } from '../src/journal.ts'
import { type World, createWorld, networkOf, packets, speak } from './world.ts'

function send (world: World, recording: Recording): Upload {
  return uploadVoice({ network: networkOf(world, world.alice), store: world.spoken, clock: world.clock, random: world.random, logger: silentLogger }, recording, world.target)
}

interface Hearing { pieces: VoicePiece[], end: VoiceEnd | undefined, error: Error | undefined, isOver: boolean }

/** Listens as Bob, with a store of his own. */
function hear (world: World, recording: Recording, init: Partial<ReadInit> = {}, store = createMemoryStore()): Hearing {
  const hearing: Hearing = { pieces: [], end: undefined, error: undefined, isOver: false }
  const run = async (): Promise<void> => {
    const reader = readVoice({ network: networkOf(world, world.bob), store, clock: world.clock, logger: silentLogger }, {
      voice: recording.voice, key: recording.key, speaker: world.alice.did, from: [world.target], ...init
    })
    for (;;) {
      const next = await reader.next()
      if (next.done === true) {
        hearing.end = next.value
        return
      }
      hearing.pieces.push(next.value)
    }
  }
  void run().catch((error: Error) => { hearing.error = error }).finally(() => { hearing.isOver = true })
  return hearing
}

async function storedMessage (world: World, seconds: number): Promise<Recording> {
  const recording = world.record()
  await speak(recording, packets(seconds * 50, world.random))
  await recording.finish()
  const sent = send(world, recording)
  let isDone = false
  void sent.done.then(() => { isDone = true })
  await world.until(() => isDone)
  return recording
}

describe('a listener while somebody speaks', () => {
  it('hears each segment once it is acknowledged, is never more than one behind, and learns how it ended', async () => {
    const world = await createWorld()
    await world.keep()
    const recording = world.record()
    const sent = send(world, recording)
    await speak(recording, packets(10, world.random))
    await world.until(() => sent.acknowledged === 1)
    const hearing = hear(world, recording)
    for (let second = 1; second <= 5; second++) {
      await speak(recording, packets(50, world.random))
      await world.until(() => sent.acknowledged === second + 1)
      await world.until(() => hearing.pieces.length >= sent.acknowledged - 1)
      await world.settle()
      expect(sent.acknowledged - hearing.pieces.length).to.be.at.most(1)
    }
    await recording.finish()
    await world.until(() => hearing.isOver)
    expect(hearing.end).to.deep.equal({ state: 'complete', reason: null })
    expect(hearing.pieces.map(({ index }) => index)).to.deep.equal([0, 1, 2, 3, 4, 5, 6])
    expect(hearing.pieces.at(-1)?.last).to.equal(true)
  })

  it('begins at any index', async () => {
    const world = await createWorld()
    await world.keep()
    const recording = await storedMessage(world, 5)
    const hearing = hear(world, recording, { startIndex: 3 })
    await world.until(() => hearing.isOver)
    expect(hearing.pieces.map(({ index, start }) => [index, start])).to.deep.equal([[3, 105_600], [4, 153_600], [5, 201_600]])
  })

  it('goes on over broken connections and a restart of the keeper', async () => {
    const world = await createWorld()
    let keeper = await world.keep()
    const recording = world.record()
    send(world, recording)
    const hearing = hear(world, recording)
    for (let second = 0; second < 6; second++) {
      await speak(recording, packets(50, world.random))
      const goal = recording.segments
      if (second === 3) {
        await keeper.stop()
        keeper = await world.keep()
      } else {
        world.loopback.cutAll()
      }
      await world.until(() => hearing.pieces.length >= goal)
    }
    await recording.finish()
    await world.until(() => hearing.isOver)
    expect(hearing.error).to.equal(undefined)
    expect(hearing.pieces.map(({ index }) => index)).to.deep.equal(hearing.pieces.map((_, index) => index))
    expect(hearing.end?.state).to.equal('complete')
  })

  it('learns that the speaker was cut off', async () => {
    const world = await createWorld()
    await world.keep({ graceMs: 1000 })
    const recording = world.record()
    const sent = send(world, recording)
    await speak(recording, packets(70, world.random))
    await world.until(() => sent.acknowledged === 2)
    const hearing = hear(world, recording)
    await world.until(() => hearing.pieces.length === 2)
    world.loopback.fate = (_frame, from) => from === world.target.peer ? 'deliver' : 'cut'
    await speak(recording, packets(60, world.random))
    await world.until(() => hearing.isOver)
    expect(hearing.end).to.deep.equal({ state: 'cut-off', reason: 'the connection was lost' })
  })

  it('is refused when it may not hear it', async () => {
    const world = await createWorld()
    await world.keep({ authorise: async open => open.type === 'put' ? { ok: true } : { ok: false, reason: 'not for you' } })
    const recording = await storedMessage(world, 1)
    const hearing = hear(world, recording)
    await world.until(() => hearing.isOver)
    expect(hearing.error?.name).to.equal('VoiceUnavailableError')
    expect(hearing.error?.message).to.include('not for you')
  })
})

describe('a message that was heard', () => {
  it('is heard again without any network', async () => {
    const world = await createWorld()
    await world.keep()
    const recording = await storedMessage(world, 3)
    const store = createMemoryStore()
    const first = hear(world, recording, {}, store)
    await world.until(() => first.isOver)
    world.loopback.isDown = true
    const { manifest } = await recording.finish()
    await store.commit([{ type: 'block', cid: manifest.cid, bytes: manifest.bytes }])
    const again = hear(world, recording, { manifest: manifest.cid }, store)
    await world.until(() => again.isOver)
    expect(again.pieces).to.deep.equal(first.pieces)
    expect(again.end?.state).to.equal('complete')
  })

  it('is the same for its speaker, from the journal', async () => {
    const world = await createWorld()
    const recording = world.record()
    const spoken = packets(120, world.random)
    await speak(recording, spoken)
    const { manifest } = await recording.finish()
    const hearing = hear(world, recording, { manifest: manifest.cid, from: [] }, world.spoken)
    await world.until(() => hearing.isOver)
    expect(hearing.pieces.flatMap(piece => piece.packets)).to.deep.equal(spoken)
  })
})

describe('a finished message', () => {
  it('is heard without a gap over a connection that breaks', async () => {
    const world = await createWorld()
    await world.keep()
    const recording = await storedMessage(world, 6)
    const { manifest } = await recording.finish()
    const store = createMemoryStore()
    await store.commit([{ type: 'block', cid: manifest.cid, bytes: manifest.bytes }])
    let sent = 0
    world.loopback.fate = (_frame, from) => from === world.target.peer && ++sent % 4 === 0 ? 'cut' : 'deliver'
    const hearing = hear(world, recording, { manifest: manifest.cid }, store)
    await world.until(() => hearing.isOver)
    expect(hearing.pieces.map(({ index, isMissing }) => [index, isMissing])).to.deep.equal([0, 1, 2, 3, 4, 5, 6].map(index => [index, false]))
  })
})

describe('a message of which a part is gone', () => {
  it('is heard with its gaps named, and their length', async () => {
    const world = await createWorld()
    const recording = world.record()
    await speak(recording, packets(220, world.random))
    const { manifest } = await recording.finish()
    const store = createMemoryStore()
    await store.commit([{ type: 'block', cid: manifest.cid, bytes: manifest.bytes }])
    for (const index of [0, 1, 4]) {
      const cid = manifest.segments[index]
      if (cid !== undefined) await store.commit([{ type: 'block', cid, bytes: await world.spoken.getBlock(cid) ?? new Uint8Array() }])
    }
    const hearing = hear(world, recording, { manifest: manifest.cid }, store)
    await world.until(() => hearing.isOver)
    expect(hearing.pieces.map(({ index, isMissing, start, samples }) => [index, isMissing, start, samples])).to.deep.equal([
      [0, false, 0, 9600], [1, false, 9600, 48_000], [2, true, 57_600, 48_000], [3, true, 105_600, 48_000], [4, false, 153_600, 48_000], [5, true, 201_600, 9600]
    ])
    expect(hearing.error).to.equal(undefined)
  })

  it('whose rest nobody has, and no manifest, ends with the index in the error', async () => {
    const world = await createWorld()
    const recording = world.record()
    await speak(recording, packets(70, world.random))
    await recording.finish()
    world.loopback.isDown = true
    const hearing = hear(world, recording, { graceMs: 2000 })
    await world.until(() => hearing.isOver)
    expect(hearing.error).to.include({ name: 'VoiceUnavailableError', index: 0 })
  })
})

describe('a keeper that lies', () => {
  it('cannot pass other blocks off as the message: they are not heard', async () => {
    const world = await createWorld()
    await world.keep()
    const recording = await storedMessage(world, 3)
    const other = await storedMessage(world, 3)
    const cid = other.finished?.manifest.segments[1]
    await world.kept.commit([{ type: 'put', key: segmentKey('kept', voiceName(recording.voice), 1), value: cid?.bytes ?? new Uint8Array() }])
    const hearing = hear(world, recording)
    await world.until(() => hearing.pieces.length === 1)
    await world.clock.advance(40_000)
    await world.until(() => hearing.isOver)
    expect(hearing.pieces).to.have.length(1)
    expect(hearing.error?.name).to.equal('VoiceUnavailableError')
  })
})

describe('a listener that stops listening', () => {
  it('by its signal rejects with its reason at once', async () => {
    const world = await createWorld()
    await world.keep()
    const recording = world.record()
    const sent = send(world, recording)
    await speak(recording, packets(70, world.random))
    await world.until(() => sent.acknowledged === 2)
    const controller = new AbortController()
    const hearing = hear(world, recording, { signal: controller.signal })
    await world.until(() => hearing.pieces.length === 2)
    controller.abort(new RangeError('enough'))
    await world.settle()
    expect(hearing.error?.message).to.equal('enough')
  })
})
