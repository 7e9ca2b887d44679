import { createDeviceList, createSigner, decodeDeviceList, deviceHistory, mergeDeviceLists, rolesOf, type DeviceKeys, type DeviceList, type Signer } from '@parley/identity'
import { expect } from 'chai'
import { byKey, extend } from '../support/device-changes.ts'
import { T0, deviceKeys, recordOf, secret } from '../support/persons.ts'

/** A list of a person and three admins, each made one by the one before; the first is in the list's beginning. */
async function ranks (): Promise<{ person: Signer, senior: DeviceKeys, middle: DeviceKeys, junior: DeviceKeys, first: DeviceList, list: DeviceList }> {
  const person = await createSigner(secret(1))
  const [senior, middle, junior] = [await deviceKeys(2), await deviceKeys(3), await deviceKeys(4)]
  const first = await createDeviceList(person, { name: 'Bob', devices: [recordOf(senior, 'admin')], issued: T0, random: length => new Uint8Array(length) })
  let list = await extend(senior, first, { add: [recordOf(middle, 'admin')] }, 1)
  list = await extend(middle, list, { add: [recordOf(junior, 'admin')] }, 2)
  return { person, senior, middle, junior, first, list }
}

/** Merges lists in every order and checks that it does not matter. */
async function united (...lists: DeviceList[]): Promise<DeviceList> {
  const merge = (order: DeviceList[]): DeviceList => order.reduce((merged, list) => mergeDeviceLists(merged, list))
  const result = merge(lists)
  for (let turn = 0; turn < lists.length; turn++) {
    const order = [...lists.slice(turn), ...lists.slice(0, turn)]
    expect(merge(order)).to.deep.equal(result)
    expect(merge(order.reverse())).to.deep.equal(result)
  }
  expect(await decodeDeviceList(result.bytes)).to.deep.equal(result)
  return result
}

const revoked = (list: DeviceList): string[] => list.devices.filter(record => record.revoked !== undefined).map(record => record.device)
const has = (list: DeviceList, keys: DeviceKeys): boolean => list.devices.some(record => record.device === keys.did)

describe('two admins who add devices at once', () => {
  it('end with both', async () => {
    const { senior, junior, list } = await ranks()
    const [a, b] = [await deviceKeys(10), await deviceKeys(11)]
    const merged = await united(await extend(senior, list, { add: [recordOf(a, 'endpoint')] }, 10), await extend(junior, list, { add: [recordOf(b, 'proxy')] }, 10))
    expect([has(merged, a), has(merged, b)]).to.deep.equal([true, true])
    expect(merged.heads).to.have.length(2)
    expect((await extend(senior, merged, { name: 'Rob' }, 11)).heads).to.have.length(1)
  })

  it('describe a device and name the person by their later word, and a revocation counts over both', async () => {
    const { senior, junior, list } = await ranks()
    const phone = await deviceKeys(10)
    const both = await extend(senior, list, { add: [recordOf(phone, 'endpoint', { added: T0 + 10 })] }, 10)
    const a = await extend(senior, both, { add: [recordOf(phone, 'endpoint', { name: 'later', added: T0 + 12 })], name: 'later' }, 12)
    const b = await extend(junior, both, { add: [recordOf(phone, 'proxy', { name: 'earlier', added: T0 + 3 })], name: 'earlier' }, 11)
    const merged = await united(a, b)
    expect(merged.name).to.equal('later')
    expect(merged.devices.find(record => record.device === phone.did)).to.deep.include({ name: 'later', roles: ['endpoint'], added: T0 + 10 })
    const c = await extend(senior, both, { revoke: [phone.did] }, 13)
    const ended = await united(a, b, c)
    expect(ended.devices.find(record => record.device === phone.did)).to.include({ name: 'later', revoked: T0 + 13 })
    expect(rolesOf(ended, phone.did, T0 + 13)).to.deep.equal([])
  })

  it('are overruled by whoever saw both, whatever the clocks say', async () => {
    const { person, senior, junior, list } = await ranks()
    const merged = await united(await extend(senior, list, { name: 'far future' }, 1e9), await extend(junior, list, { name: 'now' }, 20))
    expect((await extend(person, merged, { name: 'as I say' }, 5)).name).to.equal('as I say')
  })
})

