import { StorageUnavailableError, cidOf, createSeededRandom, encodeCanonical, type CID, type Store } from '@parley/core'
import { publicKeyFromDid } from '@parley/identity'
import { expect } from 'chai'
import type { MergeOutcome, StoredAction } from '../../src/index.ts'
import { MAX_HELD } from '../../src/merge/held-actions.ts'
import { forge } from './forge.ts'
import { blocksOf, carry, createWorld, nameOfRejection, type Replica, type Somebody, type World } from './world.ts'

const message = (value: number) => ({ verb: 'add', thing: 'message', message: new Uint8Array(16).fill(value), body: `message ${value}` }) as const
const names = ({ outcomes }: MergeOutcome): string[] => outcomes.map(outcome => outcome.ok ? outcome.kind : outcome.error.name)

describe('merging actions of others', () => {
  let world: World
  let alice: Replica
  let bobby: Somebody
  let bob: Replica
  let id: CID
  let sent: StoredAction[]

  beforeEach(async () => {
    world = createWorld()
    bobby = await world.somebody('Bob')
    alice = await world.replica(await world.somebody('Alice'))
    await world.introduce(alice)
    bob = await world.replica(bobby)
    const here = await alice.conversations.create({ subject: 's', participants: [bobby.did] })
    id = here.id
    await carry(alice, bob, id)
    sent = []
    for (let value = 0; value < 6; value++) sent.push(await here.append(message(value)))
  })

  const merge = async (blocks: Array<{ bytes: Uint8Array }>): Promise<MergeOutcome> => await bob.conversations.merge(id, blocks.map(({ bytes }) => bytes))
  const at = (index: number): StoredAction => {
    const action = sent.at(index)
    if (action === undefined) expect.fail('there is no such action')
    return action
  }
  const snapshot = async (): Promise<unknown> => await (await bob.conversations.open(id)).state()
  const damaged = (action: StoredAction, fromEnd: number): { bytes: Uint8Array } => {
    const bytes = action.bytes.slice()
    const place = bytes.length - fromEnd
    bytes[place] = (bytes[place] ?? 0) ^ 1
    return { bytes }
  }

  it('takes what is good, and knows it the second time', async () => {
    expect(names(await merge(sent))).to.deep.equal(Array(6).fill('stored'))
    expect(names(await merge(sent))).to.deep.equal(Array(6).fill('known'))
    expect(names(await merge([...sent.slice(0, 1), ...sent.slice(0, 1)]))).to.deep.equal(['known', 'known'])
  })

  describe('that are told of first', () => {
    const told: string[] = []
    let failing: boolean

    beforeEach(async () => {
      failing = false
      const disk = bob.store
      const store: Store = {
        ...disk,
        async commit (changes, options) {
          const isDurable = options?.durable === true
          if (isDurable && failing) throw new StorageUnavailableError('full', 'the disk')
          await disk.commit(changes, options)
          told.push(`${isDurable ? 'flushed' : 'stored'} ${changes.filter(({ type }) => type === 'block').length}`)
        }
      }
      bob = await world.replica(bobby, { store })
      told.length = 0
      bob.conversations.on('action', ({ action }) => { told.push(`told ${action.seq}`) })
    })
    const give = async (actions: StoredAction[]): Promise<MergeOutcome> => await bob.conversations.merge(id, actions.map(({ bytes }) => bytes), { durable: true, tellFirst: true })

    it('are stored, told of, flushed and only then acknowledged', async () => {
      const { stored } = await give(sent.slice(0, 2))
      expect(told).to.deep.equal(['stored 2', ...stored.map(({ seq }) => `told ${seq}`), 'flushed 2'])
    })

    it('are claimed by no merge and no frontier until a flush that failed was made good', async () => {
      failing = true
      expect(await nameOfRejection(give(sent.slice(0, 1)))).to.equal('StorageUnavailableError')
      expect(await nameOfRejection(give(sent.slice(0, 1)))).to.equal('StorageUnavailableError')
      const holder = bob.conversations.holder(id)
      expect(await nameOfRejection(holder.frontier())).to.equal('StorageUnavailableError')
      expect(await nameOfRejection(holder.covers([]))).to.equal('StorageUnavailableError')
      expect((await (await bob.conversations.open(id)).state()).messages).to.have.length(1)
      failing = false
      expect(names(await give(sent.slice(0, 1)))).to.deep.equal(['known'])
      expect(told.at(-1)).to.equal('flushed 1')
      expect(await holder.frontier()).to.have.length(1)
      expect(names(await give(sent))).to.deep.equal(['known', 'stored', 'stored', 'stored', 'stored', 'stored'])
    })
  })

  it('takes a batch in any order', async () => {
    expect(names(await merge(sent.toReversed()))).to.deep.equal(Array(6).fill('stored'))
  })

  it('finds exactly the valid prefix when the newest signatures are false', async () => {
    expect(names(await merge([...sent.slice(0, 4), damaged(at(4), 1)]))).to.deep.equal(['stored', 'stored', 'stored', 'stored', 'ForgedActionError'])
  })

  it('stops at an action that was altered in the middle of a chain, and goes on when the true one comes', async () => {
    const outcome = await merge([...sent.slice(0, 2), damaged(at(2), 10), ...sent.slice(3)])
    expect(names(outcome)).to.deep.equal(['stored', 'stored', 'ForgedActionError', 'MissingParentError', 'MissingParentError', 'MissingParentError'])
    expect(outcome.refused).to.equal(1)
    expect((await bob.conversations.holder(id).missing()).map(String)).to.deep.equal([sent[2]?.cid.toString()])
    expect((await merge([at(2)])).stored.map(({ seq }) => seq)).to.deep.equal(sent.slice(2).map(({ seq }) => seq))
    expect((await bob.conversations.holder(id).missing())).to.deep.equal([])
  })

  it('refuses what contradicts what it follows', async () => {
    await merge(sent)
    const last = at(-1)
    const base = { follows: last.cid, seq: last.seq + 1 }
    const late = last.time.wallMs
    const bad = [
      await forge(alice.who, id, { ...base, seq: last.seq + 2 }),
      await forge(alice.who, id, { ...base, time: last.time }),
      await forge(alice.who, id, { ...base, time: { wallMs: late - 1, counter: 9, offsetMinutes: 0 } }),
      await forge(alice.who, id, { ...base, epoch: 1 }),
      await forge(alice.who, cidOf(Uint8Array.of(1)), base),
      await forge(bobby, id, base),
      await forge(alice.who, id, { ...base, person: bobby.device.signer.publicKey })
    ]
    expect(names(await merge(bad.slice(0, 6)))).to.deep.equal(Array(6).fill('OutOfSequenceError'))
    expect(names(await merge(bad.slice(6)))).to.deep.equal(['UnknownDeviceError'])
    expect(names(await merge([await forge(alice.who, id, { ...base, time: { wallMs: world.clock.now() + 60_001, counter: 0, offsetMinutes: 0 } })]))).to.deep.equal(['FutureTimeError'])
    expect(names(await merge([await forge(alice.who, id, { ...base, follows: cidOf(Uint8Array.of(2)) })]))).to.deep.equal(['MissingParentError'])
    expect((await snapshot() as { messages: unknown[] }).messages).to.have.length(6)
  })

  it('refuses what is not canonical, oversized, or no action', async () => {
    const bytes = at(0).bytes
    const padded = Uint8Array.from([...bytes.slice(0, 1), 0xb8, (bytes[1] ?? 0) & 31, ...bytes.slice(2)])
    expect(names(await merge([{ bytes: padded }, { bytes: new Uint8Array(70_000) }, { bytes: encodeCanonical([{ v: 1 }, new Uint8Array(64)]) }, { bytes: new Uint8Array() }])))
      .to.deep.equal(['InvalidBytesError', 'OversizedBytesError', 'InvalidBytesError', 'InvalidBytesError'])
  })

  it('refuses whoever is not in the conversation, not on a list, or beyond their role', async () => {
    const carol = await world.somebody('Carol')
    const proxy = await world.device(bobby, ['proxy'])
    const revoked = await world.device(bobby)
    const stranger = await world.somebody('Nobody')
    await world.clock.advance(2000)
    await world.revoke(revoked)
    const time = { wallMs: world.clock.now() + 5, counter: 0, offsetMinutes: 0 }
    const after = [at(-1).cid]
    await merge(sent)
    const people = await world.replica(bobby, { store: bob.store, without: [stranger] })
    const outcome = await people.conversations.merge(id, (await Promise.all([carol, proxy, revoked, stranger].map(async by => await forge(by, id, { after, time })))).map(({ bytes }) => bytes))
    expect(names(outcome)).to.deep.equal(['NotAParticipantError', 'ForbiddenByRoleError', 'ForbiddenByRoleError', 'UnknownDeviceError'])
    expect(names(await people.conversations.merge(id, [(await forge(carol, id, { time })).bytes]))).to.deep.equal(['NotAParticipantError'])
  })

  it('refuses the words of a person who saw that they were removed', async () => {
    await merge(sent)
    const removal = await (await alice.conversations.open(id)).append({ verb: 'delete', thing: 'participant', person: publicKeyFromDid(bobby.did) })
    await merge([removal])
    expect(await bob.conversations.holder(id).access()).to.deep.equal([alice.who.did])
    expect(await nameOfRejection((await bob.conversations.open(id)).append(message(9)))).to.be.oneOf(['NotPermittedError', 'NotAParticipantError'])
    expect(names(await merge([await forge(bobby, id, { after: [removal.cid] })]))).to.deep.equal(['NotAParticipantError'])
    // Only who had not seen it yet may still be heard: that is judged alike everywhere.
    expect(names(await merge([await forge(bobby, id, { after: [at(5).cid] })]))).to.deep.equal(['stored'])
    expect(names(await merge([await forge(bobby, id, { after: [at(5).cid], access: { add: [], remove: [publicKeyFromDid(alice.who.did)] } })]))).to.deep.equal(['NotPermittedError'])
  })

  it('keeps both branches of a fork and says who forked', async () => {
    await merge(sent)
    const told: unknown[] = []
    bob.conversations.on('forked', ({ author, seq, error }) => told.push([author, seq, error.name]))
    const branch = await forge(alice.who, id, { follows: at(2).cid, seq: at(2).seq + 1 })
    const outcome = await merge([branch])
    expect(outcome.outcomes).to.have.nested.property('[0].forked', true)
    expect(told).to.deep.equal([[alice.who.device.did, at(3).seq, 'ForkedChainError']])
    const state = await (await bob.conversations.open(id)).state()
    expect(state.forked).to.deep.equal([alice.who.device.did])
    expect(state.messages).to.have.length(6)
    expect(await bob.conversations.holder(id).frontier()).to.have.length(2)
    // Whoever has one branch only is given the other, in two exchanges at most.
    const other = await world.replica(bobby)
    await other.conversations.merge(id, [...await blocksOf(alice, id)])
    await carry(bob, other, id)
    await carry(bob, other, id)
    expect((await (await other.conversations.open(id)).state())).to.deep.equal(await (await bob.conversations.open(id)).state())
  })

  it('holds back no more than it can keep', async () => {
    const orphan = await forge(alice.who, id, { follows: cidOf(Uint8Array.of(5)), seq: 100, time: { wallMs: world.clock.now(), counter: 0, offsetMinutes: 0 } })
    const orphans = [orphan]
    for (let index = 1; index < MAX_HELD + 5; index++) orphans.push(await forge(alice.who, id, { follows: (orphans[index - 1] ?? orphan).cid, seq: 100 + index, time: { wallMs: world.clock.now(), counter: index, offsetMinutes: 0 } }))
    const outcome = await merge(orphans)
    expect(outcome.outcomes.filter(result => !result.ok && result.held)).to.have.length(MAX_HELD)
    expect(outcome.refused).to.equal(5)
  })

  it('refuses 10,000 byte-mutated actions by name and does not change', async function () {
    this.timeout(120_000)
    await merge(sent)
    const before = await snapshot()
    const random = createSeededRandom(99)
    const seen = new Set<string>()
    for (let round = 0; round < 100; round++) {
      const mutated = Array.from({ length: 100 }, () => {
        const [which = 0, changes = 0] = random(2)
        const bytes = at(which % sent.length).bytes.slice()
        // One change in every fifth, up to eight in the others.
        for (let count = round % 5 === 0 ? 1 : 1 + changes % 8; count > 0; count--) {
          const [high = 0, low = 0, value = 0] = random(3)
          const place = (high << 8 | low) % bytes.length
          bytes[place] = (bytes[place] ?? 0) ^ (value | 1)
        }
        return bytes
      })
      const outcome = await bob.conversations.merge(id, mutated)
      for (const result of outcome.outcomes) {
        expect(result.ok).to.equal(false)
        if (!result.ok) seen.add(result.error.name)
      }
    }
    expect([...seen].filter(name => name === 'Error' || name === 'TypeError' || name === 'RangeError')).to.deep.equal([])
    expect(seen.has('InvalidBytesError') && seen.has('ForgedActionError')).to.equal(true)
    expect(await snapshot()).to.deep.equal(before)
  })
})
