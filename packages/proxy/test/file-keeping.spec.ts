import { createMemoryNetworks, type MemoryNetworks } from '@parley/compliance-tests'
import { cidOf, createEmitter, createSeededRandom, createVirtualClock, encodeCanonical, silentLogger, type CID, type EmitterSource, type Store, type VirtualClock } from '@parley/core'
import { createFiles, pushFile, type Conversations, type ConversationsEvents, type Files, type OfferedFile, type StoredAction, type Sync } from '@parley/conversations'
import { createContactCard, createDeviceKeys, createDeviceList, createPeople, createSigner, didFromPeerId, type Did } from '@parley/identity'
import { createMemoryStore, type Network, type PeerTarget } from '@parley/network'
import { expect } from 'chai'
import { openFileKeeping, type FileKeeping, type FileLimits } from '../src/file-keeping.ts'

const CONVERSATION = cidOf(Uint8Array.of(1))
const SIZE = 600_000

interface Author { person: Did, device: Did, card: Uint8Array, network: Network, store: Store, files: Files }

describe('a proxy that keeps files', function () {
  this.timeout(20_000)
  const logger = silentLogger
  const bob = 'did:key:bob' as Did
  let networks: MemoryNetworks
  let clock: VirtualClock
  let alice: Author
  let store: Store
  let target: PeerTarget
  let keeping: FileKeeping
  let offered: OfferedFile
  let access: Did[]
  let served: Did[]
  let refused: Set<Did>
  let taken: number
  let events: EmitterSource<ConversationsEvents>
  let learn: (card: Uint8Array) => Promise<unknown>

  const author = async (seed: number): Promise<Author> => {
    const signer = await createSigner(new Uint8Array(32).fill(seed))
    const keys = await createDeviceKeys({ seed: new Uint8Array(32).fill(seed + 100), sealingSecret: new Uint8Array(32).fill(seed) })
    const [store, now] = [createMemoryStore(), clock.now()]
    const network = await networks.join(keys.seed, { store })
    const list = await createDeviceList(signer, { name: 'A', issued: now, devices: [{ device: keys.did, sealing: keys.sealing.publicKey, name: 'phone', platform: 'test', roles: ['endpoint'], capabilities: [], added: now - 1000 }] })
    const card = await createContactCard(keys.signer, { list, routes: [{ device: keys.did, addresses: network.addresses() }], issued: now, expires: now + 1e9 })
    return { person: signer.did, device: keys.did, card: card.bytes, network, store, files: createFiles({ store, network, clock, random: createSeededRandom(seed), logger }) }
  }
  const open = async (limits: FileLimits = {}): Promise<void> => {
    store = createMemoryStore()
    const network = await networks.join(new Uint8Array(32).fill(50), { store })
    target = { peer: network.peerId, addresses: network.addresses() }
    events = createEmitter<ConversationsEvents>(logger)
    const people = createPeople({ store, logger })
    learn = async card => await people.learnCard(card)
    const conversations = { on: events.on, holder: () => ({ access: async () => access, guests: async () => [] }) } as unknown as Conversations
    const policing = { takesFrom: (_person: Did, from: Did) => !refused.has(from), quota: { words: 'no more today', take: () => taken++ < 5 } }
    keeping = await openFileKeeping({ store, network, people, conversations, sync: createEmitter(logger) as unknown as Sync, policing, clock, random: createSeededRandom(3), logger }, { served: () => served, limits })
  }
  const announce = async (to: Store, root: CID): Promise<{ action: CID, bytes: Uint8Array }> => {
    const bytes = encodeCanonical([{ v: 1, conversation: CONVERSATION, links: [root] }, new Uint8Array(64)])
    await to.commit([{ type: 'block', cid: cidOf(bytes), bytes }])
    return { action: cidOf(bytes), bytes }
  }
  /** Brings the file; returns why it was refused, if it was. */
  const push = async (): Promise<string | undefined> => {
    return await driven(pushFile({ network: alice.network, store: alice.store, clock, logger }, offered, target, { card: alice.card }).then(() => undefined, (error: Error) => `${error.name}: ${error.message}`))
  }
  /** Lets time pass until something is done. */
  const driven = async <T> (work: Promise<T>): Promise<T> => {
    let isOver = false
    const done = work.finally(() => { isOver = true })
    while (!isOver) await clock.advance(50)
    return await done
  }
  const isKept = async (): Promise<boolean> => (await keeping.files.held(offered.root))?.state === 'whole'

  beforeEach(async () => {
    networks = createMemoryNetworks()
    clock = createVirtualClock()
    alice = await author(1)
    const { file } = await alice.files.add([createSeededRandom(4)(SIZE)], { name: 'a' })
    access = [alice.person, bob]
    served = [bob]
    refused = new Set()
    taken = 0
    await open()
    offered = { conversation: CONVERSATION, action: (await announce(store, file.root)).action, root: file.root, sizeBytes: SIZE }
  })
  afterEach(async () => {
    await keeping.stop()
    await networks.stop()
  })

  const reopen = async (limits: FileLimits): Promise<void> => {
    await keeping.stop()
    await networks.stop()
    networks = createMemoryNetworks()
    const before = alice
    alice = { ...before, network: await networks.join(new Uint8Array(32).fill(101), { store: before.store }) }
    await open(limits)
    await announce(store, offered.root)
  }

  it('takes one for somebody it serves, and counts it to the day of who brought it once', async () => {
    expect(await push()).to.equal(undefined)
    expect(await isKept()).to.equal(true)
    expect(await push()).to.equal(undefined)
    expect(taken).to.equal(1)
  })

  it('refuses those of whom nobody it serves takes anything, and who are not in the conversation', async () => {
    refused.add(alice.person)
    expect(await push()).to.match(/^NotAllowedError: nobody of this conversation/)
    refused.clear()
    access = [bob]
    expect(await push()).to.match(/^NotAllowedError: nobody of this conversation/)
    access = [alice.person, bob]
    served = []
    expect(await push()).to.match(/^NotAllowedError: nobody of this conversation/)
    expect(await isKept()).to.equal(false)
  })

  it('refuses what nobody announced', async () => {
    offered = { ...offered, root: cidOf(Uint8Array.of(9)) }
    expect(await push()).to.match(/Error/)
    offered = { ...offered, action: cidOf(Uint8Array.of(8)) }
    expect(await push()).to.match(/Error/)
  })

  it('has a limit for one file, for one person, for all, and for a day', async () => {
    await reopen({ maxFileBytes: 1000 })
    expect(await push()).to.match(/1000 bytes/)
    await reopen({ maxSenderBytes: 1000 })
    expect(await push()).to.match(/no more files of one person/)
    await reopen({ maxTotalBytes: 1000 })
    expect(await push()).to.match(/no room/)
    await reopen({})
    taken = 5
    expect(await push()).to.match(/no more today/)
    // Who is served here has their own share.
    await reopen({ maxSenderBytes: 1000 })
    served = [alice.person]
    expect(await push()).to.equal(undefined)
  })

  it('drops what belongs to nobody it serves any more, within the hour', async () => {
    await push()
    await clock.advance(3_600_000)
    expect(await isKept()).to.equal(true)
    served = []
    await clock.advance(3_700_000)
    await driven(keeping.sweep())
    expect(await keeping.files.held(offered.root)).to.equal(undefined)
    expect(await store.getBlock(offered.root)).to.equal(undefined)
  })

  const tell = async (root: CID): Promise<void> => {
    const { action: cid, bytes } = await announce(store, root)
    const action = { conversation: CONVERSATION, cid, bytes, author: alice.device, person: alice.person } as StoredAction
    events.emit('action', { conversation: CONVERSATION, action, local: false, home: false, from: undefined })
  }

  it('fetches what nobody brought while its author is on line', async () => {
    await learn(alice.card)
    await tell(offered.root)
    for (let turn = 0; turn < 100 && !await isKept(); turn++) await clock.advance(1000)
    expect(await isKept()).to.equal(true)
    expect(await keeping.files.held(offered.root)).to.deep.include({ sizeBytes: SIZE, by: alice.person })
  })

  it('fetches nothing that it would not take, and keeps nothing of it', async () => {
    await learn(alice.card)
    refused.add(alice.person)
    await tell(offered.root)
    await clock.advance(60_000)
    expect(await isKept()).to.equal(false)
    expect(await store.getBlock(offered.root)).to.equal(undefined)
    expect(didFromPeerId(alice.network.peerId)).to.equal(alice.device)
  })
})
