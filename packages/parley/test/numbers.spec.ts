import { cidOf, encodeCanonical } from '@parley/core'
import { createMemoryStore } from '@parley/network'
import { expect } from 'chai'
import { openMessageNumbers } from '../src/numbers.ts'
import { createOutbox } from '../src/outbox.ts'
import { createSigner } from '@parley/identity'

const conversation = cidOf(encodeCanonical({ subject: 'walk' }))
const message = (n: number): string => n.toString(16).padStart(32, '0')

describe('the numbers of the inbox', () => {
  it('count from one and stay with their message over a restart', async () => {
    const store = createMemoryStore()
    const numbers = await openMessageNumbers(store)
    expect([await numbers.numberOf(conversation, message(7)), await numbers.numberOf(conversation, message(3)), await numbers.numberOf(conversation, message(7))]).to.deep.equal([1, 2, 1])
    const again = await openMessageNumbers(store)
    expect(await again.numberOf(conversation, message(3))).to.equal(2)
    expect(await again.numberOf(conversation, message(9))).to.equal(3)
    expect(again.get(1)?.message).to.equal(message(7))
  })

  it('are given once each when many messages arrive at the same time', async () => {
    const numbers = await openMessageNumbers(createMemoryStore())
    const given = await Promise.all(Array.from({ length: 50 }, async (_none, index) => await numbers.numberOf(conversation, message(index % 25))))
    expect(new Set(given).size).to.equal(25)
    expect(Math.max(...given)).to.equal(25)
  })
})

describe('the outbox', () => {
  it('holds what was spoken until it is dropped, over a restart', async () => {
    const store = createMemoryStore()
    const to = (await createSigner(new Uint8Array(32).fill(3))).did
    const entry = { voice: new Uint8Array(16).fill(1), conversation, to, call: new Uint8Array(16).fill(2) }
    await createOutbox({ store }).put(entry)
    const outbox = createOutbox({ store })
    const waiting = []
    for await (const found of outbox.entries()) waiting.push(found)
    expect(waiting).to.have.length(1)
    expect(waiting[0]?.to).to.equal(to)
    await outbox.drop(entry.voice)
    for await (const found of outbox.entries()) expect.fail(`still holds ${found.to}`)
  })
})
