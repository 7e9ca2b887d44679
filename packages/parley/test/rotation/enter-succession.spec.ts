import { expect } from 'chai'
import { createSeededRandom, createVirtualClock, silentLogger, type Clock, type Store } from '@parley/core'
import { createConversations, type Conversations } from '@parley/conversations'
import { createDeviceKeys, createDeviceList, createPeople, createPolicy, createSigner, decodeDeviceList, defaultPolicySettings, recoverySealingOf, type DeviceKeys, type DeviceList, type Signer } from '@parley/identity'
import { createMemoryStore } from '@parley/network'
import { beginSuccession, enterSuccession } from '../../src/index.ts'
import { openPolicies } from '../../src/policy/policy-store.ts'

const random = createSeededRandom(15)

interface Device { store: Store, keys: DeviceKeys, clock: Clock, from: Signer, to: Signer, recovery: Uint8Array, list: DeviceList, home: Uint8Array }

class KilledError extends Error { override readonly name = 'KilledError' }

describe('a device that goes over to a new key and is killed', () => {
  it('at any commit, and is started again, ends where one ends that was not', async function () {
    this.timeout(120_000)
    const whole = await deviceWithEverything()
    let commits = 0
    await rotate(whole, counting(whole.store, () => { commits++ }))
    expect(await tell(whole)).to.deep.equal(expectedOf(whole))
    for (let at = 0; at < commits; at++) {
      const device = await deviceWithEverything()
      let left = at
      const dying = counting(device.store, () => { if (left-- <= 0) throw new KilledError('killed') })
      await rotate(device, dying).catch((error: unknown) => { if (!(error instanceof KilledError)) throw error })
      await rotate(device, device.store)
      expect(await tell(device), `killed at commit ${at}`).to.deep.equal(expectedOf(device))
    }
    expect(commits).to.be.greaterThan(8)
  })

  it('writes nothing more once everything is done', async () => {
    const device = await deviceWithEverything()
    await rotate(device, device.store)
    let commits = 0
    await enter(device, counting(device.store, () => { commits++ }))
    expect(commits).to.equal(0)
  })
})

describe('a key that has a successor', () => {
  it('is not given another one', async () => {
    const device = await deviceWithEverything()
    await rotate(device, device.store)
    const people = createPeople({ store: device.store, logger: silentLogger })
    const other = await createSigner(random(32))
    expect(await begin({ ...device, to: other }, people, device.store).then(() => 'nothing', (error: unknown) => (error as Error).name)).to.equal('AlreadySucceededError')
  })

  it('is named by a device that is an admin alone', async () => {
    const device = await deviceWithEverything()
    const keys = await createDeviceKeys({ seed: random(32), sealingSecret: random(32) })
    expect(await begin({ ...device, keys }, createPeople({ store: device.store, logger: silentLogger }), device.store).then(() => 'nothing', (error: unknown) => (error as Error).name)).to.equal('NotAdminError')
  })
})

/** Takes the new key where none was taken yet, as a person does who calls again, and goes over. */
async function rotate (device: Device, store: Store): Promise<void> {
  const people = createPeople({ store, logger: silentLogger })
  if ((await people.list(device.from.did))?.successor === undefined) {
    // A phrase that was shown before a kill is worth nothing: another is shown.
    device.to = await createSigner(random(32))
    await begin(device, people, store)
  }
  await enter(device, store)
}

async function begin ({ keys, clock, from, to, recovery }: Device, people: ReturnType<typeof createPeople>, store: Store): Promise<void> {
  await beginSuccession({ store, people, keys, clock, random }, { from, to, recovery })
}

async function enter (device: Device, store: Store): Promise<void> {
  const { keys, clock } = device
  await enterSuccession({ store, keys, clock, random, logger: silentLogger, keepList: async bytes => { device.home = bytes } }, await decodeDeviceList(device.home))
}

function counting (store: Store, before: () => void): Store {
  return { ...store, commit: async (changes, options) => { before(); await store.commit(changes, options) } }
}

async function deviceWithEverything (): Promise<Device> {
  const clock = createVirtualClock()
  const store = createMemoryStore()
  const keys = await createDeviceKeys({ seed: random(32), sealingSecret: random(32) })
  const [from, seed] = [await createSigner(random(32)), random(32)]
  const list = await createDeviceList(from, { name: 'Alice', issued: clock.now(), random, devices: [{ device: keys.did, sealing: keys.sealing.publicKey, name: 'laptop', platform: 'test', roles: ['endpoint', 'admin'], capabilities: [], added: clock.now() }] })
  const people = createPeople({ store, logger: silentLogger })
  await people.learnList(list.bytes)
  const conversations = await opened({ store, keys, clock }, from.did)
  for (const body of ['one', 'two']) {
    const talk = await conversations.create({ subject: body, participants: [] })
    await talk.append({ verb: 'add', thing: 'message', message: random(16), body })
  }
  const home = await conversations.home()
  await home.putAll([{ collection: 'contacts', key: 'x', value: text('Bob') }, { collection: 'odd', key: '1', value: text('kept') }, { collection: 'odd', key: '2', value: text('gone') }])
  await home.put('odd', '2', undefined)
  await conversations.stop()
  const policies = await openPolicies({ store, people, clock, logger: silentLogger })
  await policies.learn(from.did, (await createPolicy(keys.signer, { ...defaultPolicySettings(), person: from.did, version: { wallMs: 1, counter: 0 } })).bytes)
  return { store, keys, clock, from, to: await createSigner(seed), recovery: (await recoverySealingOf(seed)).publicKey, list, home: list.bytes }
}

async function opened ({ store, keys, clock }: Pick<Device, 'store' | 'keys' | 'clock'>, person: string): Promise<Conversations> {
  return await createConversations({ store, people: createPeople({ store, logger: silentLogger }), clock, random, logger: silentLogger, device: keys, person })
}

function expectedOf ({ to }: Device): Awaited<ReturnType<typeof tell>> {
  return { person: to.did, access: [[to.did], [to.did]], messages: ['one', 'two'], records: { 'contacts/x': 'Bob', 'odd/1': 'kept' }, blocked: [], policyIsOurs: true }
}

/** What the person has on this device, by the key that it is a device of now. */
async function tell (device: Device): Promise<Record<string, unknown>> {
  const { person } = await decodeDeviceList(device.home)
  const conversations = await opened(device, person)
  const access: string[][] = []
  const messages: Array<string | undefined> = []
  for await (const id of conversations.ids()) {
    access.push(await conversations.holder(id).access())
    messages.push(...(await (await conversations.open(id)).state()).messages.map(({ body }) => body))
  }
  const home = await conversations.home()
  const records: Record<string, string> = {}
  for (const collection of ['contacts', 'odd']) for await (const { key, value } of home.list(collection)) records[`${collection}/${key}`] = new TextDecoder().decode(value)
  await conversations.stop()
  const policy = (await openPolicies({ store: device.store, people: createPeople({ store: device.store, logger: silentLogger }), clock: device.clock, logger: silentLogger })).get(person)?.policy
  return { person, access, messages: messages.sort(), records, blocked: policy?.blocked, policyIsOurs: policy?.person === person }
}

function text (words: string): Uint8Array {
  return new TextEncoder().encode(words)
}
