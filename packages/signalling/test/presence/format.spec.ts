import { readFile } from 'node:fs/promises'
import * as dagCbor from '@ipld/dag-cbor'
import { createSeededRandom, type Codec } from '@parley/core'
import { createSigner, verifySigned } from '@parley/identity'
import { expect } from 'chai'
import { fromString, toString } from 'uint8arrays'
import { CHAIN_LENGTH, createBeatChain, followsLink, previousLink } from '../../src/presence/beat-chain.ts'
import { MAX_PRESENCE_FRAME_BYTES, boardCodec, diallerCodec } from '../../src/presence/presence-frames.ts'
import { MAX_STATEMENT_BYTES, isDeclarable, readStatement, signStatement, statementCodec } from '../../src/presence/statement.ts'
import { mutate } from '../mutate.ts'

const read = async (name: string): Promise<never> => JSON.parse(await readFile(new URL(`../vectors/v1/${name}`, import.meta.url), 'utf8')) as never
const bytes = (hex: string): Uint8Array<ArrayBuffer> => new Uint8Array(fromString(hex, 'hex'))
interface Statements { deviceSeed: string, personDid: string, statements: Array<{ availability: string, body: string, block: string }> }
interface Frames { dialler: string[], board: string[] }

describe('the formats of presence, version 1', function () {
  this.timeout(60_000)

  it('has statements that decode, verify, and encode to the same bytes', async () => {
    const { deviceSeed, statements } = await read('presence-statements.json') as Statements
    const device = await createSigner(bytes(deviceSeed))
    for (const { availability, body, block } of statements) {
      const { statement, verify } = readStatement(bytes(block))
      await verify()
      expect(statement.availability).to.equal(availability)
      expect(toString(statementCodec.encode(statement), 'hex')).to.equal(body)
      expect(toString(await signStatement(device, statement), 'hex')).to.equal(block)
      expect(toString(await verifySigned('presence statement', 'presence', device.publicKey, bytes(block)), 'hex')).to.equal(body)
    }
  })

  it('has frames that decode, and encode to the same bytes', async () => {
    const { dialler, board } = await read('presence-frames.json') as Frames
    expect(new Set(dialler.map(hex => diallerCodec.decode(bytes(hex))[1]))).to.deep.equal(new Set([0, 1, 2, 3]))
    expect(new Set(board.map(hex => boardCodec.decode(bytes(hex))[1]))).to.deep.equal(new Set([0, 4, 5]))
    for (const hex of dialler) expect(toString(diallerCodec.encode(diallerCodec.decode(bytes(hex))), 'hex')).to.equal(hex)
    for (const hex of board) expect(toString(boardCodec.encode(boardCodec.decode(bytes(hex))), 'hex')).to.equal(hex)
  })

  it('reads for any DAG-CBOR decoder as it reads for us', async () => {
    const { statements } = await read('presence-statements.json') as Statements
    const { dialler, board } = await read('presence-frames.json') as Frames
    for (const { body, block } of statements) {
      expect(dagCbor.decode(bytes(body))).to.deep.equal(statementCodec.decode(bytes(body)))
      expect(dagCbor.decode<[unknown, Uint8Array]>(bytes(block))[0]).to.deep.equal(readStatement(bytes(block)).statement)
    }
    for (const hex of dialler) expect(dagCbor.decode(bytes(hex))).to.deep.equal(diallerCodec.decode(bytes(hex)))
    for (const hex of board) expect(dagCbor.decode(bytes(hex))).to.deep.equal(boardCodec.decode(bytes(hex)))
  })

  it('has a chain each of whose links is the hash of the next', async () => {
    const { links } = await read('presence-chain.json') as { links: string[] }
    expect(links).to.have.length(CHAIN_LENGTH + 1)
    for (const [n, link] of links.slice(1).entries()) expect(toString(previousLink(bytes(link)), 'hex')).to.equal(links[n])
  })

  it('takes a link for the beat it is of, and for no other', () => {
    const chain = createBeatChain({ random: createSeededRandom(2) })
    expect(followsLink(chain.link(5), 5, { n: 0, link: chain.anchor })).to.equal(true)
    expect(followsLink(chain.link(5), 5, { n: 3, link: chain.link(3) })).to.equal(true)
    for (const n of [0, 4, 6, CHAIN_LENGTH + 1, 1e9]) expect(followsLink(chain.link(5), n, { n: 0, link: chain.anchor })).to.equal(false)
    expect(followsLink(chain.link(3), 3, { n: 5, link: chain.link(5) })).to.equal(false)
  })

  it('declares one printable line', () => {
    expect(isDeclarable('Out of office — back on Monday')).to.equal(true)
    for (const text of ['', 'two\nlines', 'x'.repeat(141), '\u202eback', '\ud800', 7]) expect(isDeclarable(text)).to.equal(false)
  })

  it('has a limit that the largest of everything stays below', async () => {
    const device = await createSigner(bytes('02'.repeat(32)))
    const { statements } = await read('presence-statements.json') as Statements
    const body = statementCodec.decode(bytes(statements[0]?.body ?? ''))
    const most = Number.MAX_SAFE_INTEGER
    const block = await signStatement(device, { ...body, session: most, seq: most, at: most, sentAt: most, platform: 'headless', availability: 'can-ring', declared: '€'.repeat(140) })
    expect(block.byteLength).to.be.below(MAX_STATEMENT_BYTES)
    const link = new Uint8Array(16)
    const states = boardCodec.encode([1, 4, Array.from({ length: 56 }, () => [0xffff_ffff, new Uint8Array(MAX_STATEMENT_BYTES), 60, link]), Array.from({ length: 1_024 }, () => 0xffff_ffff)])
    expect(states.byteLength).to.be.at.most(MAX_PRESENCE_FRAME_BYTES)
    expect(boardCodec.encode([1, 5, Array.from({ length: 1_024 }, () => [0xffff_ffff, 60, link])]).byteLength).to.be.below(MAX_PRESENCE_FRAME_BYTES)
    expect(diallerCodec.encode([1, 1, Array.from({ length: 256 }, () => new Uint8Array(32)), Array.from({ length: 256 }, () => new Uint8Array(32))]).byteLength).to.be.below(MAX_PRESENCE_FRAME_BYTES)
  })

  it('refuses by name whatever 10,000 mutations make of each format', async () => {
    const random = createSeededRandom(5)
    const { statements } = await read('presence-statements.json') as Statements
    const { dialler, board } = await read('presence-frames.json') as Frames
    const names = new Set<string>()
    // What still decodes after a mutation is another valid value, and has its one form.
    const stays = <T>(codec: Codec<T>, mutated: Uint8Array): void => {
      try {
        expect(codec.encode(codec.decode(mutated))).to.deep.equal(mutated)
      } catch (error) {
        names.add((error as Error).name)
      }
    }
    for (let turn = 0; turn < 10_000; turn++) {
      stays(diallerCodec, mutate(bytes(dialler[turn % dialler.length] ?? ''), random))
      stays(boardCodec, mutate(bytes(board[turn % board.length] ?? ''), random))
      try {
        const { verify } = readStatement(mutate(bytes(statements[turn % statements.length]?.block ?? ''), random))
        // Refusing a signature costs a millisecond, so a part of them is enough.
        if (turn % 25 === 0) {
          await verify()
          expect.fail('a mutated statement was taken')
        }
      } catch (error) {
        names.add((error as Error).name)
      }
    }
    expect([...names].toSorted()).to.deep.equal(['InvalidBytesError', 'InvalidSignatureError'])
  })
})
