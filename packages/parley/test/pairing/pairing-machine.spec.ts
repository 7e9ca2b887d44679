import { sha256 } from '@parley/core'
import { createPairingCode, pairingCommitment } from '@parley/identity'
import { expect } from 'chai'
import fc from 'fast-check'
import { helloBodyCodec, pairingFrameCodec } from '../../src/pairing/frames.ts'
import { createSide, encodeHello, termsOf, type Side } from './machine-world.ts'
import { keysOf } from './support.ts'
import type { PairingTerms } from '../../src/pairing/pairing-machine.ts'

const WELCOME = pairingFrameCodec.encode({ v: 1, type: 'welcome', enc: new Uint8Array(32).fill(1), ct: new Uint8Array(100) })

/** What may happen between two machines; `at` picks one of what lies on the way. */
type Happening =
  | { type: 'deliver' | 'drop' | 'double' | 'replay', to: 0 | 1, at: number }
  | { type: 'attach' | 'detach' | 'clean-end' | 'confirm' | 'refuse' | 'expired' | 'farewell' | 'gone' | 'work', to: 0 | 1 }

const to = fc.constantFrom(0 as const, 1 as const)
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ type: fc.constantFrom('deliver' as const, 'deliver' as const, 'deliver' as const, 'drop' as const, 'double' as const, 'replay' as const), to, at: fc.nat(20) }) },
  { weight: 8, arbitrary: fc.record({ type: fc.constantFrom('attach' as const, 'confirm' as const, 'work' as const), to }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constantFrom('detach' as const, 'clean-end' as const, 'farewell' as const), to }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constantFrom('refuse' as const, 'expired' as const, 'gone' as const), to }) }
)

/** Two machines, and everything that is or ever was on its way to each. */
class Between {
  readonly sides: [Side, Side]
  readonly way: [Uint8Array[], Uint8Array[]] = [[], []]
  readonly history: [Uint8Array[], Uint8Array[]]
  readonly confirmed: [boolean, boolean] = [false, false]
  readonly issued: Uint8Array[] = []

  constructor (terms: [PairingTerms, PairingTerms], recorded: Uint8Array[]) {
    this.sides = [createSide(terms[0]), createSide(terms[1])]
    this.history = [[...recorded], [...recorded]]
  }

  post (from: 0 | 1, frames: Uint8Array[]): void {
    this.way[from === 0 ? 1 : 0].push(...frames)
    this.history[from === 0 ? 1 : 0].push(...frames)
  }

  happen (event: Happening): void {
    const side = this.sides[event.to]
    const way = this.way[event.to]
    const frame = 'at' in event && way.length > 0 ? way[event.at % way.length] : undefined
    switch (event.type) {
      case 'deliver':
        if (frame === undefined) return
        way.splice(way.indexOf(frame), 1)
        return this.post(event.to, side.takeBytes(frame))
      case 'drop': return void (frame === undefined ? undefined : way.splice(way.indexOf(frame), 1))
      case 'double': return void (frame === undefined ? undefined : way.push(frame))
      case 'replay': {
        const old = this.history[event.to][event.at % Math.max(1, this.history[event.to].length)]
        return old === undefined ? undefined : this.post(event.to, side.takeBytes(old))
      }
      case 'attach': return this.post(event.to, side.take({ type: 'attached' }))
      case 'detach': return this.post(event.to, side.take({ type: 'detached', isClean: false }))
      case 'clean-end': return this.post(event.to, side.take({ type: 'detached', isClean: true }))
      case 'confirm':
        if (side.state.phase !== 'meeting') this.confirmed[event.to] = true
        return this.post(event.to, side.take({ type: 'confirm' }))
      case 'refuse': return this.post(event.to, side.take({ type: 'refuse', reason: 'no' }))
      case 'work': return this.work(event.to)
      case 'expired':
      case 'farewell':
      case 'gone': return this.post(event.to, side.take({ type: event.type }))
    }
  }

  /** Does what the machine asked for. */
  work (to: 0 | 1): void {
    const side = this.sides[to]
    if (side.state.phase === 'issuing') {
      this.issued.push(WELCOME)
      this.post(to, side.take({ type: 'issued', welcome: WELCOME }))
    }
    if (side.state.phase === 'opening') this.post(to, side.take({ type: 'kept' }))
  }

