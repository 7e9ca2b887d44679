import { expect } from 'chai'
import { startDelivery, stepDelivery, type DeliveryInput, type DeliveryState } from '../src/delivery-machine.ts'
import { startIncoming, stepIncoming, type IncomingInput, type IncomingOutput } from '../src/incoming-call-machine.ts'
import { startOutgoing, stepOutgoing, type OutgoingInput, type OutgoingOutput } from '../src/outgoing-call-machine.ts'
import { DEFAULT_TIMERS } from '../src/timers.ts'

const POLICY = { ackTimeoutMs: 500, maxBackoffMs: 4_000 }

describe('a delivery', () => {
  it('is tried again with growing pauses until it expires', () => {
    let { state, outputs } = startDelivery({ devices: ['a'], at: 0, expiresAt: 20_000, jitter: 0.5 }, POLICY)
    const attempts: number[] = []
    let now = 0
    while (state.phase === 'sending') {
      if (outputs.some(({ type }) => type === 'send')) attempts.push(now)
      now = state.nextAt;
      ({ state, outputs } = stepDelivery(state, { type: 'timer', at: now, jitter: 0.5 }, POLICY))
    }
    expect(attempts).to.deep.equal([0, 500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500])
    expect(outputs).to.deep.equal([{ type: 'settled', outcome: 'expired', missing: ['a'] }])
  })

  const run = (inputs: DeliveryInput[]): { state: DeliveryState, types: string[] } => {
    let step = startDelivery({ devices: ['a', 'b'], at: 0, expiresAt: 20_000, jitter: 0 }, POLICY)
    const types: string[] = []
    for (const input of inputs) {
      step = stepDelivery(step.state, input, POLICY)
      types.push(...step.outputs.map(({ type }) => type))
    }
    return { state: step.state, types }
  }

  it('is settled once every device has acknowledged, and hears nothing after', () => {
    const { state, types } = run([{ type: 'acknowledged', device: 'b' }, { type: 'acknowledged', device: 'b' }, { type: 'acknowledged', device: 'a' }, { type: 'timer', at: 30_000, jitter: 0 }])
    expect(types).to.deep.equal(['delivered', 'delivered', 'settled'])
    expect(state).to.deep.equal({ phase: 'settled', outcome: 'acknowledged', missing: [] })
  })

  it('goes over a new stream at once, to whom it still has to go', () => {
    expect(run([{ type: 'path', device: 'a' }]).types).to.deep.equal(['send'])
    expect(run([{ type: 'acknowledged', device: 'a' }, { type: 'path', device: 'a' }]).types).to.deep.equal(['delivered'])
  })

  it('is cancelled for one device without the others', () => {
    expect(run([{ type: 'cancel', devices: ['a'] }]).types).to.deep.equal([])
    expect(run([{ type: 'cancel', devices: ['a'] }, { type: 'acknowledged', device: 'b' }]).types).to.deep.equal(['delivered', 'settled'])
    expect(run([{ type: 'cancel' }]).state).to.include({ outcome: 'cancelled' })
  })
})

/** Outputs as short texts, without timers. */
const short = (outputs: Array<OutgoingOutput | IncomingOutput>): string[] => outputs.flatMap(output => {
  switch (output.type) {
    case 'timer': return []
    case 'reach': return [`reach ${output.reach}`]
    case 'accepted': return [`${output.mode} ${output.device}`]
    case 'rejected': return [`${output.reason} by ${output.device}`]
    case 'send-leave': return [`leave ${output.reason}${'devices' in output ? ` to ${output.devices.join(' ')}` : ''}`]
    case 'ended': return [`ended ${output.end.status}`]
    default: return [output.type]
  }
})

