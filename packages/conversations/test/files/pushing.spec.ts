import { createMemoryNetworks, type MemoryNetworks } from '@parley/compliance-tests'
import { cidOf, createSeededRandom, createVirtualClock, encodeCanonical, silentLogger, type CID, type Store, type VirtualClock } from '@parley/core'
import { createContactCard, createDeviceKeys, createDeviceList, createPeople, createSigner, type DeviceKeys, type Did } from '@parley/identity'
import { createMemoryStore, type FrameStream, type Network, type PeerTarget } from '@parley/network'
import { expect } from 'chai'
import { createFileHolder, createFiles, pushFile, type FileHolder, type FileHolderInit, type FileQuestion, type Files, type OfferedFile } from '../../src/files/index.ts'
import { fileFrameCodec, type FileFrame } from '../../src/files/frames.ts'
import { DAG_PB, FILE_PROTOCOL } from '../../src/files/limits.ts'
import { createCrashStore } from '../kill/crash-store.ts'
import { contentOf, driven, failureOf, gather, inPieces, inventory } from './samples.ts'

const CONTENT = contentOf(10_000_000)
const CONVERSATION = cidOf(Uint8Array.of(1))

interface Somebody { device: DeviceKeys, person: Did, card: Uint8Array }

async function somebody (seed: number): Promise<Somebody> {
  const signer = await createSigner(new Uint8Array(32).fill(seed))
  const device = await createDeviceKeys({ seed: new Uint8Array(32).fill(seed + 100), sealingSecret: new Uint8Array(32).fill(seed) })
  const now = createVirtualClock().now()
  const list = await createDeviceList(signer, { name: 'a', devices: [{ device: device.did, sealing: device.sealing.publicKey, name: 'phone', platform: 'test', roles: ['endpoint'], capabilities: [], added: now - 1000 }], issued: now })
  const card = await createContactCard(device.signer, { list, routes: [], issued: now, expires: now + 1e9 })
  return { device, person: signer.did, card: card.bytes }
}

