import * as dagCbor from '@ipld/dag-cbor'
import { createPolicy, createSigner, extendDeviceList, publicKeyFromDid, type Policy, type PolicySettings } from '@parley/identity'
import { expect } from 'chai'
import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { fromString, toString } from 'uint8arrays'
import { createPolicyClient, createPolicyHolder, type PolicyClient, type PolicyHolder } from '../../src/index.ts'
import { MAX_POLICY_FRAME_BYTES, POLICY_PROTOCOL, policyFrameCodec, type PolicyFrame } from '../../src/policy/frames.ts'
import { createCast, until, type Cast, type Node } from './cast.ts'
import { buildFrames } from './frame-vectors.ts'

describe('a device and a proxy of its person', () => {
  let cast: Cast
  let phone: Node
  let laptop: Node
  let proxy: Node
  let client: PolicyClient
  let holder: PolicyHolder
  let eve: string

  beforeEach(async () => {
    cast = await createCast({ phone: ['endpoint'], laptop: ['endpoint'], proxy: ['proxy'], second: ['proxy'] })
    ;[phone, laptop, proxy] = [await cast.node('phone'), await cast.node('laptop'), await cast.node('proxy')]
    eve = (await createSigner(new Uint8Array(32).fill(9))).did
    client = await createPolicyClient(phone, { person: cast.person.did })
    holder = await createPolicyHolder(proxy, { serves: () => [cast.person.did] })
  })

  afterEach(async () => {
    await client.stop()
    await holder.stop()
    await cast.networks.stop()
  })

  const held = (): Policy | undefined => holder.policies.get(cast.person.did)?.policy
  const block = (settings: PolicySettings): PolicySettings => ({ ...settings, blocked: [eve] })
  const sign = async (node: Node, wallMs: number, more: Partial<PolicySettings> = {}): Promise<Policy> => await createPolicy(node.keys.signer, { person: cast.person.did, version: { wallMs, counter: 0 }, ...more })

  it('have the same policy as soon as they are connected, and whenever it changes', async () => {
    await client.ensure()
    await phone.network.connect(proxy.route)
    await until(() => held() !== undefined)
    const changed = await client.change(block)
    await until(() => held()?.cid.equals(changed.cid) === true)
    expect(held()?.blocked).to.deep.equal([eve])
    await client.change(settings => ({ ...settings, blocked: [] }))
    await until(() => held()?.blocked.length === 0)
  })

  it('keep it over a restart', async () => {
    await client.change(block)
    await client.exchange(proxy.route)
    await holder.stop()
    holder = await createPolicyHolder(proxy, { serves: () => [cast.person.did] })
    expect(held()?.blocked).to.deep.equal([eve])
  })

  it('bring it to another device, which brings it to another proxy', async () => {
    await client.change(block)
    await client.exchange(proxy.route)
    const second = await cast.node('second')
    const other = await createPolicyHolder(second, { serves: () => [cast.person.did] })
    const home = await createPolicyClient(laptop, { person: cast.person.did })
    await laptop.network.connect(second.route)
    await home.exchange(proxy.route)
    expect(home.settings().blocked).to.deep.equal([eve])
    await until(() => other.policies.get(cast.person.did) !== undefined)
    await home.stop()
    await other.stop()
  })

  it('do not go back to an older one, whoever brings it', async () => {
    const older = await sign(phone, cast.clock.now())
    await cast.clock.advance(10)
    await client.change(block)
    await client.exchange(proxy.route)
    expect(await push(laptop, older)).to.include({ type: 'refuse', error: 'StalePolicyError' })
    expect(held()?.blocked).to.deep.equal([eve])
    expect((await client.learn(older.bytes)).blocked).to.deep.equal([eve])
  })

  it('refuse one of a revoked device, of a proxy, of the future, and of somebody else', async () => {
    const revoked = await sign(laptop, cast.clock.now() + 1)
    await proxy.people.learnList((await extendDeviceList(cast.person, cast.list, { revoke: [laptop.keys.did] }, { at: cast.clock.now() })).bytes)
    expect(await push(phone, revoked)).to.include({ type: 'refuse', error: 'InvalidSignatureError' })
    expect(await push(phone, await sign(proxy, cast.clock.now() + 1))).to.include({ error: 'InvalidSignatureError' })
    expect(await push(phone, await sign(phone, cast.clock.now() + 120_000))).to.include({ error: 'InvalidBytesError' })
    expect(await push(phone, await createPolicy(phone.keys.signer, { person: eve, version: { wallMs: 5, counter: 0 } }))).to.include({ error: 'InvalidBytesError' })
    expect(held()).to.equal(undefined)
  })

  it('sign anew what a device said that was revoked since', async () => {
    await client.learn((await sign(laptop, cast.clock.now(), { blocked: [eve] })).bytes)
    const { bytes } = await extendDeviceList(cast.person, cast.list, { revoke: [laptop.keys.did] }, { at: cast.clock.now() })
    await Promise.all([phone, proxy].map(async ({ people }) => await people.learnList(bytes)))
    await client.exchange(proxy.route)
    expect(held()).to.include({ author: phone.keys.did })
    expect(held()?.blocked).to.deep.equal([eve])
  })

  it('exchange with nobody else', async () => {
    const stranger = await createCast({ phone: ['endpoint'] }, 2)
    const node = await stranger.node('phone')
    const network = await cast.networks.join(node.keys.seed)
    const policy = await createPolicy(node.keys.signer, { person: cast.person.did, version: { wallMs: 5, counter: 0 } })
    expect(await push({ ...node, network }, policy)).to.include({ type: 'refuse', error: 'NotAllowedError' })
    await stranger.networks.stop()
  })

  /** Claims to have a policy and hands it over, as a hostile device would. */
  async function push (from: Node, policy: Policy): Promise<PolicyFrame> {
    const stream = await from.network.open(proxy.route, POLICY_PROTOCOL, { maxFrameBytes: MAX_POLICY_FRAME_BYTES })
    const send = async (frame: PolicyFrame): Promise<void> => { await stream.send(policyFrameCodec.encode(frame)) }
    const receive = async (): Promise<PolicyFrame> => policyFrameCodec.decode(await stream.receive() ?? expect.fail('the stream ended'))
    await send({ v: 1, type: 'hello', person: new Uint8Array(publicKeyFromDid(cast.person.did)), card: null, held: { wallMs: Number.MAX_SAFE_INTEGER, counter: 0, cid: policy.cid } })
    const answer = await receive()
    if (answer.type === 'refuse') return answer
    await send({ v: 1, type: 'policy', block: new Uint8Array(policy.bytes) })
    const last = await receive()
    await stream.close()
    return last
  }
})

