import { expect } from 'chai'
import * as fc from 'fast-check'
import { keyName } from '../../src/format/key-name.ts'
import { checkAccess } from '../../src/merge/check-access.ts'
import { PEOPLE, give, historyOf, inClear, keyOf, pastOf, reordered, type Attempt } from './model.ts'
import { CREATOR, mayMake, referenceView, type ReferenceChange } from './reference.ts'

const attempt: fc.Arbitrary<Attempt> = fc.record({
  by: fc.nat({ max: PEOPLE.length - 1 }),
  sees: fc.oneof(fc.constant(undefined), fc.array(fc.nat({ max: 20 }), { maxLength: 3 }), fc.record({ blindTo: fc.nat({ max: 20 }) }), fc.record({ blindTo: fc.integer({ min: 5, max: 8 }) })),
  delay: fc.nat({ max: 8 }),
  person: fc.nat({ max: PEOPLE.length - 1 }),
  act: fc.constantFrom('add' as const, 'add' as const, 'add' as const, 'remove' as const, 'remove' as const, 'leave' as const),
  permission: fc.constantFrom(0, 1, 2, 3, 3, 3),
  fromNow: fc.boolean()
})
const attempts = fc.array(attempt, { minLength: 4, maxLength: 18 })
/** Everybody in with full permission, so that there is something to fight for. */
const crowd: Attempt[] = PEOPLE.slice(1).map((_name, at) => ({ by: 0, sees: undefined, delay: 1, person: at + 1, act: 'add', permission: 3, fromNow: false }))

const plain = (seen: Iterable<ReferenceChange>): object => {
  const { members, former } = referenceView(new Set(seen))
  return { members: Object.fromEntries(members), former: Object.fromEntries([...former].map(([name, { id }]) => [name, id])) }
}
const isIn = (view: { members: object }, name: string): boolean => Object.hasOwn(view.members, name)

describe('who is in a conversation', () => {
  it('is what the plain rule says, for whatever somebody saw', function () {
    this.timeout(60_000)
    fc.assert(fc.property(attempts, fc.nat({ max: crowd.length }), (list, size) => {
      const changes = historyOf([...crowd.slice(0, size), ...list])
      const given = give(changes)
      expect(given.view(given.history.newest())).to.deep.equal(plain(changes))
      for (const change of changes) expect(given.view(given.versionOf([change]))).to.deep.equal(plain([change, ...change.past]))
    }), { numRuns: 1500 })
  })

  it('is the same in whatever order it was heard, and after a restart', function () {
    this.timeout(60_000)
    fc.assert(fc.property(attempts, fc.nat(), (list, seed) => {
      const changes = historyOf([...crowd, ...list])
      const given = give(changes)
      const expected = given.view(given.history.newest())
      for (const other of [give(reordered(changes, seed)), give(changes, { restart: true })]) {
        const view = other.view(other.history.newest())
        expect(view).to.deep.equal(expected)
      }
    }), { numRuns: 200 })
  })

  it('is changed by those alone who may, as far as they had seen', function () {
    this.timeout(60_000)
    fc.assert(fc.property(attempts, attempt, (list, { by, person, act, permission, sees }) => {
      const changes = historyOf([...crowd, ...list])
      const past = pastOf(changes, sees)
      const author = PEOPLE[by] ?? CREATOR
      const target = PEOPLE[person] ?? CREATOR
      const asked = {
        by: author,
        past,
        add: act === 'add' ? [{ person: target, permission: (['read', 'comment', 'write', 'full'] as const)[permission] ?? 'read', history: 'all' as const }] : [],
        remove: act === 'add' ? [] : [target]
      }
      const given = give(changes)
      const index = { access: given.history, creatorName: keyName(keyOf(CREATOR)), isHome: false }
      const error = checkAccess(index, { person: keyName(keyOf(author)), change: inClear(asked), version: given.versionOf(past), isFirst: false })
      expect(error === undefined, error?.message).to.equal(mayMake(asked))
    }), { numRuns: 400 })
  })

  it('is nobody whom the removed let in, whatever they date into the past, alone or together', function () {
    this.timeout(60_000)
    const thieves = ['ann', 'ben']
    // They see what was before they were removed, and what they do themselves.
    const revenge = fc.array(fc.record({ ...fields(), by: fc.nat({ max: PEOPLE.length - 1 }) }), { minLength: 1, maxLength: 10 })
    fc.assert(fc.property(revenge, list => {
      const before = historyOf(crowd.slice(0, 3))
      const removals = thieves.map((person, at): ReferenceChange => ({ id: 100 + at, by: CREATOR, past: new Set(before), time: 1000 + at, epoch: 4, add: [], remove: [person] }))
      const all = historyOf([...crowd.slice(0, 3), ...list.map(one => ({ ...one, by: one.by === 0 || PEOPLE[one.by] === 'cid' ? 1 : one.by }))])
      const given = give([...all, ...removals.map(removal => ({ ...removal, past: new Set(all.slice(0, before.length)) }))])
      const view = given.view(given.history.newest())
      for (const name of PEOPLE) if (name !== CREATOR && name !== 'cid') expect(isIn(view, name), name).to.equal(false)
    }), { numRuns: 300 })
  })
})

