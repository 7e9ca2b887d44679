import { createSystemClock, silentLogger } from '@parley/core'
import { createNetwork, createMemoryStore, StreamClosedError, type FrameStream, type Network } from '@parley/network'
import { expect } from 'chai'
import { acceptPairing, offerPairing, type AddedDevice, type JoinedPerson, type PairingSession } from 'parley'
import { createWorld, failureOf } from './support.ts'

/** Breaks the first stream that is opened before, or after, its `step`th frame in either direction. */
function breaking (network: Network, { step, isLost }: { step: number, isLost: boolean }): Network & { broken(): boolean } {
  let frames = 0
  let isBroken = false
  const passes = async <T>(stream: FrameStream, pass: () => Promise<T>): Promise<T> => {
    if (isBroken || frames++ < step) return await pass()
    isBroken = true
    const error = new StreamClosedError(stream.protocol, 'the test broke it')
    const passed = isLost ? undefined : await pass()
    // What was sent a moment ago still arrives.
    await new Promise(resolve => { setImmediate(resolve) })
    stream.abort(error)
    if (passed === undefined) throw error
    return passed
  }
  return {
    ...network,
    get topics () { return network.topics },
    get blocks () { return network.blocks },
    get peerId () { return network.peerId },
    on: network.on.bind(network),
    addresses: () => network.addresses(),
    peers: () => network.peers(),
    handle: async (...args) => await network.handle(...args),
    connect: async (...args) => { await network.connect(...args) },
    stop: async () => { await network.stop() },
    broken: () => isBroken,
    async open (target, protocol, options) {
      const stream = await network.open(target, protocol, options)
      if (isBroken) return stream
      const receive = async (): Promise<Uint8Array | undefined> => await passes(stream, async () => await stream.receive())
      return {
        peer: stream.peer,
        protocol,
        signal: stream.signal,
        receive,
        send: async frame => { await passes(stream, async () => { await stream.send(frame) }) },
        close: async () => { await stream.close() },
        abort: error => { stream.abort(error) },
        async * [Symbol.asyncIterator] () {
          for (let frame = await receive(); frame !== undefined; frame = await receive()) yield frame
        }
      }
    }
  }
}

describe('a pairing whose stream breaks', () => {
  for (const shownBy of ['new', 'existing'] as const) {
    for (const isLost of [true, false]) {
      it(`at any frame, which is ${isLost ? 'lost' : 'delivered'}, ends well and lists the device once (${shownBy} device shows the code)`, async function () {
        this.timeout(20_000)
        let step = 0
        for (let isReached = true; isReached; step++) {
          const world = createWorld()
          const [laptop, phone] = [await world.existing(1), await world.newcomer(2)]
          const scanner = shownBy === 'existing' ? phone : laptop
          const network = breaking(scanner.network, { step, isLost })
          scanner.network = network
          let sessions: [PairingSession<AddedDevice>, PairingSession<JoinedPerson>]
          const advance = async <T>(work: Promise<T>): Promise<T> => {
            let isSettled = false
            const settled = work.finally(() => { isSettled = true })
            // Signatures take turns of the event loop: in long strides the code would expire before they are made.
            while (!isSettled) await world.clock.advance(20)
            return await settled
          }
          if (shownBy === 'existing') {
            const offer = await offerPairing(laptop, laptop.side)
            sessions = await advance(Promise.all([offer.waiting, acceptPairing(phone, offer.url, phone.side)]))
          } else {
            const offer = await offerPairing(phone, phone.side)
            sessions = await advance(Promise.all([acceptPairing(laptop, offer.url, laptop.side), offer.waiting]))
          }
          expect(sessions[0].sas, `step ${step}`).to.deep.equal(sessions[1].sas)
          expect(await phone.stored()).to.deep.equal([])
          for (const session of sessions) session.confirm()
          await advance(Promise.all(sessions.map(async ({ done }) => await done)))
          expect(laptop.kept, `step ${step}`).to.have.length(1)
          expect(await phone.stored(), `step ${step}`).to.deep.equal(['/card', '/welcome'])
          isReached = network.broken()
          await world.networks.stop()
        }
        // Hello, answer, reveal, two confirmations, welcome and receipt, and the end of the stream.
        expect(step).to.be.at.least(7)
      })
    }
  }
})

describe('a pairing over TCP', () => {
  it('ends well, and the code is spent', async function () {
    this.timeout(20_000)
    const networks: Network[] = []
    const world = createWorld(async seed => {
      const network = await createNetwork({ store: createMemoryStore(), logger: silentLogger }, { seed, listen: ['/ip4/127.0.0.1/tcp/0'] })
      networks.push(network)
      return network
    })
    try {
      const clock = createSystemClock({ unref: true })
      const [laptop, phone, other] = [await world.existing(1), await world.newcomer(2), await world.newcomer(3)]
      const offer = await offerPairing({ ...laptop, clock }, laptop.side)
      const theirs = await acceptPairing({ ...phone, clock }, offer.url, phone.side)
      const ours = await offer.waiting
      expect(ours.sas).to.deep.equal(theirs.sas)
      expect((await failureOf(acceptPairing({ ...other, clock }, offer.url, other.side))).name).to.equal('PairingBusyError')
      ours.confirm()
      theirs.confirm()
      const [{ list }, joined] = await Promise.all([ours.done, theirs.done])
      expect(joined.list.bytes).to.deep.equal(list.bytes)
      expect(await phone.stored()).to.deep.equal(['/card', '/welcome'])
      expect((await failureOf(acceptPairing({ ...other, clock }, offer.url, other.side))).name).to.equal('SpentCodeError')
      expect(await other.stored()).to.deep.equal([])
    } finally {
      await Promise.all(networks.map(async network => { await network.stop() }))
    }
  })
})
