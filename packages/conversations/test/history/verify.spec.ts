import { decodeCanonical, encodeCanonical, type CID } from '@parley/core'
import { createContactCard, publicKeyFromDid } from '@parley/identity'
import { expect } from 'chai'
import { concat } from 'uint8arrays'
import { carSourceOf } from '../../src/index.ts'
import { forge } from '../log/forge.ts'
import { blocksOf } from '../log/world.ts'
import { altered, blocksOfCar, carOf, createDinner, found, named, replaceBlock, stranger, writeCar, type Dinner } from './support.ts'

/** Verifies the dinner’s log as a CAR with `extra` blocks beside it. */
async function withBlocks ({ alice, id, world }: Dinner, ...extra: Uint8Array[]) {
  const { roots, blocks } = await blocksOfCar(await carOf(alice, id))
  const { history } = await stranger(world)
  return await history.verifyCar(carSourceOf(await writeCar(roots, [...blocks, ...extra.map(named)])))
}

async function heads ({ alice, id }: Dinner): Promise<CID[]> {
  return (await (await alice.conversations.open(id)).state()).heads
}

describe('verifying a conversation that is whole', () => {
  it('finds nothing in a store, and reads it', async () => {
    const { alice, alicia, bobby, id } = await createDinner()
    const report = await alice.conversations.history.verify(id)
    expect(report.faults).to.deep.equal([])
    expect(report.notes).to.deep.equal([])
    expect(report).to.deep.include({ ok: true, creator: alicia.did, signatures: 5, actions: { total: 5, sound: 5, faulty: 0, unchecked: 0 }, contents: { read: 5, unreadable: 0 } })
    expect(report.authors).to.have.members([alicia.device.did, bobby.device.did])
    expect(report.heads.map(String)).to.deep.equal((await (await alice.conversations.open(id)).state()).heads.map(String))
  })

  it('finds nothing in a CAR, for somebody who knows nobody and has no keys', async () => {
    const { world, alice, id } = await createDinner()
    const { history } = await stranger(world)
    const report = await history.verifyCar(carSourceOf(await carOf(alice, id)))
    expect(report.faults).to.deep.equal([])
    expect(report.notes).to.deep.equal([])
    expect(report).to.deep.include({ ok: true, signatures: 5, contents: undefined })
  })

  it('does not care for the order of the blocks in a CAR', async () => {
    const { world, alice, id } = await createDinner()
    const { roots, blocks } = await blocksOfCar(await carOf(alice, id))
    const { history } = await stranger(world)
    const report = await history.verifyCar(carSourceOf(await writeCar(roots, blocks.toReversed())))
    expect(found(report)).to.deep.equal([])
    expect(report.actions.sound).to.equal(5)
  })

  it('takes contact cards for device lists, and version 2 of the format', async () => {
    const { world, alice, alicia, bobby, id } = await createDinner()
    const { roots, blocks } = await blocksOfCar(await carOf(alice, id))
    const cards = await Promise.all([alicia, bobby].map(async ({ device, list }) => (await createContactCard(device.signer, { list, routes: [], issued: world.clock.now(), expires: world.clock.now() + 1000 })).bytes))
    const lists = new Set([alicia, bobby].map(({ list }) => list.cid.toString()))
    const car = await writeCar(roots, [...blocks.filter(({ cid }) => !lists.has(cid.toString())), ...cards.map(named)])
    const { history } = await stranger(world)
    // https://ipld.io/specs/transport/car/carv2/: the pragma, 16 bytes of characteristics, then where the first version lies.
    const header = new Uint8Array(51)
    header.set([0x0a, 0xa1, 0x67, 0x76, 0x65, 0x72, 0x73, 0x69, 0x6f, 0x6e, 0x02])
    new DataView(header.buffer).setBigUint64(27, 51n, true)
    new DataView(header.buffer).setBigUint64(35, BigInt(car.length), true)
    for (const file of [car, concat([header, car])]) {
      const report = await history.verifyCar(carSourceOf(file))
      expect([report.faults, report.notes]).to.deep.equal([[], []])
      expect(report.actions.sound).to.equal(5)
    }
  })

  it('tells how far it is, and stops when it is told to', async () => {
    const { alice, id } = await createDinner()
    const steps: string[] = []
    await alice.conversations.history.verify(id, { onProgress: ({ step }) => { steps.push(step) } })
    expect(steps).to.deep.equal(['reading', 'judging', 'contents'])
    const error = await alice.conversations.history.verify(id, { signal: AbortSignal.abort() }).catch((cause: unknown) => cause as Error)
    expect(error).to.include({ name: 'AbortError' })
  })

  it('asks for a conversation that is here', async () => {
    const { bob } = await createDinner()
    const error = await bob.conversations.history.verify(named(Uint8Array.of(1)).cid).catch((cause: unknown) => cause as Error)
    expect(error).to.include({ name: 'UnknownConversationError' })
  })
})