  /** The same over streams that lose nothing, until nothing moves. */
  finish (): void {
    const dials = this.sides[0].terms.dials ? 0 : 1
    const shows = dials === 0 ? 1 : 0
    this.way[0].length = this.way[1].length = 0
    for (const index of [dials, shows] as const) this.sides[index].take({ type: 'detached', isClean: false })
    // The first frame of the dialling side is its hello, which the shell takes in.
    this.way[shows].push(...this.sides[dials].take({ type: 'attached' }).slice(1))
    this.post(shows, this.sides[shows].take({ type: 'attached' }))
    for (let turn = 0; turn < 50; turn++) {
      for (const index of [0, 1] as const) {
        const frame = this.way[index].shift()
        if (frame !== undefined) this.post(index, this.sides[index].takeBytes(frame))
        this.happen({ type: 'confirm', to: index })
        this.work(index)
      }
    }
    for (const side of this.sides) side.take({ type: 'detached', isClean: true })
  }

  check (): void {
    const [newSide, existing] = this.sides[0].terms.side === 'new' ? this.sides : [this.sides[1], this.sides[0]]
    const everybody = this.confirmed[0] && this.confirmed[1]
    for (const side of this.sides) {
      for (const once of ['compare', 'issue', 'open', 'done', 'failed'] as const) expect(side.count(once), once).to.be.at.most(1)
      expect(side.count('done') + side.count('failed'), 'ends').to.be.at.most(1)
    }
    if (existing.count('issue') > 0 || newSide.count('open') > 0) expect(everybody).to.equal(true)
    if (newSide.count('open') > 0) expect(this.issued).to.have.length(1)
    if (existing.count('done') > 0) expect(newSide.state.phase).to.be.oneOf(['leaving', 'done'])
    const transcripts = this.sides.flatMap(({ outputs }) => outputs.flatMap(output => output.type === 'open' || output.type === 'issue' ? [output.secrets.transcript] : []))
    for (const transcript of transcripts) expect(transcript).to.deep.equal(transcripts[0])
  }
}

describe('the two machines of a pairing', function () {
  this.timeout(60_000)
  let terms: Array<[PairingTerms, PairingTerms]>
  let recorded: Uint8Array[]

  before(async () => {
    const [shower, scanner] = [await keysOf(1), await keysOf(2)]
    terms = []
    for (const showsPerson of [true, false]) {
      const { shows, dials } = await termsOf(7, { shower, scanner, showsPerson, person: shower.did })
      terms.push([shows, dials])
    }
    // Frames of another pairing of the same two devices, for replays.
    const other = await termsOf(8, { shower, scanner, showsPerson: true, person: shower.did })
    const between = new Between([other.shows, other.dials], [])
    between.finish()
    recorded = [...between.history[0], ...between.history[1]].filter(bytes => pairingFrameCodec.decode(bytes).type !== 'hello')
    expect(between.sides.map(side => side.state.phase)).to.deep.equal(['done', 'done'])
  })

  it('never end with different data, nor store before both confirmed, whatever is lost, doubled, swapped or replayed', () => {
    fc.assert(fc.property(fc.nat(1), fc.boolean(), fc.array(happening, { maxLength: 80 }), (which, withOld, happenings) => {
      const between = new Between(terms[which] ?? [] as never, withOld ? recorded : [])
      for (const event of happenings) {
        between.happen(event)
        between.check()
      }
    }), { numRuns: 3000 })
  })

  it('both end well over a stream that loses nothing, whatever was lost before, unless one of them failed', () => {
    fc.assert(fc.property(fc.nat(1), fc.array(happening.filter(event => !['refuse', 'expired', 'gone', 'replay'].includes(event.type)), { maxLength: 60 }), (which, happenings) => {
      const between = new Between(terms[which] ?? [] as never, [])
      for (const event of happenings) between.happen(event)
      const over = between.sides.some(({ state }) => state.phase === 'failed' || state.phase === 'done')
      between.finish()
      between.check()
      if (!over) for (const side of between.sides) expect([side.state.phase, side.count('done')]).to.deep.equal(['done', 1])
    }), { numRuns: 1000 })
  })

  it('refuse a nonce that was not committed to', () => {
    const [shows] = terms[0] ?? [] as never
    const side = createSide(shows)
    side.take({ type: 'attached' })
    side.takeBytes(pairingFrameCodec.encode({ v: 1, type: 'reveal', nonce: new Uint8Array(32) }))
    expect(side.state).to.have.nested.property('error.name', 'PairingMismatchError')
  })

  it('refuse another nonce on the next stream', () => {
    const [, dials] = terms[0] ?? [] as never
    const side = createSide(dials)
    for (const byte of [1, 2]) {
      side.take({ type: 'attached' })
      side.takeBytes(pairingFrameCodec.encode({ v: 1, type: 'answer', nonce: new Uint8Array(32).fill(byte) }))
    }
    expect(side.state).to.have.nested.property('error.name', 'PairingMismatchError')
  })
})

