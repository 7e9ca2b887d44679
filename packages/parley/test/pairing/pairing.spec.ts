import { createPairingCode, decodeContactCard, pairingUrl, rolesOf } from '@parley/identity'
import { expect } from 'chai'
import { acceptPairing, offerPairing, type AddedDevice, type JoinedPerson, type PairingOffer, type PairingSession, type PairingStatus } from 'parley'
import { createWorld, failureOf, T0, until, type ExistingDevice, type NewDevice, type World } from './support.ts'

const MINUTE = 60_000

interface Pair { ours: PairingSession<AddedDevice>, theirs: PairingSession<JoinedPerson>, offer: PairingOffer<unknown> }

/** Lets both devices meet, by a code that one of them shows. */
async function meet (laptop: ExistingDevice, phone: NewDevice, shownBy: 'new' | 'existing'): Promise<Pair> {
  if (shownBy === 'existing') {
    const offer = await offerPairing(laptop, laptop.side)
    const theirs = await acceptPairing(phone, offer.url, phone.side)
    return { offer, theirs, ours: await offer.waiting }
  }
  const offer = await offerPairing(phone, phone.side)
  const ours = await acceptPairing(laptop, offer.url, laptop.side)
  return { offer, ours, theirs: await offer.waiting }
}

describe('pairing a new device with an existing one', () => {
  let world: World
  let laptop: ExistingDevice
  let phone: NewDevice

  beforeEach(async () => {
    world = createWorld()
    laptop = await world.existing(1)
    phone = await world.newcomer(2)
  })
  afterEach(async () => { await world.networks.stop() })

  for (const shownBy of ['new', 'existing'] as const) {
    describe(`by a code that the ${shownBy} device shows`, () => {
      it('shows the same on both screens, and who is at the other end', async () => {
        const { ours, theirs } = await meet(laptop, phone, shownBy)
        expect(ours.sas).to.deep.equal(theirs.sas)
        expect(ours.sas.digits).to.match(/^\d{6}$/)
        expect(ours.sas.words).to.have.length(4)
        expect(ours.peer).to.deep.include({ device: phone.keys.did, name: 'Phone 2', platform: 'android', roles: ['endpoint', 'listener'] })
        expect(theirs.peer).to.deep.include({ device: laptop.keys.did, name: 'Laptop', platform: 'linux', roles: ['admin'], person: laptop.person.did })
        expect(laptop.kept).to.deep.equal([])
        expect(await phone.stored()).to.deep.equal([])
      })

      it('puts the device on the list and hands it what it needs once both confirmed', async () => {
        const { ours, theirs } = await meet(laptop, phone, shownBy)
        const states: PairingStatus[] = []
        ours.on('state', state => states.push(state))
        ours.confirm()
        await world.clock.advance(MINUTE)
        expect(ours.state).to.equal('waiting')
        expect(laptop.kept).to.deep.equal([])
        theirs.confirm()
        const { list, record } = await ours.done
        const joined = await theirs.done
        expect(rolesOf(list, phone.keys.did, world.clock.now())).to.deep.equal(['endpoint', 'listener'])
        expect(record).to.deep.include({ device: phone.keys.did, name: 'Phone 2', capabilities: ['voice'] })
        expect(joined.person).to.equal(laptop.person.did)
        expect(joined.list.bytes).to.deep.equal(laptop.list().bytes)
        expect((await decodeContactCard(joined.card)).signer).to.equal(laptop.keys.did)
        expect(new TextDecoder().decode(joined.welcome)).to.equal('welcome Phone 2')
        expect(await phone.stored()).to.deep.equal(['/card', '/welcome'])
        expect(states).to.deep.equal(['waiting', 'delivering', 'done'])
      })

      for (const by of ['ours', 'theirs'] as const) {
        it(`stores nothing when the people at ${by === 'ours' ? 'the existing' : 'the new'} device refuse`, async () => {
          const pair = await meet(laptop, phone, shownBy)
          const other = by === 'ours' ? 'theirs' : 'ours'
          pair[other].confirm()
          pair[by].refuse('the words differ')
          expect(await failureOf(pair[by].done)).to.include({ name: 'PairingRefusedError', by: 'us' })
          expect(await failureOf(pair[other].done)).to.include({ name: 'PairingRefusedError', by: 'them' })
          expect((await failureOf(pair[other].done)).message).to.include('the words differ')
          expect(laptop.kept).to.deep.equal([])
          expect(await phone.stored()).to.deep.equal([])
        })
      }

      it('stores nothing when nobody confirms in time', async () => {
        const { ours, theirs } = await meet(laptop, phone, shownBy)
        ours.confirm()
        await world.clock.advance(11 * MINUTE)
        expect((await failureOf(ours.done)).name).to.be.oneOf(['TimeoutError', 'PairingRefusedError'])
        expect((await failureOf(theirs.done)).name).to.be.oneOf(['TimeoutError', 'PairingRefusedError'])
        expect(laptop.kept).to.deep.equal([])
        expect(await phone.stored()).to.deep.equal([])
      })

      it('goes on where it was when the stream broke', async () => {
        const { ours, theirs } = await meet(laptop, phone, shownBy)
        const { digits } = ours.sas
        world.networks.cut(laptop.network.peerId, phone.network.peerId)
        ours.confirm()
        await world.clock.advance(1000)
        world.networks.heal(laptop.network.peerId, phone.network.peerId)
        await world.clock.advance(MINUTE)
        theirs.confirm()
        await Promise.all([ours.done, theirs.done])
        expect(theirs.sas.digits).to.equal(digits)
        expect(await phone.stored()).to.deep.equal(['/card', '/welcome'])
      })

      it('brings the same again when the stream broke after the list was signed', async () => {
        const keepList = laptop.side.keepList.bind(laptop.side)
        laptop.side.keepList = async list => {
          await keepList(list)
          world.networks.cut(laptop.network.peerId, phone.network.peerId)
        }
        const { ours, theirs } = await meet(laptop, phone, shownBy)
        ours.confirm()
        theirs.confirm()
        await until(() => laptop.kept.length > 0)
        await world.clock.advance(MINUTE)
        expect(laptop.kept).to.have.length(1)
        expect(await phone.stored()).to.deep.equal([])
        world.networks.heal(laptop.network.peerId, phone.network.peerId)
        await world.clock.advance(MINUTE)
        await Promise.all([ours.done, theirs.done])
        expect(laptop.kept).to.have.length(1)
        expect(await phone.stored()).to.deep.equal(['/card', '/welcome'])
      })

      it('tells the existing device that the new one is listed but never came back', async () => {
        const keepList = laptop.side.keepList.bind(laptop.side)
        laptop.side.keepList = async list => {
          await keepList(list)
          world.networks.cut(laptop.network.peerId, phone.network.peerId)
        }
        const { ours, theirs } = await meet(laptop, phone, shownBy)
        ours.confirm()
        theirs.confirm()
        await until(() => laptop.kept.length > 0)
        await world.clock.advance(11 * MINUTE)
        expect(await failureOf(ours.done)).to.include({ name: 'PairingUnfinishedError', device: phone.keys.did })
        expect((await failureOf(theirs.done)).name).to.equal('TimeoutError')
        expect(await phone.stored()).to.deep.equal([])
      })

      it('acknowledges only what the new device keeps', async () => {
        phone.side.keep = async () => { throw new RangeError('the disk is full') }
        const { ours, theirs } = await meet(laptop, phone, shownBy)
        ours.confirm()
        theirs.confirm()
        expect((await failureOf(theirs.done)).message).to.equal('the disk is full')
        expect((await failureOf(ours.done)).name).to.equal('PairingUnfinishedError')
      })

      it('stores nothing when the list is of another person', async () => {
        const mallory = await world.existing(9)
        laptop.side.card = async () => await mallory.side.card()
        const { ours, theirs } = await meet(laptop, phone, shownBy)
        ours.confirm()
        theirs.confirm()
        expect((await failureOf(theirs.done)).name).to.equal('PairingMismatchError')
        expect((await failureOf(ours.done)).name).to.equal('PairingUnfinishedError')
        expect(await phone.stored()).to.deep.equal([])
      })

      it('stores nothing when the list gives the new device other roles, or does not name it', async () => {
        const before = await laptop.side.card()
        laptop.side.card = async () => before
        const { ours, theirs } = await meet(laptop, phone, shownBy)
        ours.confirm()
        theirs.confirm()
        expect(await failureOf(theirs.done)).to.include({ name: 'PairingMismatchError', what: 'the new device is not on the list' })
        expect((await failureOf(ours.done)).name).to.equal('PairingUnfinishedError')
        expect(await phone.stored()).to.deep.equal([])
      })

      it('ends without a trace when the list cannot be kept', async () => {
        laptop.side.keepList = async () => { throw new RangeError('the disk is full') }
        const { ours, theirs } = await meet(laptop, phone, shownBy)
        ours.confirm()
        theirs.confirm()
        expect((await failureOf(ours.done)).message).to.equal('the disk is full')
        expect(await failureOf(theirs.done)).to.include({ name: 'PairingRefusedError', by: 'them' })
        expect(await phone.stored()).to.deep.equal([])
      })

      it('is refused to a device that may not change the list', async () => {
        const tablet = await world.existing(5, { roles: ['endpoint'] })
        expect((await failureOf(meet(tablet, phone, shownBy))).name).to.equal('NotAdminError')
      })

      it('makes admins, listeners and proxies as asked', async () => {
        for (const [index, role] of (['admin', 'listener', 'proxy'] as const).entries()) {
          const device = await world.newcomer(20 + index, { roles: [role] })
          const { ours, theirs } = await meet(laptop, device, shownBy)
          ours.confirm()
          theirs.confirm()
          await Promise.all([ours.done, theirs.done])
          expect(rolesOf(laptop.list(), device.keys.did, world.clock.now())).to.deep.equal([role])
        }
      })
    })
  }
})