describe('verifying a store with a fault', () => {
  it('finds an altered byte, and does not blame what builds on it', async () => {
    const dinner = await createDinner()
    const { alice, id } = dinner
    const [, , third] = await blocksOf(alice, id)
    const { cid } = named(third ?? new Uint8Array())
    await replaceBlock(alice.store, cid, altered(third ?? new Uint8Array()))
    const report = await alice.conversations.history.verify(id)
    expect(found(report)).to.deep.equal([['altered-block', cid.toString()]])
    expect(report.actions).to.deep.equal({ total: 5, sound: 1, faulty: 1, unchecked: 3 })
  })

  it('finds a missing block, and says how much hangs on it', async () => {
    const { alice, id } = await createDinner()
    const [, , , fourth] = await blocksOf(alice, id)
    const { cid } = named(fourth ?? new Uint8Array())
    await alice.store.blockstore.delete(cid)
    const report = await alice.conversations.history.verify(id)
    expect(found(report)).to.deep.equal([['missing-block', cid.toString()]])
    expect(report.faults[0]?.message).to.include('another follows')
    expect(report.actions).to.deep.equal({ total: 4, sound: 2, faulty: 0, unchecked: 2 })
  })

  it('finds missing and altered basics', async () => {
    const { alice, id } = await createDinner()
    const basics = await alice.store.getBlock(id)
    const { history } = alice.conversations
    for (const bytes of [altered(basics ?? new Uint8Array()), Uint8Array.of(1)]) {
      await replaceBlock(alice.store, id, bytes)
      const report = await history.verify(id)
      expect(found(report)).to.deep.equal([['altered-block', id.toString()]])
      expect(report.actions).to.deep.equal({ total: 5, sound: 0, faulty: 0, unchecked: 5 })
    }
    await alice.store.blockstore.delete(id)
    expect(found(await history.verify(id))).to.deep.equal([['missing-block', id.toString()]])
  })

  it('finds an index that says otherwise than the log', async () => {
    const { alice, id } = await createDinner()
    for await (const { key, value } of alice.store.entries(`/conversations/pages/${id.toString()}/`)) {
      const page = decodeCanonical('page', value, 100_000) as { rows: Uint8Array }
      // The epoch of the page's newest row.
      page.rows[page.rows.length - 9] = 7
      await alice.store.commit([{ type: 'put', key, value: encodeCanonical(page) }])
    }
    const report = await alice.conversations.history.verify(id)
    expect(new Set(found(report).map(([kind]) => kind))).to.deep.equal(new Set(['stale-index']))
  })
})

