import { expect } from 'chai'
import fc from 'fast-check'
import { mediaHoldersOf, readersOf, receiversOf, type GuestPair } from '../../src/index.ts'

const holderOf = (access: string[], guests: GuestPair[]) => ({ access: async () => access, guests: async () => guests })

describe('who is brought a conversation with a guest', () => {
  const holder = holderOf(['alice', 'bob'], [{ host: 'alice', guest: 'carol' }])

  it('are all by the host, the others by another participant, and host and guest by the guest', async () => {
    expect(await receiversOf(holder, ['alice'])).to.deep.equal(['alice', 'bob', 'carol'])
    expect(await receiversOf(holder, ['bob'])).to.deep.equal(['alice', 'bob'])
    expect(await receiversOf(holder, ['carol'])).to.deep.equal(['alice', 'carol'])
    expect(await receiversOf(holder, ['bob', 'carol'])).to.deep.equal(['alice', 'bob', 'carol'])
  })

  it('are no guests of somebody who was put out', async () => {
    expect(await receiversOf(holderOf(['bob'], [{ host: 'alice', guest: 'carol' }]), ['alice'])).to.deep.equal(['bob'])
    expect(await readersOf(holderOf(['bob'], [{ host: 'alice', guest: 'carol' }]), ['alice'])).to.deep.equal(['bob'])
  })

  it('are heard by those who stand for host or guest', async () => {
    expect(await readersOf(holder, ['alice'])).to.have.members(['alice', 'bob', 'carol'])
    expect(await readersOf(holder, ['carol'])).to.have.members(['alice', 'bob', 'carol'])
    expect(await readersOf(holder, ['bob'])).to.have.members(['alice', 'bob'])
  })

  it('give a guest what was said, never its author', async () => {
    expect(await mediaHoldersOf(holder, { person: 'carol', author: 'bob' })).to.deep.equal(['alice'])
    expect(await mediaHoldersOf(holder, { person: 'alice', author: 'bob' })).to.deep.equal(['bob'])
  })

  it('are the access set where there is no guest, and never a guest of nobody who is asked for', async () => {
    const people = ['a', 'b', 'c', 'd']
    await fc.assert(fc.asyncProperty(fc.subarray(people), fc.subarray(people), fc.array(fc.record({ host: fc.constantFrom(...people), guest: fc.constantFrom(...people) }), { maxLength: 3 }), async (access, own, guests) => {
      expect(await receiversOf(holderOf(access, []), own)).to.deep.equal(access)
      const got = await receiversOf(holderOf(access, guests), own)
      const allowed = new Set([...access, ...guests.filter(({ host, guest }) => own.includes(host) || own.includes(guest)).flatMap(({ host, guest }) => [host, guest])])
      expect(got.every(did => allowed.has(did))).to.equal(true)
    }), { seed: 21, numRuns: 1000 })
  })
})
