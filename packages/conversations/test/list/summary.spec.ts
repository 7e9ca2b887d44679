import { cidOf, createSeededRandom, type CID } from '@parley/core'
import { publicKeyFromDid } from '@parley/identity'
import { expect } from 'chai'
import fc from 'fast-check'
import { parseAction } from '../../src/format/parse-action.ts'
import { pointOf } from '../../src/private/log-point.ts'
import { hasSeenAll, withAction, type AccessKnowledge } from '../../src/list/access-knowledge.ts'
import { createOrder, fromCursor, toCursor } from '../../src/list/order.ts'
import { parentsOf } from '../../src/list/parents-of.ts'
import { snippetOf, summaryCodec, type Summary } from '../../src/list/summary.ts'
import { summarize } from '../../src/list/summarize.ts'
import { step, type Gained } from '../../src/list/summary-machine.ts'
import type { Content, ConversationState, DecodedAction } from '../../src/index.ts'
import { blocksOf, createWorld, type Replica } from '../log/world.ts'
import { meet } from '../private/support.ts'

const hash = (value: number): Uint8Array => new Uint8Array(32).fill(value)

describe('a summary that is kept action by action', () => {
  it('is that of the whole log, whatever was said at once and in whatever order it comes', async function () {
    this.timeout(120_000)
    let judged = 0
    let read = 0
    await fc.assert(fc.asyncProperty(fc.integer({ min: 1, max: 1_000_000 }), fc.array(fc.record({ who: fc.nat(2), what: fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 10, max: 12 }) }, { weight: 1, arbitrary: fc.nat(9) }), meet: fc.nat(3) }), { minLength: 5, maxLength: 40 }), async (seed, steps) => {
      const world = createWorld(seed)
      const people = [await world.somebody('Alice'), await world.somebody('Bob'), await world.somebody('Carol')]
      const replicas = await Promise.all(people.map(async who => await world.replica(who)))
      const [alice, bob, carol] = replicas as [Replica, Replica, Replica]
      const { id } = await alice.conversations.create({ subject: 'Dinner', participants: [bob.who.did, carol.who.did] })
      await meet(alice, bob, id)
      await meet(alice, carol, id)
      const random = createSeededRandom(seed)
      for (const { who, what, meet: meeting } of steps) {
        const replica = replicas[who] as Replica
        await world.clock.advance(1)
        // What is no longer allowed is refused, and that is another test's.
        await append(replica, id, what, random).catch(() => {})
        if (meeting > 0) await meet(replica, replicas[(who + meeting) % 3] as Replica, id)
      }
      for (const from of replicas) for (const to of replicas) if (from !== to) await meet(from, to, id)
      // In the order in which Bob's log has them.
      const conversation = await bob.conversations.open(id)
      const actions: DecodedAction[] = []
      for await (const action of conversation.actions()) actions.push(action)
      const byCid = new Map(actions.map(action => [Buffer.from(action.bytes).toString('hex'), action]))
      const arrived = (await blocksOf(bob, id)).flatMap(block => byCid.get(Buffer.from(block).toString('hex')) ?? [])
      const state = await conversation.state()
      const whole = summarize(state, actions, { person: bob.who.did, readTo: undefined }).summary
      // Whatever was only judged by itself must not differ from what reading comes to.
      let summary: Summary | undefined
      const fresh = await world.replica(bob.who)
      for (const [index, action] of arrived.entries()) {
        await fresh.conversations.merge(id, index === 0 ? (await blocksOf(bob, id)).slice(0, 2) : [action.bytes])
        const parsed = parseAction(action.bytes)
        const stepped = summary === undefined ? undefined : step(summary, {
          point: pointOf(action),
          person: action.person,
          parents: parentsOf(parsed),
          changesAccess: parsed.access !== undefined,
          carriesKeys: parsed.keys !== undefined,
          epoch: action.epoch,
          content: action.content,
          isMalformed: false
        }, bob.who.did)
        if (stepped === undefined) {
          read++
          const partial = await fresh.conversations.open(id)
          const some: DecodedAction[] = []
          for await (const one of partial.actions()) some.push(one)
          summary = summarize(await partial.state(), some, { person: bob.who.did, readTo: undefined }).summary
        } else {
          judged++
          summary = stepped.summary
        }
      }
      expect({ ...summary, access: undefined, lockedEpoch: undefined, unreadable: undefined }).to.deep.equal({ ...whole, access: undefined, lockedEpoch: undefined, unreadable: undefined })
    }), { numRuns: 40 })
    // Most need no log.
    expect(judged).to.be.greaterThan(read)
  })
})

