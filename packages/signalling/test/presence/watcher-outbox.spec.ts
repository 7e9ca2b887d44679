import { expect } from 'chai'
import fc from 'fast-check'
import type { BoardFrame } from '../../src/presence/presence-frames.ts'
import { createWatcherOutbox, type Listing } from '../../src/presence/watcher-outbox.ts'

const bytes = (value: number): Uint8Array<ArrayBuffer> => new Uint8Array([value >> 8, value & 255])

/** What a watcher makes of the frames: the value and beat of each number that is listed. */
function follow (frames: BoardFrame[], seen = new Map<number, { value: number, n: number }>()): Map<number, { value: number, n: number }> {
  for (const frame of frames) {
    if (frame[1] === 4) {
      for (const slot of frame[3]) seen.delete(slot)
      for (const [slot, block, n] of frame[2]) seen.set(slot, { value: (block[0] ?? 0) * 256 + (block[1] ?? 0), n })
    }
    if (frame[1] === 5) {
      for (const [slot, n] of frame[2]) {
        const known = seen.get(slot)
        expect(known, 'a beat of nobody').to.not.equal(undefined)
        if (known !== undefined) known.n = n
      }
    }
  }
  return seen
}

describe('what a watcher has yet to be told', () => {
  it('is one entry a device, however often it changes while the watcher is slow', () => {
    const outbox = createWatcherOutbox()
    for (let value = 0; value < 1_000; value++) outbox.set(`device ${value % 3}`, { block: bytes(value), n: 0, link: bytes(0) })
    const frame = outbox.next()
    expect(frame?.[1] === 4 ? frame[2].map(([, block]) => block) : []).to.deep.equal([bytes(999), bytes(997), bytes(998)])
    expect(outbox.next()).to.equal(undefined)
  })

  it('is nothing of a device that came and went in between', () => {
    const outbox = createWatcherOutbox()
    outbox.set('phone', { block: bytes(1), n: 0, link: bytes(0) })
    outbox.gone('phone')
    expect(outbox.next()).to.equal(undefined)
  })

  it('is an empty beat when nobody beat', () => {
    const outbox = createWatcherOutbox()
    outbox.beat()
    expect(outbox.next()).to.deep.equal([1, 5, []])
    expect(outbox.next()).to.equal(undefined)
  })

  it('goes out in frames of bounded size, all of it', () => {
    const outbox = createWatcherOutbox()
    const listings = Array.from({ length: 3_000 }, (_, value): Listing => ({ block: bytes(value), n: 0, link: bytes(0) }))
    for (const [value, listing] of listings.entries()) outbox.set(`device ${value}`, listing)
    const frames: BoardFrame[] = []
    const drain = (): void => { for (let frame = outbox.next(); frame !== undefined; frame = outbox.next()) frames.push(frame) }
    drain()
    expect(follow(frames).size).to.equal(3_000)
    for (const listing of listings) listing.n = 1
    outbox.beat()
    drain()
    expect([...follow(frames).values()].every(({ n }) => n === 1)).to.equal(true)
    for (const frame of frames) expect(frame[1] === 4 || frame[1] === 5 ? frame[2].length : 0).to.be.at.most(1_024)
  })

  it('brings a watcher to what the board lists, whenever it reads', () => {
    const what = fc.record({ what: fc.constantFrom('set', 'beat', 'gone', 'tick', 'read'), device: fc.integer({ min: 0, max: 4 }) })
    fc.assert(fc.property(fc.array(what, { maxLength: 80 }), steps => {
      const outbox = createWatcherOutbox()
      const board = new Map<number, Listing>()
      const frames: BoardFrame[] = []
      let value = 0
      for (const { what, device } of steps) {
        const known = board.get(device)
        if (what === 'set') {
          const listing = Object.assign(known ?? { block: bytes(0), n: 0, link: bytes(0) }, { block: bytes(++value), n: 0 })
          board.set(device, listing)
          outbox.set(`device ${device}`, listing)
        }
        if (what === 'beat' && known !== undefined) known.n++
        if (what === 'gone') { board.delete(device); outbox.gone(`device ${device}`) }
        if (what === 'tick') outbox.beat()
        if (what === 'read') { const frame = outbox.next(); if (frame !== undefined) frames.push(frame) }
      }
      outbox.beat()
      for (let frame = outbox.next(); frame !== undefined; frame = outbox.next()) frames.push(frame)
      const truth = [...board.values()].map(({ block, n }) => ({ value: (block[0] ?? 0) * 256 + (block[1] ?? 0), n }))
      expect([...follow(frames).values()].toSorted((a, b) => a.value - b.value)).to.deep.equal(truth.toSorted((a, b) => a.value - b.value))
    }), { numRuns: 2_000 })
  })
})