function fields () {
  return {
    sees: fc.constant(undefined),
    delay: fc.nat({ max: 3000 }),
    person: fc.nat({ max: PEOPLE.length - 1 }),
    act: fc.constantFrom('add' as const, 'add' as const, 'remove' as const),
    permission: fc.constantFrom(0, 2, 3),
    fromNow: fc.boolean()
  }
}

describe('of changes that were made at once', () => {
  const change = (by: string, past: ReferenceChange[], what: Partial<ReferenceChange>): ReferenceChange => {
    const all = new Set(past.flatMap(one => [one, ...one.past]))
    return { id: 0, by, past: all, time: Math.max(0, ...[...all].map(({ time }) => time)) + 1, epoch: 1, add: [], remove: [], ...what }
  }
  const grant = (person: string, permission: 'read' | 'comment' | 'write' | 'full' = 'full') => ({ add: [{ person, permission, history: 'all' as const }] })
  const end = (...changes: ReferenceChange[]): string[] => {
    const given = give(changes)
    const view = given.view(given.history.newest())
    expect(view.members).to.deep.equal(Object.fromEntries(referenceView(new Set(changes)).members))
    return Object.keys(view.members).sort()
  }
  const ann = change(CREATOR, [], grant('ann'))
  const ben = change(CREATOR, [ann], { ...grant('ben'), time: 2 })

  it('two who remove each other are both out', () => {
    expect(end(ann, ben, change('ann', [ben], { remove: ['ben'], time: 3 }), change('ben', [ben], { remove: ['ann'], time: 4 }))).to.deep.equal([CREATOR])
  })

  it('somebody whom the removed one let in is not in', () => {
    const removal = change(CREATOR, [ben], { remove: ['ann'], time: 3 })
    const admission = change('ann', [ben], { ...grant('eve'), time: 9 })
    expect(end(ann, ben, removal, admission)).to.deep.equal(['ben', CREATOR])
    const back = change('eve', [admission], { ...grant('dot'), time: 10 })
    expect(end(ann, ben, removal, admission, back)).to.deep.equal(['ben', CREATOR])
  })

  it('a leave takes nothing back', () => {
    expect(end(ann, ben, change('ann', [ben], { remove: ['ann'], time: 3 }), change('ann', [ben], { ...grant('eve'), time: 4 }))).to.deep.equal(['ben', CREATOR, 'eve'])
  })

  it('a grant of somebody who was lowered is void when it needs more than they have left', () => {
    const lowered = change(CREATOR, [ben], { ...grant('ann', 'write'), time: 3 })
    expect(end(ann, ben, lowered, change('ann', [ben], { ...grant('eve'), time: 4 }))).to.deep.equal(['ann', 'ben', CREATOR])
    expect(end(ann, ben, lowered, change('ann', [ben], { ...grant('eve', 'write'), time: 4 }))).to.deep.equal(['ann', 'ben', CREATOR, 'eve'])
  })

  it('whoever is added again after they were removed is in', () => {
    const removal = change(CREATOR, [ben], { remove: ['ann'], time: 3 })
    expect(end(ann, ben, removal, change('ben', [removal], { ...grant('ann', 'write'), time: 4 }))).to.deep.equal(['ann', 'ben', CREATOR])
  })

  it('of two who let somebody in, the first counts', () => {
    const given = give([ann, ben, change(CREATOR, [ben], { ...grant('eve', 'read'), time: 3 }), change('ann', [ben], { ...grant('eve', 'write'), time: 4 })])
    expect(given.view(given.history.newest()).members).to.have.property('eve').that.includes({ rank: 0 })
  })
})
