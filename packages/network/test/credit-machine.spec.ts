import { expect } from 'chai'
import * as fc from 'fast-check'
import { costOf, CREDIT_WINDOW, initialCredit, stepCredit, type CreditState } from '../src/streams/credit-machine.ts'

describe('the credit of a stream', () => {
  it('bounds what lies unread, and never leaves a reader and a writer waiting for each other', () => {
    fc.assert(fc.property(fc.array(fc.record({ frameBytes: fc.nat(1_100_000), reads: fc.nat(4) }), { maxLength: 60 }), plan => {
      let writer: CreditState = initialCredit
      let reader: CreditState = initialCredit
      const unread: number[] = []
      const read = (): void => {
        const frameBytes = unread.shift()
        if (frameBytes === undefined) return
        const { state, grantBytes } = stepCredit(reader, { type: 'taken', frameBytes })
        reader = state
        if (grantBytes > 0) writer = stepCredit(writer, { type: 'granted', sizeBytes: grantBytes }).state
      }
      for (const { frameBytes, reads } of plan) {
        // A writer without credit must get some by reading alone.
        while (writer.sendable <= 0) {
          expect(unread).not.to.have.length(0)
          read()
        }
        writer = stepCredit(writer, { type: 'sent', frameBytes }).state
        reader = stepCredit(reader, { type: 'arrived', frameBytes }).state
        unread.push(frameBytes)
        expect(unread.reduce((sum, bytes) => sum + costOf(bytes), 0)).to.be.lessThan(CREDIT_WINDOW + costOf(1_100_000) + 1)
        for (let count = 0; count < reads; count++) read()
        expect(writer.sendable).to.equal(reader.receivable)
      }
    }))
  })

  it('refuses a frame that was sent without credit', () => {
    const full = stepCredit(initialCredit, { type: 'arrived', frameBytes: CREDIT_WINDOW }).state
    expect(() => stepCredit(full, { type: 'arrived', frameBytes: 0 })).to.throw().with.property('name', 'InvalidBytesError')
  })

  it('refuses credit past the window, or of nothing', () => {
    for (const sizeBytes of [0, 1]) expect(() => stepCredit(initialCredit, { type: 'granted', sizeBytes })).to.throw().with.property('name', 'InvalidBytesError')
  })
})