describe('the existing device', () => {
  it('believes no receipt of something else than it sent', async () => {
    const { shows, dials } = await termsOf(7, { shower: await keysOf(1), scanner: await keysOf(2), showsPerson: true, person: (await keysOf(1)).did })
    const [existing, joining] = [createSide(shows), createSide(dials)]
    joining.take({ type: 'attached' })
    for (const answer of existing.take({ type: 'attached' })) for (const reveal of joining.takeBytes(answer)) existing.takeBytes(reveal)
    existing.take({ type: 'confirm' })
    for (const confirmation of joining.take({ type: 'confirm' })) existing.takeBytes(confirmation)
    existing.take({ type: 'issued', welcome: WELCOME })
    if (existing.state.phase !== 'delivering') throw new TypeError('it delivers')
    const { secrets } = existing.state
    existing.takeBytes(pairingFrameCodec.encode({ v: 1, type: 'done', mac: secrets.receipt(Uint8Array.of(1)) }))
    expect(existing.count('done')).to.equal(0)
    expect(existing.state).to.have.nested.property('error.name', 'PairingUnfinishedError')
    expect(existing.state).to.have.nested.property('error.cause.name', 'PairingMismatchError')
  })
})

describe('somebody between two devices, with keys of their own', () => {
  it('has different words on the two screens, in 1,000 pairings', async function () {
    this.timeout(60_000)
    const [laptop, phone, middle] = [await keysOf(1), await keysOf(2), await keysOf(3)]
    for (let seed = 0; seed < 1000; seed++) {
      const { code, shows } = await termsOf(seed, { shower: laptop, scanner: middle, showsPerson: true, person: laptop.did })
      // The phone scans a code that says the same, token and person too, of the one between.
      const { name, platform, addresses, token, issued, expires } = code
      const shownToPhone = await createPairingCode(middle, { side: 'existing', person: laptop.did, name, platform, addresses, token, issued, expires })
      const nonce = sha256(Uint8Array.of(seed & 255, seed >> 8))
      const commitment = pairingCommitment(nonce)
      const said = { v: 1 as const, type: 'hello' as const, name: 'Phone', platform: 'android', side: 'new' as const, roles: ['endpoint' as const], capabilities: [], commitment }
      const fromPhone = encodeHello({ ...said, code: sha256(shownToPhone.bytes), device: new Uint8Array(phone.signer.publicKey), sealing: new Uint8Array(phone.sealing.publicKey) }, shownToPhone)
      const fromMiddle = encodeHello({ ...said, code: sha256(code.bytes), device: new Uint8Array(middle.signer.publicKey), sealing: new Uint8Array(middle.sealing.publicKey) }, code)
      const onLaptop = createSide({ ...shows, hello: fromMiddle, commitment })
      const onPhone = createSide({ ...shows, side: 'new', dials: true, code: shownToPhone.bytes, hello: fromPhone, commitment, nonce, peer: middle.did })
      // Everything else is passed on as it is: the best that somebody between can do who may not choose.
      onPhone.take({ type: 'attached' })
      const [answer] = onLaptop.take({ type: 'attached' })
      const [reveal] = onPhone.takeBytes(answer ?? new Uint8Array(0))
      onLaptop.takeBytes(reveal ?? new Uint8Array(0))
      const [a, b] = [onLaptop, onPhone].map(({ outputs }) => outputs.find(output => output.type === 'compare'))
      expect(a?.sas.words.join(' ')).to.not.equal(b?.sas.words.join(' '))
      expect(a?.sas.digits).to.not.equal(b?.sas.digits)
      // And a confirmation passed on is worth nothing.
      onPhone.take({ type: 'confirm' })
      const [confirmation] = onLaptop.take({ type: 'confirm' })
      onPhone.takeBytes(confirmation ?? new Uint8Array(0))
      expect(onPhone.state).to.have.nested.property('error.name', 'PairingMismatchError')
    }
  })
})

describe('a hello', () => {
  it('is encoded without its proof in one way only', async () => {
    const { shows } = await termsOf(1, { shower: await keysOf(1), scanner: await keysOf(2), showsPerson: true, person: (await keysOf(1)).did })
    const frame = pairingFrameCodec.decode(shows.hello)
    if (frame.type !== 'hello') throw new TypeError('it begins with a hello')
    const { proof: _proof, ...body } = frame
    expect(helloBodyCodec.decode(helloBodyCodec.encode(body))).to.deep.equal(body)
  })
})
