import { cidOf } from '@parley/core'
import { expect } from 'chai'
import fc from 'fast-check'
import type { Marks, MarksChange } from '../../src/index.ts'
import { bytes, until } from '../home/support.ts'
import { carry, nameOfRejection } from '../log/world.ts'
import { createScene, meetAtHome, privateStateOf } from './support.ts'

const conversation = cidOf(bytes('a conversation'))
const point = (wallMs: number) => ({ action: cidOf(bytes(`action ${wallMs}`)), wallMs, counter: 0 })
const message = '0123456789abcdef0123456789abcdef'
const NONE: Marks = { labels: [], favourite: false, unread: false, played: {} }

describe('what a person keeps of a conversation for themselves', () => {
  it('is nothing at first, and then what they said', async () => {
    const { phone } = await createScene()
    const state = await privateStateOf(phone)
    expect(await state.get(conversation)).to.deep.equal(NONE)
    await state.set(conversation, {
      labels: { add: ['work', 'a/b'] }, note: 'call back', muted: { until: null }, archived: point(5), favourite: true, unread: true, notices: true, played: { [message]: { positionMs: 1200, done: false } }
    })
    expect(await state.get(conversation)).to.deep.equal({
      labels: ['a/b', 'work'], note: 'call back', muted: { until: null }, archived: point(5), favourite: true, unread: true, notices: true, played: { [message]: { positionMs: 1200, done: false } }
    })
    await state.set(conversation, { labels: { remove: ['work', 'a/b'] }, note: null, muted: null, archived: null, favourite: false, unread: false, notices: null })
    expect(await state.get(conversation)).to.deep.equal({ ...NONE, played: { [message]: { positionMs: 1200, done: false } } })
  })

  it('goes forward when something is read, and never back', async () => {
    const { phone } = await createScene()
    const state = await privateStateOf(phone)
    await state.set(conversation, { readTo: point(9), unread: true })
    await state.set(conversation, { readTo: point(3) })
    expect(await state.get(conversation)).to.deep.equal({ ...NONE, readTo: point(9) })
  })

  it('is on all their devices, who are told of it', async () => {
    const { phone, tablet } = await createScene()
    const [here, there] = [await privateStateOf(phone), await privateStateOf(tablet)]
    const told: string[] = []
    there.on('changed', ({ marks }) => { told.push(`${marks.labels.join()} ${marks.favourite}`) })
    await here.set(conversation, { labels: { add: ['home', 'work'] }, favourite: true })
    await meetAtHome(phone, tablet)
    await until(() => told.length > 0)
    expect(told).to.deep.equal(['home,work true'])
    const listed: string[] = []
    for await (const { conversation: id } of there.list()) listed.push(id.toString())
    expect(listed).to.deep.equal([conversation.toString()])
    await there.stop()
  })

  it('is nobody else’s: others get nothing of its log', async () => {
    const { phone, bob } = await createScene()
    const state = await privateStateOf(phone)
    await state.set(conversation, { note: 'secret' })
    const home = await phone.conversations.home()
    expect(await phone.conversations.holder(home.id).access()).to.deep.equal([phone.who.did])
    await carry(phone, bob, home.id)
    expect((await (await bob.conversations.open(home.id)).state()).unreadable).to.be.greaterThan(0)
  })

  it('stays readable beside records that nobody knows, or that are damaged', async () => {
    const { phone } = await createScene()
    const state = await privateStateOf(phone)
    await state.set(conversation, { favourite: true })
    const home = await phone.conversations.home()
    await home.put('marks', `${conversation.toString()}/later-field`, bytes('x'))
    await home.put('marks', `${conversation.toString()}/note`, bytes('no record'))
    await home.put('marks', 'no conversation/note', bytes('x'))
    expect(await state.get(conversation)).to.deep.equal({ ...NONE, favourite: true })
    for await (const { conversation: id } of state.list()) expect(id.toString()).to.equal(conversation.toString())
  })

  for (const [what, change] of Object.entries<MarksChange>({
    'an empty label': { labels: { add: [''] } },
    'a label of 65 characters': { labels: { add: ['x'.repeat(65)] } },
    'half a letter for a label': { labels: { add: ['\ud800'] } },
    'a note of 8,193 characters': { note: 'x'.repeat(8193) },
    'a message without an id': { played: { x: { positionMs: 0, done: true } } }
  })) {
    it(`refuses ${what}`, async () => {
      const { phone } = await createScene()
      expect(await nameOfRejection((await privateStateOf(phone)).set(conversation, change))).to.equal('InvalidArgumentError')
    })
  }
})