describe('a revocation', () => {
  it('voids what the device did that it had not seen, and leaves what it had', async () => {
    const { person, middle, list } = await ranks()
    const [seen, unseen, after] = [await deviceKeys(10), await deviceKeys(11), await deviceKeys(12)]
    const before = await extend(middle, list, { add: [recordOf(seen, 'endpoint')] }, 10)
    const hidden = await extend(middle, before, { add: [recordOf(unseen, 'endpoint')] }, 11)
    const ending = await extend(person, before, { revoke: [middle.did] }, 20)
    const backdated = await extend(middle, before, { add: [recordOf(after, 'admin')], name: 'Mallory' }, 5)
    const merged = await united(hidden, ending, backdated)
    expect([seen, unseen, after].map(keys => has(merged, keys))).to.deep.equal([true, false, false])
    expect(merged.name).to.equal('Bob')
    const voided = deviceHistory(merged).filter(({ counts }) => !counts)
    expect(voided.map(({ author, why }) => [author, why])).to.deep.equal(Array.from({ length: 3 }, () => [middle.did, 'its author was revoked, and whoever did so had not seen it']))
  })

  it('takes effect whenever and through whomever it comes, also on the admins whom the revoked device made', async () => {
    const { person, middle, list } = await ranks()
    const [accomplice, third] = [await deviceKeys(10), await deviceKeys(11)]
    let taken = await extend(middle, list, { add: [recordOf(accomplice, 'admin')] }, 10)
    taken = await extend(accomplice, taken, { add: [recordOf(third, 'endpoint')] }, 11)
    expect(has(taken, third)).to.equal(true)
    const withheld = await extend(person, list, { revoke: [middle.did] }, 3)
    const merged = await united(taken, withheld)
    expect([accomplice, third].map(keys => has(merged, keys))).to.deep.equal([false, false])
    expect(deviceHistory(merged).find(({ author }) => author === accomplice.did)?.why).to.equal('its author was not an admin')
  })

  it('is for good: neither the person nor a change made at once brings the key back', async () => {
    const { person, senior, middle, list } = await ranks()
    const ending = await extend(senior, list, { revoke: [middle.did] }, 20)
    const renewing = await extend(person, list, { add: [recordOf(middle, 'admin', { name: 'again' })] }, 30)
    const merged = await united(ending, renewing)
    expect(merged.devices.find(record => record.device === middle.did)).to.include({ revoked: T0 + 20, name: 'again' })
  })

  it('dates from the earliest of several', async () => {
    const { person, senior, middle, list } = await ranks()
    const merged = await united(await extend(senior, list, { revoke: [middle.did] }, 20), await extend(person, list, { revoke: [middle.did] }, 19))
    expect(merged.devices.find(record => record.device === middle.did)?.revoked).to.equal(T0 + 19)
  })

  it('may be of oneself, and ends what one does otherwise', async () => {
    const { middle, list } = await ranks()
    const merged = await united(await extend(middle, list, { revoke: [middle.did] }, 20), await extend(middle, list, { name: 'Mallory' }, 21))
    expect(revoked(merged)).to.deep.equal([middle.did])
    expect(merged.name).to.equal('Bob')
  })
})

