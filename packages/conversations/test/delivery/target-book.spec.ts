import { expect } from 'chai'
import { createSeededRandom, sha256 } from '@parley/core'
import { didFromPublicKey } from '@parley/identity'
import { createMemoryStore } from '@parley/network'
import { coversAll, entriesOf, joinPositions, positionOf } from '../../src/delivery/frontiers.ts'
import { loadBook, saveBook, type TargetBook } from '../../src/delivery/target-book.ts'
import { cidOfHash } from '../../src/log/stored-action.ts'
import type { FrontierEntry } from '../../src/index.ts'

const random = createSeededRandom(4)
const newDid = (): string => didFromPublicKey(random(32))
const entry = (author: Uint8Array, seq: number): FrontierEntry => ({ author, seq, cid: cidOfHash(sha256(Uint8Array.of(...author, seq >> 8, seq & 255))) })

describe('what is kept of the targets of a large conversation', () => {
  it('is one frontier for all that are at the same place, and some bytes for each', async () => {
    const store = createMemoryStore()
    const id = cidOfHash(sha256(Uint8Array.of(1)))
    const authors = Array.from({ length: 192 }, () => random(32))
    const newest = authors.map(author => entry(author, 500))
    const older = authors.map(author => entry(author, 400))
    const book: TargetBook = new Map(Array.from({ length: 256 }, (_none, index) => [newDid(), {
      // Equal, and not the same object, as after each told us by its own hello.
      position: positionOf(index % 2 === 0 ? newest : older),
      state: { phase: 'quiet', attempts: 0, failingSince: undefined, lastAt: 1_700_000_000_000, errors: [] }
    }]))
    await saveBook(store, id, book)
    let bytes = 0
    for await (const { value } of store.entries('/delivery/targets/')) bytes += value.byteLength
    expect(bytes).to.be.below(256 * 160 + 2 * 192 * 100)
    const again = await loadBook(store, id)
    expect([...again.keys()]).to.deep.equal([...book.keys()])
    for (const [device, { position }] of again) expect(entriesOf(position)).to.deep.equal(entriesOf(book.get(device)?.position ?? new Map()))
  })

  it('holds attempts, errors and times; an attempt under way is owed at once', async () => {
    const store = createMemoryStore()
    const id = cidOfHash(sha256(Uint8Array.of(2)))
    const errors = [{ at: 7, code: 'TimeoutError', detail: 'no', retryable: true }]
    const past = { attempts: 1, failingSince: 7, lastAt: 8, errors }
    const [waiting, sending] = [newDid(), newDid()]
    await saveBook(store, id, new Map([
      [waiting, { position: new Map(), state: { ...past, phase: 'waiting', nextAt: 12.7 } }],
      [sending, { position: new Map(), state: { ...past, phase: 'sending', again: true } }]
    ]))
    const book = await loadBook(store, id)
    expect(book.get(waiting)?.state).to.deep.equal({ ...past, phase: 'waiting', nextAt: 12 })
    expect(book.get(sending)?.state).to.deep.equal({ ...past, phase: 'waiting', nextAt: 8 })
  })
})

describe('a place in a log', () => {
  const [a, b] = [random(32), random(32)]

  it('covers what is the same or earlier of the same author', () => {
    const at = positionOf([entry(a, 5), entry(b, 1)])
    expect(coversAll(at, positionOf([entry(a, 5)]))).to.equal(true)
    expect(coversAll(at, positionOf([entry(a, 4), entry(b, 1)]))).to.equal(true)
    expect(coversAll(at, positionOf([entry(a, 6)]))).to.equal(false)
    expect(coversAll(positionOf([]), positionOf([entry(a, 0)]))).to.equal(false)
  })

  it('covers of an author with several chains only the very actions', () => {
    const other: FrontierEntry = { ...entry(a, 0), cid: cidOfHash(sha256(Uint8Array.of(9))) }
    expect(coversAll(positionOf([entry(a, 5)]), positionOf([entry(a, 5), other]))).to.equal(false)
    expect(coversAll(positionOf([entry(a, 5), other]), positionOf([entry(a, 5), other]))).to.equal(true)
  })

  it('does not go back when it is joined with an earlier one', () => {
    const joined = joinPositions(positionOf([entry(a, 5)]), positionOf([entry(a, 3), entry(b, 2)]))
    expect(entriesOf(joined).map(({ seq }) => seq)).to.deep.equal([5, 2])
  })
})
