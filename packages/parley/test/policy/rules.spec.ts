import { cidOf, type CID } from '@parley/core'
import { DEFAULT_STRANGER_LIMITS, defaultPolicySettings, type Policy, type PolicySettings } from '@parley/identity'
import { expect } from 'chai'
import fc from 'fast-check'
import { turnOf } from '../../src/policy/exchange.ts'
import { countMessages, gatherUnanswered, type Place } from '../../src/policy/pending-requests.ts'
import { bestStanding, conversationStanding, judgeRequest, standingOf, viewPolicy, type PolicyView, type Standing } from '../../src/policy/policy-rules.ts'
import type { BookEntry } from '../../src/policy/conversation-book.ts'

const BOB = 'did:bob'
const PEOPLE = ['did:a', 'did:b', 'did:c', 'did:d', 'did:e']
const cid = (name: string): CID => cidOf(new TextEncoder().encode(name))

function view (settings: Partial<PolicySettings> = {}): PolicyView {
  const policy: Policy = { ...defaultPolicySettings(), ...settings, person: BOB, author: 'did:phone', version: { wallMs: 1, counter: 0 }, bytes: new Uint8Array(), cid: cid('policy') }
  return viewPolicy(policy)
}

const some = fc.subarray(PEOPLE)

describe('how a person stands to somebody', () => {
  it('is decided by blocking first, then by the contacts, then by who wrote to whom', () => {
    fc.assert(fc.property(some, some, some, fc.constantFrom(...PEOPLE), fc.boolean(), (blocked, contacts, declined, from, isKnown) => {
      const standing = standingOf(view({ blocked, contacts, declined }), { person: BOB, from, isKnown })
      expect(standing).to.equal(blocked.includes(from) ? 'blocked' : contacts.includes(from) ? 'contact' : isKnown ? 'known' : 'stranger')
    }))
  })

  it('limits nobody while no policy is known, and never the person', () => {
    expect(standingOf(undefined, { person: BOB, from: 'did:a', isKnown: false })).to.equal('known')
    expect(standingOf(view(), { person: BOB, from: BOB, isKnown: false })).to.equal('contact')
  })
})

describe('a request of a stranger', () => {
  it('is taken exactly within all limits', () => {
    const count = fc.nat(30)
    fc.assert(fc.property(count, count, count, count, fc.nat(1), fc.boolean(), (perStranger, all, own, others, adds, isDeclined) => {
      const asked = view({ declined: isDeclined ? ['did:a'] : [], limits: { ...DEFAULT_STRANGER_LIMITS, requestsPerStranger: perStranger, requestsTotal: all } })
      const { ok } = judgeRequest(asked, { from: 'did:a', own, total: own + others, adds })
      expect(ok).to.equal(perStranger > 0 && all > 0 && !isDeclined && own + adds <= perStranger && own + others + adds <= all)
    }))
  })

  it('is told in words what the person takes', () => {
    const judgement = judgeRequest(view(), { from: 'did:a', own: 1, total: 1, adds: 1 })
    expect(judgement).to.deep.equal({ ok: false, reason: 'this person takes one message from people they do not know' })
    // Whoever was declined hears the same.
    expect(judgeRequest(view({ declined: ['did:a'] }), { from: 'did:a', own: 0, total: 0, adds: 1 })).to.deep.equal(judgement)
    expect(judgeRequest(view({ strangers: 'refuse' }), { from: 'did:a', own: 0, total: 0, adds: 1 }).ok).to.equal(false)
  })

  it('counts once, however often it was given a place', () => {
    const entry = (name: string, creator: string, voices: Array<[string, string]>): BookEntry => ({ conversation: cid(name), creator, access: [creator, BOB], writers: new Set(), voices: new Map(voices) })
    const entries = [entry('one', 'did:a', []), entry('two', 'did:b', [['v1', 'did:b'], ['v2', 'did:b']]), entry('three', 'did:c', [['v3', 'did:d']])]
    const places: Place[] = [
      { conversation: cid('one').toString(), from: 'did:a' }, { conversation: cid('one').toString(), from: 'did:a', voice: 'v0' },
      { conversation: cid('two').toString(), from: 'did:b', voice: 'v1' }, { conversation: 'new', from: 'did:e' }
    ]
    fc.assert(fc.property(fc.shuffledSubarray(places, { minLength: 4 }), shuffled => {
      expect(Object.fromEntries(countMessages(gatherUnanswered(entries, [...shuffled, ...shuffled]).values()))).to.deep.equal({ 'did:a': 1, 'did:b': 2, 'did:c': 1, 'did:d': 1, 'did:e': 1 })
    }))
  })
})

describe('a conversation that a peer brings or asks for', () => {
  const standings: Record<string, Standing> = { 'did:a': 'blocked', 'did:b': 'contact', 'did:c': 'known', 'did:d': 'stranger', 'did:e': 'blocked' }
  const standing = (did: string): Standing => standings[did] ?? 'contact'

  it('is hidden from the blocked unless others are in it and it is here', () => {
    fc.assert(fc.property(some, some, fc.boolean(), (peers, others, held) => {
      const access = [BOB, ...others]
      const { type } = conversationStanding(standing, { person: BOB, peers, access, held })
      const senders = peers.filter(peer => others.includes(peer)).map(standing)
      const onlyBlocked = senders.length > 0 && senders.every(one => one === 'blocked')
      const hasOthers = others.some(other => standing(other) !== 'blocked')
      expect(type === 'hidden').to.equal(onlyBlocked && !(held && hasOthers))
      expect(type === 'stranger').to.equal(senders.includes('stranger') && !senders.some(one => one === 'contact' || one === 'known'))
    }))
  })

  it('is open to the devices of the person, and to whoever one of several persons knows', () => {
    expect(conversationStanding(standing, { person: BOB, peers: [BOB, 'did:a'], access: [BOB, 'did:a'], held: true }).type).to.equal('free')
    expect(bestStanding([{ type: 'hidden' }, { type: 'stranger', person: BOB, from: 'did:d' }, { type: 'free', person: 'did:z', from: 'did:d' }]).type).to.equal('free')
  })
})

describe('two sides that compare their policies', () => {
  it('come to opposite turns, so that the newer goes over', () => {
    const held = fc.option(fc.record({ wallMs: fc.nat(3), counter: fc.nat(3), cid: fc.constantFrom('x', 'y', 'z').map(cid) }), { nil: null })
    fc.assert(fc.property(held, held, (a, b) => {
      const opposite = { give: 'take', take: 'give', none: 'none' }
      expect(turnOf(b, a)).to.equal(opposite[turnOf(a, b)])
    }))
  })
})
