import { expect } from 'chai'
import { createVirtualClock, raceSignal, sleep, withTimeout } from '../src/index.ts'

async function rejection (promise: Promise<unknown>): Promise<Error> {
  return await promise.then(() => { throw new TypeError('it resolved') }, (error: Error) => error)
}

const never = new Promise<never>(() => {})

describe('waiting with a signal', () => {
  it('settles as the promise does while the signal is quiet', async () => {
    const { signal } = new AbortController()
    expect(await raceSignal(Promise.resolve(5), signal)).to.equal(5)
    expect(await raceSignal(Promise.resolve(5), undefined)).to.equal(5)
    expect(await rejection(raceSignal(Promise.reject(new RangeError('no')), signal))).to.have.property('name', 'RangeError')
  })

  it('rejects with the reason as soon as the signal aborts', async () => {
    const controller = new AbortController()
    const outcome = rejection(raceSignal(never, controller.signal))
    controller.abort(new RangeError('enough'))
    expect(await outcome).to.have.property('message', 'enough')
  })

  it('rejects at once when the signal was aborted before', async () => {
    expect(await rejection(raceSignal(never, AbortSignal.abort()))).to.have.property('name', 'AbortError')
  })

  it('leaves no unhandled rejection behind when the promise fails after the signal', async () => {
    let fail = (_error: Error): void => {}
    const late = new Promise<never>((_resolve, reject) => { fail = reject })
    await rejection(raceSignal(late, AbortSignal.abort()))
    fail(new RangeError('too late'))
    await new Promise(resolve => { setImmediate(resolve) })
  })
})

describe('waiting with a limit', () => {
  it('rejects with a TimeoutError that says what took too long', async () => {
    const clock = createVirtualClock()
    const outcome = rejection(withTimeout(never, 'The answer', 500, clock))
    await clock.advance(500)
    const error = await outcome
    expect(error).to.have.property('name', 'TimeoutError')
    expect(error.message).to.equal('The answer took longer than 500 ms')
  })

  it('settles as the promise does within the limit', async () => {
    const clock = createVirtualClock()
    const outcome = withTimeout(sleep(400, clock).then(() => 'here'), 'The answer', 500, clock)
    await clock.advance(400)
    expect(await outcome).to.equal('here')
  })

  it('still honours the signal of the caller', async () => {
    const controller = new AbortController()
    const outcome = rejection(withTimeout(never, 'The answer', 500, createVirtualClock(), { signal: controller.signal }))
    controller.abort(new RangeError('enough'))
    expect(await outcome).to.have.property('message', 'enough')
  })
})

describe('sleeping', () => {
  it('wakes after the time of the clock', async () => {
    const clock = createVirtualClock()
    let awake = false
    const nap = sleep(100, clock).then(() => { awake = true })
    await clock.advance(99)
    expect(awake).to.equal(false)
    await clock.advance(1)
    await nap
    expect(awake).to.equal(true)
  })

  it('rejects when the signal aborts', async () => {
    const controller = new AbortController()
    const outcome = rejection(sleep(100, createVirtualClock(), { signal: controller.signal }))
    controller.abort()
    expect(await outcome).to.have.property('name', 'AbortError')
  })
})