describe('a pairing code', () => {
  let world: World
  let laptop: ExistingDevice
  let phone: NewDevice
  let other: NewDevice

  beforeEach(async () => {
    world = createWorld()
    laptop = await world.existing(1)
    phone = await world.newcomer(2)
    other = await world.newcomer(3)
  })
  afterEach(async () => { await world.networks.stop() })

  it('serves no second device while one is pending, though it was photographed', async () => {
    const offer = await offerPairing(laptop, laptop.side)
    const thief = await acceptPairing(other, offer.url, other.side)
    expect((await failureOf(acceptPairing(phone, offer.url, phone.side))).name).to.equal('PairingBusyError')
    // The people see the thief's device where they expect theirs.
    const session = await offer.waiting
    expect(session.peer.device).to.equal(other.keys.did)
    thief.confirm()
    session.refuse()
    expect((await failureOf(thief.done)).name).to.equal('PairingRefusedError')
    expect(laptop.kept).to.deep.equal([])
    expect(await other.stored()).to.deep.equal([])
  })

  it('works once', async () => {
    const offer = await offerPairing(laptop, laptop.side)
    const theirs = await acceptPairing(phone, offer.url, phone.side)
    const ours = await offer.waiting
    ours.confirm()
    theirs.confirm()
    await Promise.all([ours.done, theirs.done])
    expect((await failureOf(acceptPairing(other, offer.url, other.side))).name).to.equal('SpentCodeError')
    const next = await offerPairing(laptop, laptop.side)
    expect((await failureOf(acceptPairing(other, offer.url, other.side))).name).to.equal('SpentCodeError')
    await acceptPairing(other, next.url, other.side)
    expect(await other.stored()).to.deep.equal([])
  })

  it('is spent when its people refused, so that nobody can try until the words agree', async () => {
    const offer = await offerPairing(laptop, laptop.side)
    await acceptPairing(other, offer.url, other.side)
    const session = await offer.waiting
    session.refuse()
    await failureOf(session.done)
    expect((await failureOf(acceptPairing(phone, offer.url, phone.side))).name).to.equal('SpentCodeError')
  })

  it('is refused when it is past its time', async () => {
    const offer = await offerPairing(laptop, laptop.side)
    await world.clock.advance(10 * MINUTE)
    expect((await failureOf(acceptPairing(phone, offer.url, phone.side))).name).to.equal('ExpiredCardError')
    expect((await failureOf(offer.waiting)).name).to.equal('TimeoutError')
    expect(offer.expires).to.equal(T0 + 10 * MINUTE)
  })

  it('is taken back', async () => {
    const offer = await offerPairing(laptop, laptop.side)
    await offer.cancel()
    await offer.cancel()
    expect(await failureOf(offer.waiting)).to.include({ name: 'PairingRefusedError', by: 'us' })
    expect((await failureOf(acceptPairing(phone, offer.url, phone.side))).name).to.equal('SpentCodeError')
    const controller = new AbortController()
    const aborted = await offerPairing(laptop, laptop.side, { signal: controller.signal })
    const theirs = await acceptPairing(phone, aborted.url, phone.side)
    controller.abort()
    expect((await failureOf(theirs.done)).name).to.equal('PairingRefusedError')
  })

  it('brings no two new devices together, nor two existing ones, nor a device with itself', async () => {
    const offer = await offerPairing(phone, phone.side)
    expect((await failureOf(acceptPairing(other, offer.url, other.side))).name).to.equal('PairingMismatchError')
    expect((await failureOf(acceptPairing(phone, offer.url, laptop.side))).name).to.equal('PairingMismatchError')
    const shown = await offerPairing(laptop, laptop.side)
    expect((await failureOf(acceptPairing(laptop, shown.url, laptop.side))).name).to.equal('PairingMismatchError')
  })

  it('is worth nothing to whoever has another token', async () => {
    const offer = await offerPairing(laptop, laptop.side)
    const forged = await createPairingCode(laptop.keys, {
      side: 'existing', person: laptop.person.did, name: 'Laptop', platform: 'linux', addresses: laptop.network.addresses(), token: new Uint8Array(16), issued: T0, expires: offer.expires
    })
    expect((await failureOf(acceptPairing(phone, pairingUrl(forged), phone.side))).name).to.equal('SpentCodeError')
    const theirs = await acceptPairing(other, offer.url, other.side)
    expect(theirs.sas).to.deep.equal((await offer.waiting).sas)
  })

  it('cannot be dialled when its device is gone', async () => {
    const offer = await offerPairing(laptop, laptop.side)
    world.networks.cut(laptop.network.peerId, phone.network.peerId)
    expect((await failureOf(acceptPairing(phone, offer.url, phone.side))).name).to.equal('PeerUnreachableError')
  })
})