describe('verifying a CAR with a fault', () => {
  it('finds an altered byte', async () => {
    const { world, alice, id } = await createDinner()
    const { roots, blocks } = await blocksOfCar(await carOf(alice, id))
    const last = blocks.at(-1)
    if (last === undefined) return
    last.bytes = altered(last.bytes)
    const { history } = await stranger(world)
    expect(found(await history.verifyCar(carSourceOf(await writeCar(roots, blocks))))).to.deep.equal([['altered-block', last.cid.toString()]])
  })

  it('finds a missing block, and a missing head', async () => {
    const { world, alice, id } = await createDinner()
    const { roots, blocks } = await blocksOfCar(await carOf(alice, id))
    const { history } = await stranger(world)
    for (const from of [1, 2]) {
      const gone = blocks.at(-from)
      const report = await history.verifyCar(carSourceOf(await writeCar(roots, blocks.filter(block => block !== gone))))
      expect(found(report)).to.deep.equal([['missing-block', gone?.cid.toString()]])
    }
  })

  it('finds missing basics', async () => {
    const { world, alice, id } = await createDinner()
    const { roots, blocks } = await blocksOfCar(await carOf(alice, id))
    const { history } = await stranger(world)
    const report = await history.verifyCar(carSourceOf(await writeCar(roots.slice(1), blocks.filter(({ cid }) => !cid.equals(id)))))
    expect(found(report)).to.deep.equal([['missing-block', id.toString()]])
    expect(report.actions).to.include({ sound: 0, unchecked: 5 })
  })

  it('finds a forged signature, and one that only a later action vouches for', async () => {
    const dinner = await createDinner()
    const { bobby, id } = dinner
    const [head] = await heads(dinner)
    const good = await forge(bobby, id, { follows: head, seq: 2, epoch: 0, time: { wallMs: dinner.world.clock.now(), counter: 9, offsetMinutes: 0 } })
    const false_ = good.bytes.slice()
    false_[false_.length - 40] = (false_.at(-40) ?? 0) ^ 1
    const alone = await withBlocks(dinner, false_)
    expect(found(alone)).to.deep.equal([['forged-signature', named(false_).cid.toString()]])
    expect(alone.actions).to.include({ sound: 5, faulty: 1 })
    const later = await forge(bobby, id, { follows: named(false_).cid, seq: 3, time: { wallMs: dinner.world.clock.now() + 1, counter: 0, offsetMinutes: 0 } })
    const vouched = await withBlocks(dinner, false_, later.bytes)
    expect(found(vouched)).to.deep.equal([['forged-signature', named(false_).cid.toString()]])
    expect(vouched.actions).to.deep.equal({ total: 7, sound: 6, faulty: 1, unchecked: 0 })
  })

  it('names each fault of an action’s place', async () => {
    const dinner = await createDinner()
    const { world, alicia, bobby, alice, id } = dinner
    const blocks = await blocksOf(alice, id)
    const at = (number: number): CID => named(blocks[number] ?? new Uint8Array()).cid
    const [head] = await heads(dinner)
    const now = world.clock.now()
    const time = { wallMs: now, counter: 9, offsetMinutes: 0 }
    const cases: Array<[string, Parameters<typeof forge>]> = [
      ['future-time', [bobby, id, { follows: head, seq: 2, time: { ...time, wallMs: now + 3_600_000 } }]],
      ['time-before-parent', [bobby, id, { follows: head, seq: 2, time: { ...time, wallMs: now - 2000 } }]],
      ['broken-chain', [bobby, id, { follows: head, seq: 7, time }]],
      ['broken-chain', [alicia, id, { follows: head, seq: 2, time }]],
      ['wrong-epoch', [bobby, id, { follows: head, seq: 2, epoch: 5, time }]],
      ['foreign-action', [bobby, named(Uint8Array.of(7)).cid, { time }]],
      ['fork', [bobby, id, { follows: at(4), seq: 1, time }]]
    ]
    for (const [kind, args] of cases) {
      const { bytes, cid } = await forge(...args)
      const report = await withBlocks(dinner, bytes)
      expect(found(report), kind).to.deep.equal([[kind, cid.toString()]])
      expect(report.faults[0]?.message, kind).to.match(/^[A-Z].*\. [A-Z].*\.$/)
      expect(report.faults[0], kind).to.include({ author: args[0].device.did, person: args[0].did })
    }
  })

  it('names two faults of one action', async () => {
    const dinner = await createDinner()
    const [head] = await heads(dinner)
    const { bytes, cid } = await forge(dinner.bobby, dinner.id, { follows: head, seq: 9, epoch: 3, time: { wallMs: dinner.world.clock.now() - 2000, counter: 0, offsetMinutes: 0 } })
    const report = await withBlocks(dinner, bytes)
    expect(found(report).sort()).to.deep.equal([['broken-chain', cid.toString()], ['time-before-parent', cid.toString()], ['wrong-epoch', cid.toString()]])
    expect(report.actions.faulty).to.equal(1)
  })

  it('names devices that are unknown, no endpoints, and revoked', async () => {
    const dinner = await createDinner()
    const { world, bobby, id, alice } = dinner
    const [head] = await heads(dinner)
    const after = head === undefined ? [] : [head]
    const time = { wallMs: world.clock.now(), counter: 9, offsetMinutes: 0 }
    const eve = await world.somebody('Eve')
    const unknown = await forge({ ...eve, did: bobby.did }, id, { after, time })
    expect(found(await withBlocks(dinner, unknown.bytes))).to.deep.equal([['unknown-device', unknown.cid.toString()]])
    const proxy = await world.device(bobby, ['proxy'])
    await world.clock.advance(2000)
    await world.introduce(alice)
    const byProxy = await forge(proxy, id, { after, time: { ...time, wallMs: world.clock.now() } })
    const report = await withBlocks(dinner, byProxy.bytes)
    expect(found(report)).to.deep.equal([['device-without-role', byProxy.cid.toString()]])
    expect(report.faults[0]?.message).to.include('listed as proxy')
    await world.revoke(bobby)
    await world.introduce(alice)
    await world.clock.advance(2000)
    const late = await forge(bobby, id, { follows: head, seq: 2, time: { ...time, wallMs: world.clock.now() } })
    const revoked = await withBlocks(dinner, late.bytes)
    expect(found(revoked)).to.deep.equal([['device-without-role', late.cid.toString()]])
    expect(revoked.faults[0]?.message).to.include('had been revoked at')
  })

  it('names people who have no part in it', async () => {
    const dinner = await createDinner()
    const { world, id, alice } = dinner
    const eve = await world.somebody('Eve')
    await world.introduce(alice)
    const [head] = await heads(dinner)
    const { bytes, cid } = await forge(eve, id, { after: head === undefined ? [] : [head], time: { wallMs: world.clock.now(), counter: 9, offsetMinutes: 0 } })
    const { roots, blocks } = await blocksOfCar(await carOf(alice, id))
    const report = await alice.conversations.history.verifyCar(carSourceOf(await writeCar(roots, [...blocks, { cid, bytes }])))
    expect(found(report)).to.deep.equal([['not-a-participant', cid.toString()]])
  })

  it('names what is not permitted', async () => {
    const dinner = await createDinner()
    const { world, id, bobby, alicia } = dinner
    const [head] = await heads(dinner)
    const { bytes, cid } = await forge(bobby, id, { follows: head, seq: 2, time: { wallMs: world.clock.now(), counter: 9, offsetMinutes: 0 }, access: { add: [], remove: [publicKeyFromDid(alicia.did)] } })
    expect(found(await withBlocks(dinner, bytes))).to.deep.equal([['not-permitted', cid.toString()]])
  })

  it('names an action that is none by its form', async () => {
    const dinner = await createDinner()
    const [head] = await heads(dinner)
    const { bytes } = await forge(dinner.bobby, dinner.id, { follows: head, seq: 2, time: { wallMs: dinner.world.clock.now(), counter: 9, offsetMinutes: 2000 } })
    expect(found(await withBlocks(dinner, bytes))).to.deep.equal([['malformed-action', named(bytes).cid.toString()]])
  })

  it('finds a CAR that breaks off, and checks what is before', async () => {
    const { world, alice, id } = await createDinner()
    const car = await carOf(alice, id)
    const { history } = await stranger(world)
    const report = await history.verifyCar(carSourceOf(car.subarray(0, car.length - 10)))
    expect(report.faults.map(({ kind }) => kind)).to.have.members(['damaged-car', 'missing-block'])
    expect(report.actions.sound).to.equal(4)
    const error = await history.verifyCar(carSourceOf(car.subarray(0, 20))).catch((cause: unknown) => cause as Error)
    expect(error).to.include({ name: 'DamagedCarError' })
  })

  it('wants to know which conversation is meant', async () => {
    const { world, alice, id } = await createDinner()
    const other = await alice.conversations.create({ subject: 'Lunch', participants: [] })
    const both = await Promise.all([id, other.id].map(async conversation => await blocksOfCar(await carOf(alice, conversation))))
    const { history } = await stranger(world)
    const car = carSourceOf(await writeCar(both.flatMap(({ roots }) => roots), both.flatMap(({ blocks }) => blocks)))
    const error = await history.verifyCar(car).catch((cause: unknown) => cause as Error)
    expect(error).to.include({ name: 'NoConversationInCarError' })
    const none = await history.verifyCar(carSourceOf(await writeCar([], []))).catch((cause: unknown) => cause as Error)
    expect(none).to.include({ name: 'NoConversationInCarError' })
  })

  it('notes blocks that belong to nothing', async () => {
    const dinner = await createDinner()
    const stray = encodeCanonical({ what: 'is this' })
    const report = await withBlocks(dinner, stray)
    expect(report).to.include({ ok: true })
    expect(report.notes.map(({ kind, cid }) => [kind, cid?.toString()])).to.deep.equal([['stray-block', named(stray).cid.toString()]])
  })
})
