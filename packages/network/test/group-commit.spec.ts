import { expect } from 'chai'
import { createGroupCommit } from '../src/stores/group-commit.ts'
import { failureOf } from './support/failure.ts'

describe('commits that come together', () => {
  it('share one write and one flush of the disk', async () => {
    const writes: { count: number, durable: boolean }[] = []
    const group = createGroupCommit<number>(async (changes, { durable }) => {
      writes.push({ count: changes.length, durable })
      await Promise.resolve()
    }, () => 1)
    await Promise.all(Array.from({ length: 100 }, async (_, index) => { await group.commit([index], index === 50) }))
    expect(writes).to.deep.equal([{ count: 1, durable: false }, { count: 99, durable: true }])
  })

  it('are written in the order in which they were asked for', async () => {
    const written: number[] = []
    const group = createGroupCommit<number>(async changes => { written.push(...changes) }, () => 1_000_000)
    await Promise.all(Array.from({ length: 20 }, async (_, index) => { await group.commit([index], true) }))
    expect(written).to.deep.equal(Array.from({ length: 20 }, (_, index) => index))
  })

  it('fail together when their write fails, and the next ones do not', async () => {
    let broken = true
    const group = createGroupCommit<number>(async () => { if (broken) throw new RangeError('no') }, () => 1)
    expect(await Promise.all([failureOf(group.commit([1], false)), failureOf(group.commit([2], false))])).to.have.length(2)
    broken = false
    await group.commit([3], true)
    await group.idle()
  })
})