describe('admins who revoke one another', () => {
  it('yield to the one who was made admin first', async () => {
    const { senior, middle, junior, list } = await ranks()
    for (const [upper, lower] of [[senior, middle], [senior, junior], [middle, junior]] as const) {
      const merged = await united(await extend(lower, list, { revoke: [upper.did] }, 5), await extend(upper, list, { revoke: [lower.did] }, 50))
      expect(revoked(merged)).to.deep.equal([lower.did])
    }
  })

  it('yield to the one with the lower key when the list began with both', async () => {
    const person = await createSigner(secret(1))
    const [low, high] = byKey([await deviceKeys(2), await deviceKeys(3)])
    if (low === undefined || high === undefined) throw new TypeError('two keys were expected')
    const list = await createDeviceList(person, { name: 'Bob', devices: [recordOf(low, 'admin'), recordOf(high, 'admin')], issued: T0 })
    const merged = await united(await extend(high, list, { revoke: [low.did] }, 5), await extend(low, list, { revoke: [high.did] }, 50))
    expect(revoked(merged)).to.deep.equal([high.did])
  })

  it('yield to the person, whoever was first', async () => {
    const { person, senior, junior, list } = await ranks()
    const merged = await united(await extend(senior, list, { revoke: [junior.did] }, 5), await extend(person, list, { revoke: [senior.did] }, 50))
    expect(revoked(merged)).to.deep.equal([senior.did])
  })

  it('are decided in a ring too', async () => {
    const { senior, middle, junior, list } = await ranks()
    const merged = await united(
      await extend(senior, list, { revoke: [middle.did] }, 10),
      await extend(middle, list, { revoke: [junior.did] }, 10),
      await extend(junior, list, { revoke: [senior.did] }, 10)
    )
    // The middle one falls first, so it cannot save the senior from the junior.
    expect(revoked(merged)).to.have.members([middle.did, senior.did])
    expect(deviceHistory(merged).filter(({ counts }) => !counts).map(({ author }) => author)).to.deep.equal([middle.did])
  })

  it('are not overtaken by a junior that pretends to have seen nothing', async () => {
    const { senior, middle, junior, list } = await ranks()
    const [other, phone] = [await deviceKeys(10), await deviceKeys(11)]
    const grown = await extend(senior, list, { add: [recordOf(other, 'admin')] }, 10)
    // The senior's revocation of the middle one builds on a revocation by the junior, which is weaker than either.
    const unseen = await extend(other, grown, { add: [recordOf(phone, 'endpoint')] }, 11)
    const weak = await extend(junior, grown, { revoke: [other.did] }, 12)
    const strong = await extend(senior, weak, { revoke: [middle.did] }, 13)
    const backdated = await extend(middle, list, { revoke: [senior.did] }, 3)
    const merged = await united(unseen, strong, backdated)
    expect(revoked(merged)).to.have.members([middle.did, other.did])
    expect(has(merged, phone)).to.equal(false)
  })

  it('gain nothing from an accomplice whom a senior has revoked', async () => {
    const { person, senior, middle, junior, list } = await ranks()
    // The middle one, revoked, lends a back-dated admission to a fresh key, which revokes the senior.
    const fresh = await deviceKeys(10)
    const lent = await extend(middle, await extend(middle, list, { add: [recordOf(fresh, 'admin')] }, 3), { name: 'x' }, 3)
    const attack = await extend(fresh, lent, { revoke: [senior.did, junior.did] }, 4)
    const byPerson = await extend(person, list, { revoke: [middle.did] }, 20)
    const bySenior = await extend(senior, list, { revoke: [middle.did] }, 20)
    for (const answer of [byPerson, bySenior]) expect(revoked(await united(attack, answer))).to.deep.equal([middle.did])
  })

  it('lose what stood on an admission that a later decision takes away', async () => {
    const { senior, middle, junior, first, list } = await ranks()
    const [fresh, phone] = [await deviceKeys(10), await deviceKeys(11)]
    // Who took the senior key over makes a new admin that seems as old as the
    // middle one, and more so than the junior one that revokes the senior.
    const admission = await extend(senior, first, { add: [recordOf(fresh, 'admin')] }, 1)
    const attack = await extend(fresh, admission, { revoke: [fresh.did] }, 11)
    const more = await extend(fresh, mergeDeviceLists(admission, list), { revoke: [middle.did] }, 11)
    const work = await extend(middle, list, { add: [recordOf(phone, 'endpoint')] }, 12)
    const answer = await extend(junior, list, { revoke: [senior.did] }, 13)
    const merged = await united(more, work, answer)
    expect(revoked(merged)).to.deep.equal([senior.did])
    expect([has(merged, phone), has(merged, fresh)]).to.deep.equal([true, false])
    expect(revoked(await united(attack, work, answer))).to.deep.equal([senior.did])
  })
})