describe('an outgoing call', () => {
  const run = (inputs: OutgoingInput[]): string[] => {
    let { state, outputs } = startOutgoing({ devices: ['phone', 'laptop', 'proxy'], at: 0 }, DEFAULT_TIMERS)
    const all = [...outputs]
    for (const input of inputs) {
      ({ state, outputs } = stepOutgoing(state, input, DEFAULT_TIMERS))
      all.push(...outputs)
    }
    return short(all)
  }
  const told = (device: string, reach: 'live' | 'ringing' | 'busy' | 'proxy-only', seq = 1): OutgoingInput => ({ type: 'told', device, seq, reach })
  const accepted = (device: string, mode: 'capture' | 'live', seq = 2): OutgoingInput => ({ type: 'accepted', device, seq, mode, at: 100 })

  it('tells the best of what was told, and only what changes', () => {
    expect(run([told('proxy', 'proxy-only'), told('phone', 'busy'), told('laptop', 'ringing'), told('proxy', 'proxy-only', 2), told('laptop', 'busy', 3), told('laptop', 'live', 2)]))
      .to.deep.equal(['reach proxy-only', 'reach busy', 'reach ringing', 'reach busy'])
  })

  it('goes from a capture to a device, and sends the proxy and the others away', () => {
    expect(run([accepted('proxy', 'capture'), accepted('phone', 'live'), accepted('laptop', 'live'), { type: 'leave', reason: 'hang-up' }])).to.deep.equal([
      'reach proxy-only', 'capture proxy', 'reach live', 'live phone', 'leave taken-over to proxy', 'stop-offer', 'leave answered-elsewhere to laptop',
      'stop-offer', 'leave hang-up to phone', 'ended completed'
    ])
  })

  it('lets one of two captures win', () => {
    expect(run([accepted('proxy', 'capture'), accepted('laptop', 'capture')]).slice(-1)).to.deep.equal(['leave answered-elsewhere to laptop'])
  })

  it('sends away whoever accepts after the end', () => {
    expect(run([{ type: 'leave', reason: 'hang-up' }, accepted('phone', 'live')])).to.deep.equal(['stop-offer', 'leave cancelled to phone laptop proxy', 'ended cancelled', 'leave cancelled to phone'])
  })

  it('goes on capturing when a device declines, and ends rejected when nothing captures', () => {
    const rejected: OutgoingInput = { type: 'rejected', device: 'phone', seq: 3, reason: 'declined' }
    expect(run([accepted('proxy', 'capture'), rejected]).slice(-3)).to.deep.equal(['declined by phone', 'stop-offer', 'leave rejected-elsewhere to laptop'])
    expect(run([rejected]).slice(-2)).to.deep.equal(['leave rejected-elsewhere to laptop proxy', 'ended rejected'])
  })

  it('goes on offering when a proxy or a device only takes itself out, until nobody is left', () => {
    const out = (device: string): OutgoingInput => ({ type: 'rejected', device, seq: 3, reason: 'unavailable' })
    expect(run([out('proxy'), out('phone')])).to.deep.equal(['unavailable by proxy', 'unavailable by phone'])
    expect(run([out('proxy'), out('phone'), out('laptop')]).slice(-1)).to.deep.equal(['ended failed'])
  })

  it('ends busy when busy was the best until the offer expired', () => {
    expect(run([told('phone', 'busy'), { type: 'timer', at: 60_000 }]).slice(-1)).to.deep.equal(['ended busy'])
  })

  it('stops the ringing but not the capture when the offer expires', () => {
    const capture: OutgoingInput = { type: 'accepted', device: 'proxy', seq: 2, mode: 'capture', at: 59_000 }
    expect(run([capture, { type: 'timer', at: 60_000 }]).slice(-2)).to.deep.equal(['stop-offer', 'leave no-answer to phone laptop'])
  })

  it('misses the other end after 40 s without a word', () => {
    expect(run([accepted('phone', 'live'), { type: 'timer', at: 40_099 }]).slice(-1)).to.deep.equal(['send-alive'])
    expect(run([accepted('phone', 'live'), { type: 'timer', at: 40_100 }]).slice(-1)).to.deep.equal(['ended failed'])
    expect(run([accepted('phone', 'live'), { type: 'heard', device: 'phone', at: 30_000 }, { type: 'timer', at: 40_100 }]).slice(-1)).to.deep.equal(['send-alive'])
  })

  it('has nothing to offer to nobody', () => {
    expect(short(startOutgoing({ devices: [], at: 0 }, DEFAULT_TIMERS).outputs)).to.deep.equal(['ended failed'])
  })
})

describe('an incoming offer', () => {
  const run = (inputs: IncomingInput[]): string[] => {
    let { state, outputs } = startIncoming({ deadline: 60_000 })
    const all = [...outputs]
    for (const input of inputs) {
      ({ state, outputs } = stepIncoming(state, input, DEFAULT_TIMERS))
      all.push(...outputs)
    }
    return short(all)
  }

  it('cannot be accepted after its time, even when the timer comes late', () => {
    expect(run([{ type: 'accept', mode: 'live', at: 60_000 }])).to.deep.equal(['ended no-answer'])
  })

  it('ends by each word of the caller as the table says', () => {
    const ending = (...before: IncomingInput[]) => (reason: Extract<IncomingInput, { type: 'left' }>['reason']): string | undefined => run([...before, { type: 'left', reason }]).at(-1)
    const ringing = ending()
    const captured = ending({ type: 'accept', mode: 'capture', at: 0 }, { type: 'confirmed', at: 1 })
    const live = ending({ type: 'accept', mode: 'live', at: 0 }, { type: 'confirmed', at: 1 })
    expect([ringing('cancelled'), ringing('answered-elsewhere'), ringing('no-answer'), ringing('stored')]).to.deep.equal(['ended cancelled', 'ended cancelled', 'ended no-answer', 'ended stored'])
    expect([captured('stored'), captured('taken-over'), captured('lost'), captured('failed')]).to.deep.equal(['ended stored', 'ended completed', 'ended stored', 'ended failed'])
    expect([live('hang-up'), live('lost'), live('no-answer')]).to.deep.equal(['ended completed', 'ended failed', 'ended no-answer'])
  })

  it('fails when the caller never learned of the acceptance', () => {
    expect(run([{ type: 'accept', mode: 'live', at: 0 }, { type: 'undelivered' }])).to.deep.equal(['send-accept', 'leave lost', 'ended failed'])
    expect(run([{ type: 'accept', mode: 'live', at: 0 }, { type: 'heard', at: 9 }, { type: 'undelivered' }])).to.deep.equal(['send-accept', 'confirmed'])
  })

  it('hears nothing after the end', () => {
    expect(run([{ type: 'reject', reason: 'busy' }, { type: 'left', reason: 'cancelled' }, { type: 'accept', mode: 'live', at: 1 }, { type: 'timer', at: 99_000 }])).to.deep.equal(['send-reject', 'ended busy'])
  })
})