describe('two devices that change marks at once', () => {
  it('lose nothing of different fields', async () => {
    const { phone, tablet } = await createScene()
    const [here, there] = [await privateStateOf(phone), await privateStateOf(tablet)]
    await meetAtHome(phone, tablet)
    await here.set(conversation, { labels: { add: ['a'] }, muted: { until: 99 }, readTo: point(7), played: { [message]: { positionMs: 5000, done: true } } })
    await there.set(conversation, { labels: { add: ['b'] }, note: 'n', favourite: true, readTo: point(4), played: { [message]: { positionMs: 100, done: false } } })
    await meetAtHome(phone, tablet)
    const both = await here.get(conversation)
    expect(await there.get(conversation)).to.deep.equal(both)
    expect(both).to.deep.include({ labels: ['a', 'b'], note: 'n', muted: { until: 99 }, favourite: true, readTo: point(7) })
    expect(both.played[message]?.done).to.equal(true)
  })

  it('end with the same marks, however their changes and meetings interleave', async function () {
    this.timeout(120_000)
    const ids = [0, 1].map(number => cidOf(Uint8Array.of(number)))
    const change = fc.record<MarksChange>({
      labels: fc.record({ add: fc.subarray(['x', 'y', 'z/z']), remove: fc.subarray(['x', 'y']) }),
      note: fc.constantFrom('one', 'two', null),
      muted: fc.constantFrom({ until: null }, { until: 5 }, null),
      archived: fc.constantFrom(point(1), point(2), null),
      favourite: fc.boolean(),
      unread: fc.boolean(),
      readTo: fc.integer({ min: 1, max: 9 }).map(point),
      notices: fc.constantFrom(true, false, null),
      played: fc.constantFrom({ [message]: { positionMs: 7, done: false } }, { [message]: { positionMs: 9, done: true } })
    }, { requiredKeys: [] })
    const stepOf = fc.oneof({ weight: 4, arbitrary: fc.record({ device: fc.nat(1), conversation: fc.nat(1), change }) }, { weight: 1, arbitrary: fc.constant('meet' as const) }, { weight: 1, arbitrary: fc.constant('tick' as const) })
    await fc.assert(fc.asyncProperty(fc.array(stepOf, { maxLength: 25 }), async steps => {
      const { phone, tablet, world } = await createScene()
      await meetAtHome(phone, tablet)
      const states = [await privateStateOf(phone), await privateStateOf(tablet)]
      const farthest = [0, 0]
      const heard = [false, false]
      for (const step of steps) {
        if (step === 'meet') await meetAtHome(phone, tablet)
        else if (step === 'tick') await world.clock.advance(1)
        else {
          await states[step.device]?.set(ids[step.conversation] ?? conversation, step.change)
          farthest[step.conversation] = Math.max(farthest[step.conversation] ?? 0, step.change.readTo?.wallMs ?? 0)
          heard[step.conversation] ||= step.change.played?.[message]?.done === true
        }
      }
      await meetAtHome(phone, tablet)
      for (const [number, id] of ids.entries()) {
        const [here, there] = await Promise.all(states.map(async state => await state.get(id)))
        expect(there).to.deep.equal(here)
        expect(here?.readTo?.wallMs ?? 0).to.equal(farthest[number])
        expect(here?.played[message]?.done ?? false).to.equal(heard[number])
      }
    }), { numRuns: 30 })
  })
})
