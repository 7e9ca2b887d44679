import { expect } from 'chai'
import { createSystemClock, createVirtualClock, sleep } from '../src/index.ts'

describe('a virtual clock', () => {
  it('stands still until it is told to move', async () => {
    const clock = createVirtualClock(1000)
    expect(clock.now()).to.equal(1000)
    await clock.advance(250)
    expect(clock.now()).to.equal(1250)
    expect(clock.monotonicNow()).to.equal(250)
  })

  it('runs timers in the order they are due, those of one moment in the order they were set', async () => {
    const clock = createVirtualClock()
    const seen: string[] = []
    clock.setTimer(() => { seen.push('late') }, 20)
    clock.setTimer(() => { seen.push('first') }, 10)
    clock.setTimer(() => { seen.push('second') }, 10)
    await clock.advance(15)
    expect(seen).to.deep.equal(['first', 'second'])
    await clock.advance(5)
    expect(seen).to.deep.equal(['first', 'second', 'late'])
  })

  it('shows each timer the time it was due', async () => {
    const clock = createVirtualClock(0)
    const times: number[] = []
    clock.setTimer(() => { times.push(clock.now()) }, 7)
    clock.setTimer(() => { times.push(clock.now()) }, 11)
    await clock.advance(100)
    expect(times).to.deep.equal([7, 11])
  })

  it('runs a timer that was set by another within the same advance', async () => {
    const clock = createVirtualClock(0)
    let rounds = 0
    const again = (): void => { if (++rounds < 5) clock.setTimer(again, 10) }
    clock.setTimer(again, 10)
    await clock.advance(50)
    expect(rounds).to.equal(5)
  })

  it('lets promises settle between timers', async () => {
    const clock = createVirtualClock(0)
    const seen: number[] = []
    const loop = async (): Promise<void> => {
      for (let round = 0; round < 3; round++) {
        await sleep(10, clock)
        seen.push(clock.now())
      }
    }
    const done = loop()
    await clock.advance(30)
    await done
    expect(seen).to.deep.equal([10, 20, 30])
  })

  it('does not run a cancelled timer', async () => {
    const clock = createVirtualClock()
    let ran = false
    clock.setTimer(() => { ran = true }, 10)()
    await clock.advance(100)
    expect(ran).to.equal(false)
  })

  it('moves the wall alone when the wall is set', async () => {
    const clock = createVirtualClock(1000)
    let ran = false
    clock.setTimer(() => { ran = true }, 10)
    clock.setWall(500)
    expect(clock.now()).to.equal(500)
    expect(clock.monotonicNow()).to.equal(0)
    await clock.advance(10)
    expect(ran).to.equal(true)
    expect(clock.now()).to.equal(510)
  })
})

describe('the system clock', () => {
  it('tells the time of the machine and never goes back', () => {
    const clock = createSystemClock()
    expect(clock.now()).to.be.closeTo(Date.now(), 1000)
    const before = clock.monotonicNow()
    expect(clock.monotonicNow()).to.be.at.least(before)
  })

  it('runs a timer, and not a cancelled one', async () => {
    const clock = createSystemClock({ unref: false })
    let ran = false
    clock.setTimer(() => { ran = true }, 0)()
    await new Promise<void>(resolve => { clock.setTimer(resolve, 1) })
    expect(ran).to.equal(false)
  })
})