describe('the frames of the policy protocol', () => {
  const frozen = JSON.parse(readFileSync(new URL('../vectors/v1/policy-frames.json', import.meta.url), 'utf8')) as Record<string, string>

  it('are what was frozen, and read alike by a generic reader', () => {
    for (const [name, frame] of Object.entries(buildFrames())) {
      expect(toString(policyFrameCodec.encode(frame), 'hex')).to.equal(frozen[name])
      const bytes = fromString(frozen[name] ?? '', 'hex')
      expect(dagCbor.decode<object>(bytes)).to.deep.equal(policyFrameCodec.decode(bytes))
    }
  })

  it('are refused by name after any of 10,000 mutations, or mean something else', () => {
    const all = Object.values(frozen).map(text => fromString(text, 'hex'))
    const change = fc.record({ bytes: fc.constantFrom(...all), at: fc.nat(), by: fc.integer({ min: 1, max: 255 }), kind: fc.constantFrom('alter', 'cut', 'drop') })
    fc.assert(fc.property(change, ({ bytes, at: place, by, kind }) => {
      const at = place % bytes.length
      const altered = kind === 'cut' ? bytes.slice(0, at) : kind === 'drop' ? Uint8Array.from([...bytes.slice(0, at), ...bytes.slice(at + 1)]) : bytes.map((byte, index) => index === at ? byte ^ by : byte)
      try {
        expect(toString(policyFrameCodec.encode(policyFrameCodec.decode(altered)), 'hex')).to.equal(toString(altered, 'hex'))
      } catch (error) {
        expect((error as Error).name).to.equal('InvalidBytesError')
      }
    }), { numRuns: 10_000, seed: 13 })
  }).timeout(60_000)
})
