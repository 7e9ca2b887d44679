import { expect } from 'chai'
import * as core from '../src/index.ts'

const { InvalidArgumentError, InvalidBytesError, OversizedBytesError, ParleyError, StoppedError, StorageUnavailableError, TimeoutError } = core

describe('an error of Parley', () => {
  const errors = [
    new InvalidArgumentError('no'), new InvalidBytesError('action', 'cut'), new OversizedBytesError('action', 9, 5),
    new StoppedError('The node'), new StorageUnavailableError('full', '/data'), new TimeoutError('The answer', 5)
  ]
  for (const error of errors) {
    it(`is known by its name: ${error.name}`, () => {
      expect(error).to.be.instanceOf(ParleyError)
      expect(error.name).to.equal(error.constructor.name)
      expect(core).to.have.property(error.name)
      expect(error.stack).to.include(error.message)
    })
  }

  it('keeps its cause', () => {
    const cause = new TypeError('below')
    expect(new StorageUnavailableError('failed', 'disk', { cause }).cause).to.equal(cause)
  })

  it('says in words what a store suffers from', () => {
    expect(new StorageUnavailableError('full', '/data').message).to.equal('The disk is full: /data')
    expect(new StorageUnavailableError('missing', '/data').message).to.equal('The data folder is missing: /data')
  })
})
