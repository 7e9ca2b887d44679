import { createConversations, type Conversations } from '@parley/conversations'
import { createSeededRandom } from '@parley/core'
import { createPreKeySecrets, publicKeyFromDid } from '@parley/identity'
import { expect } from 'chai'
import { toString } from 'uint8arrays'
import { createPreKeyClient, createPreKeyHolder, type PreKeyClient, type PreKeyHolder } from '../../src/index.ts'
import { MAX_PRE_KEY_FRAME_BYTES, PRE_KEY_PROTOCOL, preKeyFrameCodec, type FrameOf } from '../../src/pre-keys/frames.ts'
import { createCast, until, type Cast, type Node } from '../policy/cast.ts'
import { createOther, type Other } from './people.ts'

const DAY = 24 * 3600 * 1000

describe('pre-keys of somebody with a proxy', () => {
  let bob: Cast
  let phone: Node
  let laptop: Node
  let proxy: Node
  let client: PreKeyClient
  let holder: PreKeyHolder
  let alice: Other
  const open: Array<{ stop(): Promise<void> }> = []

  const ofOther = async (other: Other): Promise<PreKeyClient> => {
    const made = await other.client()
    open.push(made)
    return made
  }

  beforeEach(async () => {
    bob = await createCast({ phone: ['endpoint'], laptop: ['endpoint', 'listener'], proxy: ['proxy'] })
    ;[phone, laptop, proxy] = [await bob.node('phone'), await bob.node('laptop'), await bob.node('proxy')]
    alice = await createOther(bob, 2)
    await alice.node.people.learnRoutes(bob.person.did, [{ device: proxy.keys.did, addresses: proxy.route.addresses }], bob.clock.now())
    holder = await createPreKeyHolder(proxy, { serves: () => [bob.person.did], mayTake: () => true })
    client = await createPreKeyClient({ ...phone, random: createSeededRandom(50) }, { person: bob.person.did })
    open.push(holder, client)
  })

  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.stop()
    await bob.networks.stop()
  })

  describe('that a device has of others', () => {
    it('are fetched when a proxy of theirs is connected, a few, and again when one was used', async () => {
      await client.supply(proxy.route)
      const mine = await ofOther(alice)
      const fetched: number[] = []
      mine.on('fetched', ({ count }) => { fetched.push(count) })
      await alice.node.network.connect(proxy.route)
      await until(() => fetched.length === 1)
      expect(fetched).to.deep.equal([3])
      const one = (await mine.take([phone.keys.did, laptop.keys.did])).get(phone.keys.did)
      expect(await client.open(one?.id ?? new Uint8Array())).not.to.equal(undefined)
      await until(() => fetched.length === 2)
      expect(fetched).to.deep.equal([3, 1])
    })

    it('are used once, also over a kill, then the last resort many times, and none after three weeks', async () => {
      await client.supply(proxy.route)
      let mine = await ofOther(alice)
      expect(await mine.prefetch(bob.person.did)).to.equal(3)
      alice.node.network.disconnect(proxy.route.peer)
      const take = async (): Promise<string> => toString((await mine.take([phone.keys.did])).get(phone.keys.did)?.id ?? new Uint8Array(), 'hex')
      const first = await take()
      mine = await ofOther(alice)
      const ids = [first, await take(), await take(), await take(), await take()]
      expect(new Set(ids).size).to.equal(4)
      expect(ids[3]).to.equal(ids[4])
      await bob.clock.advance(21 * DAY)
      expect(await take()).to.equal('')
    })

    it('are kept only when the device itself signed every one', async () => {
      await holder.stop()
      const random = createSeededRandom(90)
      const { keys, lastResort } = await createPreKeySecrets({ store: phone.store, keys: phone.keys, clock: bob.clock, random }, { person: bob.person.did }).batchFor('did:key:zX', { series: null, number: 0, left: 0, lastResort: null }) ?? expect.fail('no batch')
      type Entry = FrameOf<'given'>['devices'][number]
      const good = keys.slice(0, 2)
      const [one] = good
      if (one === undefined) return expect.fail('no key')
      const device = publicKeyFromDid(phone.keys.did).slice()
      const answers: Array<[Entry[], string]> = [
        [[{ device, keys: [one, { ...one, key: alice.node.keys.sealing.publicKey.slice() }], lastResort: null }], 'InvalidSignatureError'],
        [[{ device, keys: [], lastResort: one }], 'InvalidSignatureError'],
        [[{ device, keys: [lastResort], lastResort: null }], 'InvalidSignatureError'],
        [[{ device, keys: [{ ...one, key: new Uint8Array(32) }], lastResort: null }], 'InvalidBytesError'],
        [[{ device: publicKeyFromDid(proxy.keys.did).slice(), keys: [one], lastResort: null }], 'ProtocolViolationError'],
        [[{ device, keys: keys.slice(0, 4), lastResort: null }], 'ProtocolViolationError']
      ]
      for (const [devices, name] of answers) {
        const unhandle = await proxy.network.handle(PRE_KEY_PROTOCOL, async stream => {
          await stream.receive()
          await stream.send(preKeyFrameCodec.encode({ v: 1, type: 'given', devices }))
        }, { maxFrameBytes: MAX_PRE_KEY_FRAME_BYTES })
        const warned: string[] = []
        const logger = { ...alice.node.logger, warn (_text: string, fields?: { error?: unknown }) { warned.push(((fields?.error ?? new TypeError('no error')) as Error).name) }, child: () => logger }
        const mine = await createPreKeyClient({ ...alice.node, logger, random }, { person: alice.did })
        expect(await mine.prefetch(bob.person.did)).to.equal(0)
        expect(warned.at(-1)).to.equal(name)
        expect((await mine.take([phone.keys.did])).size).to.equal(0)
        await mine.stop()
        await unhandle()
      }
    })
  })

  describe('in a message to somebody who is away', () => {
    const said = async (conversations: Conversations, id: Parameters<Conversations['open']>[0]): Promise<Array<string | undefined>> => (await (await conversations.open(id)).state()).messages.map(({ body }) => body)

    it('are used by whoever writes, who waits for nobody, and read by whom it is for', async () => {
      await client.supply(proxy.route)
      await client.stop()
      await phone.network.stop()
      const mine = await ofOther(alice)
      await mine.prefetch(bob.person.did)
      await proxy.network.stop()
      const here = await createConversations({ ...alice.node, device: alice.node.keys, person: alice.did, random: createSeededRandom(5), preKeys: mine })
      const conversation = await here.create({ subject: 's', participants: [bob.person.did] })
      await conversation.append({ verb: 'add', thing: 'message', message: new Uint8Array(16), body: 'While you were away' })

      await phone.people.learnList(alice.cast.list.bytes)
      const secrets = createPreKeySecrets({ ...phone, random: createSeededRandom(6) }, { person: bob.person.did })
      const preKeys = { ...secrets, take: async () => new Map() }
      const there = await createConversations({ ...phone, device: phone.keys, person: bob.person.did, random: createSeededRandom(7), preKeys })
      // Bob's key file and all that was sent, without the store.
      const stolen = await bob.node('phone')
      await stolen.people.learnList(alice.cast.list.bytes)
      const thief = await createConversations({ ...stolen, device: phone.keys, person: bob.person.did, random: createSeededRandom(8) })
      for (const reader of [there, thief]) {
        for await (const blocks of here.holder(conversation.id).since([])) await reader.holder(conversation.id).merge(blocks)
      }
      expect(await said(there, conversation.id)).to.deep.equal(['While you were away'])
      expect(await said(thief, conversation.id)).to.deep.equal([])
      for (const one of [here, there, thief]) await one.stop()
    })
  })
})