describe('bringing a file to a holder', function () {
  this.timeout(20_000)

  let networks: MemoryNetworks
  let clock: VirtualClock
  let alice: Somebody
  let network: Network
  let store: Store
  let files: Files
  let offered: OfferedFile
  let key: Uint8Array
  let sha256: Uint8Array
  let holder: FileHolder
  let kept: { store: Store, files: Files, target: PeerTarget, network: Network }
  let asked: FileQuestion[]

  async function keep (init: Partial<FileHolderInit> = {}, theirs: Store = createMemoryStore(), seed = 50): Promise<void> {
    const node = await networks.join(new Uint8Array(32).fill(seed), { store: theirs })
    const people = createPeople({ store: theirs, logger: silentLogger })
    const ownFiles = createFiles({ store: theirs, clock, random: createSeededRandom(2), logger: silentLogger })
    kept = { store: theirs, files: ownFiles, network: node, target: { peer: node.peerId, addresses: node.addresses() } }
    const admits = async (question: FileQuestion) => { asked.push(question); return { ok: true } as const }
    holder = await createFileHolder({ network: node, store: theirs, files: ownFiles, people, clock, logger: silentLogger }, { admits, ...init })
  }
  async function announce (theirs: Store, root: CID): Promise<CID> {
    const action = encodeCanonical([{ v: 1, conversation: CONVERSATION, links: [root] }, new Uint8Array(64)])
    await theirs.commit([{ type: 'block', cid: cidOf(action), bytes: action }])
    return cidOf(action)
  }
  const push = async (onProgress?: (progress: { acknowledged: number }) => void, through: Pick<Network, 'open'> = network): Promise<void> => {
    await pushFile({ network: through, store, clock, logger: silentLogger }, offered, kept.target, { card: alice.card, onProgress })
  }
  async function isReadable (): Promise<boolean> {
    const content = await gather(kept.files.open({ root: offered.root, sizeBytes: offered.sizeBytes, key, sha256 }))
    return Buffer.from(content).equals(CONTENT)
  }

  beforeEach(async () => {
    networks = createMemoryNetworks()
    clock = createVirtualClock()
    alice = await somebody(1)
    store = createMemoryStore()
    network = await networks.join(alice.device.seed, { store })
    files = createFiles({ store, network, clock, random: createSeededRandom(1), logger: silentLogger })
    const { file } = await files.add(inPieces(CONTENT), { name: 'a' })
    key = file.key
    sha256 = file.sha256
    asked = []
    await keep()
    offered = { conversation: CONVERSATION, action: await announce(kept.store, file.root), root: file.root, sizeBytes: file.sizeBytes }
  })
  afterEach(async () => {
    await holder.stop()
    await networks.stop()
  })

  it('brings all of it, acknowledged when it is on the disk, and twice costs nothing', async () => {
    const told: number[] = []
    await push(({ acknowledged }) => { told.push(acknowledged) })
    expect(told).to.deep.equal([0, 16, 32, 40])
    expect(await isReadable()).to.equal(true)
    expect(await kept.files.held(offered.root)).to.include({ state: 'whole', by: alice.person })
    expect(asked).to.have.length(1)
    expect(asked[0]).to.include({ person: alice.person, device: alice.device.did, personBytes: 0, heldBytes: 0, sizeBytes: CONTENT.byteLength })
    const again: number[] = []
    await push(({ acknowledged }) => { again.push(acknowledged) })
    expect(again).to.deep.equal([40, 40])
  })

  it('goes on after a break behind what was acknowledged, wherever it broke', async () => {
    const { blocks } = await inventory(store)
    const seen: number[] = []
    for (let frames = 3; frames < 60; frames += 11) {
      const failure = await failureOf(push(undefined, fragile(network, frames)).then(() => { throw new RangeError('it came through') }))
      if (failure.name === 'RangeError') break
      expect(failure.name).to.equal('FileInterruptedError')
      const held = await kept.files.held(offered.root)
      seen.push(held?.blocks ?? 0)
    }
    expect(seen).to.deep.equal([...seen].sort((a, b) => a - b))
    await push()
    expect(await isReadable()).to.equal(true)
    // The action that announces it.
    expect((await inventory(kept.store)).blocks).to.equal(blocks + 1)
  })

  it('loses nothing that was acknowledged when the holder is killed or its power fails', async () => {
    let seed = 60
    for (const fate of ['killed-before', 'killed-after', 'power-cut', 'full'] as const) {
      const disk = await createCrashStore()
      await holder.stop()
      await keep({}, disk.store, seed++)
      await announce(disk.store, offered.root)
      disk.plan(disk.writes + 2, fate)
      let acknowledged = 0
      const failure = await failureOf(push(progress => { acknowledged = progress.acknowledged }))
      expect(failure.name).to.equal('PeerRefusedError')
      await holder.stop()
      const { store: left } = await disk.restart()
      await kept.network.stop()
      await keep({}, left, seed++)
      expect((await kept.files.held(offered.root))?.blocks ?? 0).to.be.at.least(acknowledged)
      await push()
      expect(await isReadable()).to.equal(true)
    }
  }).timeout(60_000)

  it('is refused in words when the owner does not want it, and nothing is kept', async () => {
    await holder.stop()
    await keep({ admits: async ({ personBytes, sizeBytes }) => personBytes + sizeBytes > 5_000_000 ? { ok: false, reason: 'there is no room left for you' } : { ok: true } }, createMemoryStore(), 51)
    offered.action = await announce(kept.store, offered.root)
    const before = await inventory(kept.store)
    const failure = await failureOf(push())
    expect(failure).to.include({ name: 'NotAllowedError', message: 'there is no room left for you' })
    expect(await inventory(kept.store)).to.deep.equal(before)
    await holder.stop()
    await keep({ maxFileBytes: 1000 }, kept.store, 52)
    expect(await failureOf(push())).to.include({ name: 'PeerRefusedError', remoteName: 'FileTooLargeError' })
  })

  it('is refused by name when no action that is there announces it, or nobody knows the device', async () => {
    offered.action = cidOf(Uint8Array.of(99))
    expect((await failureOf(driven(clock, push()))).name).to.equal('NotAllowedError')
    offered.action = await announce(kept.store, cidOf(Uint8Array.of(3), DAG_PB))
    expect((await failureOf(push())).name).to.equal('NotAllowedError')
    const stranger = await somebody(7)
    const theirs = await networks.join(stranger.device.seed)
    expect((await failureOf(pushFile({ network: theirs, store, clock, logger: silentLogger }, offered, kept.target))).name).to.equal('NotAllowedError')
    expect((await inventory(kept.store)).keys).to.deep.equal([])
  })

  it('is dropped when nothing more came for a week', async () => {
    await failureOf(push(undefined, fragile(network, 30)))
    expect(await kept.files.held(offered.root)).to.include({ state: 'partial' })
    expect(await holder.sweep()).to.equal(0)
    await clock.advance(8 * 24 * 3_600_000)
    expect(await holder.sweep()).to.equal(1)
    expect((await inventory(kept.store)).keys).to.deep.equal([])
  })

  describe('by somebody hostile', () => {
    /** Sends frames and returns the last word of the holder. */
    async function say (frames: Array<FileFrame | Uint8Array>): Promise<FileFrame | undefined> {
      const stream = await network.open(kept.target, FILE_PROTOCOL)
      for (const frame of frames) await stream.send(frame instanceof Uint8Array ? frame : fileFrameCodec.encode(frame)).catch(() => {})
      let last: FileFrame | undefined
      for (;;) {
        const bytes = await stream.receive().catch(() => undefined)
        if (bytes === undefined) break
        last = fileFrameCodec.decode(bytes)
      }
      await stream.close()
      return last
    }
    const offer = (): FileFrame => ({ v: 1, type: 'offer', ...offered, card: new Uint8Array(alice.card) })
    const block = (bytes: Uint8Array): FileFrame => ({ v: 1, type: 'block', bytes: new Uint8Array(bytes) })

    it('is refused by name and leaves nothing', async () => {
      const root = (await store.getBlock(offered.root)) ?? new Uint8Array(0)
      const cases: Array<[string, Array<FileFrame | Uint8Array>]> = [
        ['ProtocolViolationError', [block(root)]],
        ['ProtocolViolationError', [offer(), block(root), offer()]],
        ['ProtocolViolationError', [{ v: 1, type: 'ack', have: 1 }]],
        ['InvalidBytesError', [Uint8Array.of(1, 2, 3)]]
      ]
      for (const [error, frames] of cases) expect(await say(frames), error).to.include({ type: 'refuse', error })
      expect(await inTurn([{ ...offer(), sizeBytes: 9_000_000 } as FileFrame, block(root)])).to.include({ type: 'refuse', error: 'DamagedFileError' })
      expect(await inTurn([offer(), block(contentOf(100))])).to.include({ type: 'refuse', error: 'DamagedFileError' })
      expect(await inTurn([offer(), block(root), block(contentOf(262_144))])).to.include({ type: 'refuse', error: 'DamagedFileError' })
      expect((await inventory(kept.store)).keys).to.deep.equal([])
    })

    /** Waits for the offer to be taken before it sends the rest. */
    async function inTurn ([first, ...rest]: FileFrame[]): Promise<FileFrame | undefined> {
      const stream = await network.open(kept.target, FILE_PROTOCOL)
      if (first !== undefined) await stream.send(fileFrameCodec.encode(first))
      let last = await stream.receive()
      for (const frame of rest) await stream.send(fileFrameCodec.encode(frame)).catch(() => {})
      for (let next = last; next !== undefined; next = await stream.receive().catch(() => undefined)) last = next
      await stream.close()
      return last === undefined ? undefined : fileFrameCodec.decode(last)
    }

    it('who says nothing is cut off', async () => {
      const stream = await network.open(kept.target, FILE_PROTOCOL)
      await clock.advance(11_000)
      const last = await stream.receive()
      expect(fileFrameCodec.decode(last ?? new Uint8Array(0))).to.include({ type: 'refuse', error: 'TimeoutError' })
    })

    it('does not bring the same file twice at once', async () => {
      const stream = await network.open(kept.target, FILE_PROTOCOL)
      await stream.send(fileFrameCodec.encode(offer()))
      await stream.receive()
      expect(await failureOf(push())).to.include({ name: 'PeerRefusedError', remoteName: 'FileBusyError' })
      await stream.close()
      while (await stream.receive() !== undefined);
      await push()
      expect(await isReadable()).to.equal(true)
    })
  })

  it('a holder that claims what cannot be is refused by name', async () => {
    const lies: FileFrame[][] = [[{ v: 1, type: 'opened', have: 1_000 }], [{ v: 1, type: 'opened', have: 0 }, { v: 1, type: 'ack', have: 40 }], [{ v: 1, type: 'ack', have: 1 }], [{ v: 1, type: 'opened', have: 0 }, { v: 1, type: 'opened', have: 0 }]]
    for (const [index, frames] of lies.entries()) {
      const liar = await networks.join(new Uint8Array(32).fill(70 + index))
      await liar.handle(FILE_PROTOCOL, async stream => {
        await stream.receive()
        for (const frame of frames) await stream.send(fileFrameCodec.encode(frame))
        while (await stream.receive() !== undefined);
      })
      const target = { peer: liar.peerId, addresses: liar.addresses() }
      expect((await failureOf(pushFile({ network, store, clock, logger: silentLogger }, offered, target))).name).to.equal('ProtocolViolationError')
    }
  })
})

/** A network whose streams break after some frames in both directions together. */
function fragile (network: Network, frames: number): Pick<Network, 'open'> {
  let left = frames
  return {
    async open (target, protocol, options) {
      const stream = await network.open(target, protocol, options)
      const spend = (): void => { if (left-- <= 0) stream.abort(new Error('the cable was cut')) }
      const wrapped: FrameStream = Object.assign(Object.create(stream) as FrameStream, {
        async send (frame: Uint8Array) { spend(); await stream.send(frame) },
        async receive (receiving?: { signal?: AbortSignal }) {
          const frame = await stream.receive(receiving)
          if (frame !== undefined) spend()
          return frame
        },
        close: async () => { await stream.close() },
        abort: (error: Error) => { stream.abort(error) }
      })
      return wrapped
    }
  }
}
