import { CarWriter } from '@ipld/car'
import * as dagCbor from '@ipld/dag-cbor'
import { withBitswap } from '@helia/bitswap'
import { identify, identifyPush } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { carSourceOf } from '@parley/conversations'
import { createSeededRandom } from '@parley/core'
import { contactUrl } from '@parley/identity'
import { expect } from 'chai'
import { createHeliaLight } from 'helia'
import { createLibp2p } from 'libp2p'
import { CID } from 'multiformats/cid'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createIdentity, openParley } from 'parley/node'
import type { Parley } from 'parley'
import { concat } from 'uint8arrays'

describe('a conversation, to an IPFS tool that knows nothing of Parley', () => {
  let folder: string
  const people: Parley[] = []

  before(async () => { folder = await mkdtemp(join(tmpdir(), 'parley-ipfs-')) })
  after(async () => {
    await Promise.all(people.map(async parley => { await parley.stop() }))
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  })

  const person = async (name: string): Promise<Parley> => {
    await createIdentity(join(folder, name), { name })
    const parley = await openParley(join(folder, name), { listen: ['/ip4/127.0.0.1/tcp/0'] })
    people.push(parley)
    return parley
  }
  const carry = async (from: Parley, to: Parley, id: CID): Promise<void> => {
    const target = to.conversations.holder(id)
    for await (const blocks of from.conversations.holder(id).since(await target.frontier())) await target.merge(blocks)
  }

  it('is fetched by its head over bitswap, walked link by link, and exported as a CAR that verifies', async function () {
    this.timeout(60_000)
    const [alice, bob] = [await person('Alice'), await person('Bob')]
    await alice.addContact(contactUrl(await bob.card()))
    await bob.addContact(contactUrl(await alice.card()))
    const conversation = await alice.conversations.create({ subject: 'Dinner', participants: [bob.person] })
    const random = createSeededRandom(7)
    const say = async (who: Parley, body: string): Promise<void> => {
      await (await who.conversations.open(conversation.id)).append({ verb: 'add', thing: 'message', message: random(16), body })
    }
    for (let round = 0; round < 10; round++) {
      await say(alice, `Question ${round}`)
      await carry(alice, bob, conversation.id)
      await say(bob, `Answer ${round}`)
      await carry(bob, alice, conversation.id)
    }
    const { heads } = await conversation.state()
    expect(heads).to.have.length(1)

    const libp2p = await createLibp2p({ transports: [tcp()], connectionEncrypters: [noise()], streamMuxers: [yamux()], services: { identify: identify(), identifyPush: identifyPush() } })
    const helia = await withBitswap(Object.assign(createHeliaLight({ codecs: [dagCbor] }), { libp2p })).start()
    const blocks = new Map<string, { cid: CID, bytes: Uint8Array }>()
    try {
      await libp2p.dial(alice.diagnosis.addresses().map(address => multiaddr(address)))
      const todo = heads.map(head => CID.parse(head.toString()))
      for (let cid = todo.pop(); cid !== undefined; cid = todo.pop()) {
        if (blocks.has(cid.toString())) continue
        const parts: Uint8Array[] = []
        for await (const part of helia.blockstore.get(cid, { signal: AbortSignal.timeout(20_000) })) parts.push(part)
        const bytes = concat(parts)
        blocks.set(cid.toString(), { cid, bytes })
        todo.push(...linksIn(dagCbor.decode(bytes)))
      }
    } finally {
      await helia.stop()
      await libp2p.stop()
    }
    expect([...blocks.keys()]).to.include(conversation.id.toString())
    expect(blocks.size).to.equal(23)

    const car = await carOf(heads.map(head => CID.parse(head.toString())), [...blocks.values()])
    const report = await bob.conversations.history.verifyCar(carSourceOf(car))
    expect(report.faults).to.deep.equal([])
    expect(report.notes).to.deep.equal([])
    expect(report.conversation.toString()).to.equal(conversation.id.toString())
    expect(report.actions).to.deep.equal({ total: 22, sound: 22, faulty: 0, unchecked: 0 })
    expect(report.contents).to.deep.equal({ read: 22, unreadable: 0 })
  })
})

function linksIn (value: unknown): CID[] {
  const link = CID.asCID(value)
  if (link !== null) return [link]
  return typeof value === 'object' && value !== null && !(value instanceof Uint8Array) ? Object.values(value).flatMap(linksIn) : []
}

async function carOf (roots: CID[], blocks: Array<{ cid: CID, bytes: Uint8Array }>): Promise<Uint8Array> {
  const { writer, out } = CarWriter.create(roots)
  const written = (async () => {
    for (const block of blocks) await writer.put(block)
    await writer.close()
  })()
  const chunks: Uint8Array[] = []
  for await (const chunk of out) chunks.push(chunk)
  await written
  return concat(chunks)
}
