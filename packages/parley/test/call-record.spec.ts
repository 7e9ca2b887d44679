import { createSystemClock, createVirtualClock } from '@parley/core'
import { createMemoryStore } from '@parley/network'
import { createSigner } from '@parley/identity'
import { expect } from 'chai'
import fc from 'fast-check'
import { openCallJournal } from '../src/index.ts'
import { stepCall, type CallInput, type CallState } from '../src/call-record/machine.ts'

const inputs: fc.Arbitrary<CallInput> = fc.oneof(
  fc.record({ type: fc.constant('kept' as const), segments: fc.nat(100) }),
  fc.record({ type: fc.constant('closed' as const), segments: fc.nat(100), cutOff: fc.boolean() }),
  fc.record({ type: fc.constant('offer-ended' as const), by: fc.constantFrom('caller' as const, 'expiry' as const) }),
  fc.record({ type: fc.constant('orphaned' as const), reason: fc.constant('restarted') }),
  fc.record({ type: fc.constant('given-up' as const), segments: fc.nat(100), cutOff: fc.boolean(), reason: fc.constant('nobody') })
)

const CALL = '00112233445566778899aabbccddeeff'

async function journalWorld (): Promise<{ store: ReturnType<typeof createMemoryStore>, from: string, to: string }> {
  return { store: createMemoryStore(), from: (await createSigner(new Uint8Array(32).fill(1))).did, to: (await createSigner(new Uint8Array(32).fill(2))).did }
}

describe('the machine of a call record', () => {
  it('ends at most once, and never leaves its end, whatever is repeated or comes late', () => {
    fc.assert(fc.property(fc.array(inputs, { maxLength: 30 }), sequence => {
      let state: CallState = { status: 'offered' }
      let ends = 0
      for (const input of sequence) {
        const before = state
        const step = stepCall(state, input)
        state = step.state
        ends += step.outputs.filter(({ type }) => type === 'ended').length
        if (before.status === 'ended') expect(state).to.equal(before)
      }
      expect(ends).to.equal(state.status === 'ended' ? 1 : 0)
    }), { numRuns: 1000 })
  })

  it('never loses count of what is on the disk', () => {
    const { state } = stepCall({ status: 'capturing', segments: 5 }, { type: 'kept', segments: 3 })
    expect(state).to.deep.equal({ status: 'capturing', segments: 5 })
  })

  it('goes on capturing when the offer is over', () => {
    expect(stepCall({ status: 'capturing', segments: 1 }, { type: 'offer-ended', by: 'expiry' }).outputs).to.deep.equal([])
  })

  it('calls a message of which nothing was kept failed', () => {
    expect(stepCall({ status: 'offered' }, { type: 'closed', segments: 0, cutOff: true }).outputs).to.deep.equal([{ type: 'ended', end: 'failed' }])
  })
})

describe('a journal of calls', () => {
  it('tells a call that ended as it was, after a restart', async () => {
    const { store, from, to } = await journalWorld()
    const clock = createVirtualClock()
    const journal = await openCallJournal({ store, clock }, '/calls/')
    await journal.begin({ call: CALL, from, to })
    await journal.step(CALL, { type: 'kept', segments: 2 })
    await clock.advance(1000)
    await journal.step(CALL, { type: 'closed', segments: 2, cutOff: false })
    const again = await openCallJournal({ store, clock }, '/calls/')
    expect(again.open()).to.deep.equal([])
    const all = []
    for await (const record of again.all()) all.push(record)
    expect(all[0]?.events.map(({ event }) => event)).to.deep.equal(['offered', 'capturing', 'stored'])
    expect(all[0]?.endedAt).to.equal((all[0]?.startedAt ?? 0) + 1000)
  })

  it('ends a call once, however often it is restarted and ended', async () => {
    const { store, from, to } = await journalWorld()
    const clock = createSystemClock()
    const first = await openCallJournal({ store, clock }, '/calls/')
    await first.begin({ call: CALL, from, to })
    for (let restart = 0; restart < 3; restart++) {
      const journal = await openCallJournal({ store, clock }, '/calls/')
      await journal.begin({ call: CALL, from, to })
      await journal.step(CALL, { type: 'orphaned', reason: 'restarted' })
    }
    const all = []
    for await (const record of first.all()) all.push(record)
    expect(all[0]?.events.map(({ event }) => event)).to.deep.equal(['offered', 'failed'])
  })

  it('plans a step for somebody else\'s commit and takes it over only when that is done', async () => {
    const { store, from, to } = await journalWorld()
    const journal = await openCallJournal({ store, clock: createVirtualClock() }, '/calls/')
    await journal.begin({ call: CALL, from, to })
    const plan = journal.plan(CALL, { type: 'closed', segments: 1, cutOff: true, reason: 'the link broke' })
    expect(journal.get(CALL)?.state.status).to.equal('offered')
    await store.commit(plan.changes, { durable: true })
    plan.committed()
    expect(journal.get(CALL)).to.equal(undefined)
  })

  it('ignores what is said of calls it never began', async () => {
    const { store } = await journalWorld()
    const journal = await openCallJournal({ store, clock: createVirtualClock() }, '/calls/')
    expect(await journal.step(CALL, { type: 'kept', segments: 1 })).to.deep.equal([])
  })
})