async function append (replica: Replica, id: CID, what: number, random: (length: number) => Uint8Array): Promise<void> {
  const conversation = await replica.conversations.open(id)
  const state = await conversation.state()
  await conversation.append(contentOf(state, replica, what, random) ?? { verb: 'add', thing: 'message', message: random(16), body: `said ${what}` })
}

/** Returns something to say of each kind that matters to a list; undefined where there is nothing to say it about. */
function contentOf ({ messages, subjectVersion, participants }: ConversationState, { who }: Replica, what: number, random: (length: number) => Uint8Array): Content | undefined {
  const last = messages.at(-1)
  const message = Buffer.from((last?.id ?? '00').slice(0, 32), 'hex')
  const voice = messages.find(({ state, author }) => state === 'recording' && author === who.did)
  const other = participants.find(({ did, permission }) => did !== who.did && permission === 'write')
  switch (what) {
    case 0: return { verb: 'add', thing: 'message', message: random(16), attachment: { voice: random(16), key: random(32), codec: 'opus', sampleRateHz: 48_000, channels: 1 } }
    case 1: return voice?.voice === undefined ? undefined : { verb: 'add', thing: 'attachment', message: Buffer.from(voice.id.slice(0, 32), 'hex'), voice: voice.voice.voice, manifest: null, durationMs: 5, segments: 1, cutOff: false }
    case 2: return { verb: 'played', thing: 'message', message, positionMs: 1, done: false }
    case 3: return { verb: 'add', thing: 'reaction', message, reaction: '+' }
    case 4: return subjectVersion === undefined ? undefined : { verb: 'modify', thing: 'subject', subject: `by ${what}`, follows: subjectVersion }
    case 5: return last === undefined ? undefined : { verb: last.deleted === undefined ? 'delete' : 'recover', thing: 'message', message, follows: last.version }
    case 6: return last?.body === undefined ? undefined : { verb: 'modify', thing: 'message', message, body: 'edited', follows: last.version }
    case 7: return { verb: 'add', thing: 'label', label: 'shared' }
    case 8: return other === undefined ? undefined : { verb: 'modify', thing: 'participant', person: publicKeyFromDid(other.did), permission: 'read' }
    case 9: return { verb: 'delete', thing: 'participant', person: publicKeyFromDid(who.did) }
    default: return undefined
  }
}

describe('an action that is taken in by itself', () => {
  const point = { action: cidOf(hash(9)), wallMs: 50, counter: 0 }
  const before: Summary = {
    rows: 1, access: withAction([], { hash: hash(1), parents: [], isChange: true }), subject: 'Dinner', creator: 'alice', created: 1, status: 'active', expiresAt: null, labels: [], activity: 1, newest: undefined, newestOther: undefined, previewAt: undefined, preview: undefined, unread: 0, readTo: undefined, unreadable: 0, lockedEpoch: undefined,
    participants: [{ did: 'alice', permission: 'full' }, { did: 'bob', permission: 'write' }, { did: 'carol', permission: 'comment' }, { did: 'dan', permission: 'read' }]
  }
  const content = { verb: 'add', thing: 'message', message: hash(3).subarray(0, 16), body: 'x' } as const
  const gained: Gained = { point, person: 'bob', parents: [hash(1)], changesAccess: false, carriesKeys: false, epoch: 0, content, isMalformed: false }

  it('is a message of whoever may write', () => {
    const stepped = step(before, gained, 'alice')
    expect(stepped?.summary).to.deep.include({ rows: 2, unread: 1, activity: 50, newest: point, newestOther: point })
    expect(stepped?.unread).to.deep.equal(point)
  })

  for (const [what, change, also] of [
    ['of somebody who may only read', { person: 'dan' }, {}],
    ['of somebody who may only comment, about nothing', { person: 'carol' }, {}],
    ['of somebody who is not in', { person: 'eve' }, {}],
    ['after the conversation expired', {}, { expiresAt: 49 }]
  ] satisfies Array<[string, Partial<Gained>, Partial<Summary>]>) {
    it(`has no effect as a message ${what}`, () => {
      const stepped = step({ ...before, ...also }, { ...gained, ...change }, 'alice')
      expect(stepped?.unread).to.equal(undefined)
      expect(stepped?.summary).to.deep.include({ rows: 2, unread: 0, activity: 1, preview: undefined })
    })
  }

  for (const [what, change] of [
    ['a message of somebody who has not seen who may what', { parents: [hash(8)] }],
    ['a comment', { person: 'carol', content: { ...content, parent: hash(4).subarray(0, 16) } }],
    ['a change of who may what', { changesAccess: true }],
    ['what no key at hand opens', { content: undefined }],
    ['a new subject', { content: { verb: 'modify', thing: 'subject', subject: 'x', follows: point.action } }]
  ] satisfies Array<[string, Partial<Gained>]>) {
    it(`is not ${what}: the log has to be read`, () => {
      expect(step(before, { ...gained, ...change }, 'alice')).to.equal(undefined)
    })
  }

  it('is counted where it cannot be read, once it is known that its key is not here', () => {
    const locked = { ...before, unreadable: 1, lockedEpoch: 3 }
    expect(step(locked, { ...gained, content: undefined, epoch: 3 }, 'alice')?.summary.unreadable).to.equal(2)
    expect(step(locked, { ...gained, content: undefined, epoch: 4 }, 'alice')).to.equal(undefined)
    expect(step(locked, { ...gained, content: undefined, epoch: 3, carriesKeys: true }, 'alice')).to.equal(undefined)
    expect(step(before, { ...gained, content: undefined, isMalformed: true }, 'alice')?.summary.unreadable).to.equal(1)
  })

  it('is no news as a notice', () => {
    const seen = step(before, { ...gained, content: { verb: 'seen', thing: 'action', action: point.action } }, 'alice')
    expect(seen?.summary).to.deep.include({ rows: 2, activity: 1, unread: 0, newestOther: undefined, newest: point })
  })
})

describe('who has seen every change of who may what', () => {
  it('is whoever follows them all', () => {
    let knowledge: AccessKnowledge = []
    const add = (value: number, parents: number[], isChange = false): boolean => {
      const seen = hasSeenAll(knowledge, parents.map(hash))
      knowledge = withAction(knowledge, { hash: hash(value), parents: parents.map(hash), isChange })
      return seen
    }
    add(1, [], true)
    expect(add(2, [1])).to.equal(true)
    add(3, [1], true)
    add(4, [2], true)
    expect(add(5, [3])).to.equal(false)
    expect(add(6, [4])).to.equal(false)
    expect(add(7, [5, 6])).to.equal(true)
    expect(add(8, [7])).to.equal(true)
    expect(add(9, [2])).to.equal(false)
    add(10, [8], true)
    expect(add(11, [7])).to.equal(false)
    expect(add(12, [10])).to.equal(true)
  })
})

describe('more at once than is remembered', () => {
  it('is judged by nobody: neither an action after many others, nor any after too many changes', () => {
    let many: AccessKnowledge = withAction([], { hash: hash(0), parents: [], isChange: true })
    for (let value = 1; value <= 16; value++) many = withAction(many, { hash: hash(value), parents: [hash(0), hash(value - 1)], isChange: false })
    expect(hasSeenAll(many, [hash(0)])).to.equal(false)
    expect(hasSeenAll(many, [hash(1)])).to.equal(true)
    let changes: AccessKnowledge = []
    for (let value = 1; value <= 12; value++) changes = withAction(changes, { hash: hash(value), parents: [hash(99)], isChange: true })
    expect(hasSeenAll(changes, Array.from({ length: 12 }, (_none, value) => hash(value + 1)))).to.equal(false)
  })
})

describe('an order of places', () => {
  it('is by time, the newest first, and then by name, after any moves', () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.nat(20), fc.nat(5)), { maxLength: 60 }), fc.nat(20), fc.nat(5), (moves, name, at) => {
      const order = createOrder()
      const model = new Map<string, number>()
      for (const [number, time] of moves) {
        order.move(`n${number}`, time)
        model.set(`n${number}`, time)
      }
      const sorted = [...model].map(([name, at]) => ({ at, name })).sort((a, b) => b.at - a.at || (a.name < b.name ? -1 : 1))
      expect([...order.after(undefined)]).to.deep.equal(sorted)
      const place = { at, name: `n${name}` }
      expect([...order.after(fromCursor(toCursor(place)))]).to.deep.equal(sorted.filter(other => other.at < at || (other.at === at && other.name > place.name)))
    }))
  })
})

describe('the beginning of a text', () => {
  it('is one line of whole letters', () => {
    expect(snippetOf(' a\n\tb ')).to.equal('a b')
    expect(snippetOf(undefined)).to.equal('')
    fc.assert(fc.property(fc.string({ unit: 'grapheme', maxLength: 700 }), body => {
      const snippet = snippetOf(body)
      expect(snippet.length).to.be.at.most(140)
      expect(snippet.isWellFormed()).to.equal(true)
      expect(snippet).not.to.match(/[\n\t]/)
    }))
  })
})

describe('a summary on the disk', () => {
  it('is refused with anything else in it', () => {
    for (const bytes of [new Uint8Array(), Uint8Array.of(0xa0), new Uint8Array(1024 * 1024 + 1)]) {
      expect(() => summaryCodec.decode(bytes)).to.throw().with.property('name').that.matches(/InvalidBytesError|OversizedBytesError/)
    }
  })
})
