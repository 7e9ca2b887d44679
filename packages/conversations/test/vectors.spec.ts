import * as dagCbor from '@ipld/dag-cbor'
import { cidOf, sha256 } from '@parley/core'
import { createSigner, decryptContent, verifySignature } from '@parley/identity'
import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { decodeContent, encodeContent } from '../src/actions/registry.ts'
import { decodeBasics, encodeBasics, hashSubject } from '../src/format/basics.ts'
import { HISTORIES, PERMISSIONS } from '../src/format/access-change.ts'
import { parseAction } from '../src/format/parse-action.ts'
import { sealingContext } from '../src/format/sealing-context.ts'
import { referenceCodec } from './format/reference-codec.ts'

interface Vectors {
  basics: { creator: string, time: number, salt: string, subject: string, block: string, cid: string }
  deviceSeed: string
  epochKey: string
  actions: Array<{ name: string, content: string, context: string, block: string, cid: string }>
}

const unhex = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text, 'hex'))

describe('the frozen vectors of version 1', () => {
  const { basics, deviceSeed, epochKey, actions } = JSON.parse(readFileSync(new URL('vectors/v1/actions.json', import.meta.url), 'utf8')) as Vectors

  it('fix the basics and the conversation’s id', () => {
    const subject = hashSubject(unhex(basics.salt), basics.subject)
    const { bytes, cid } = encodeBasics({ v: 1, creator: unhex(basics.creator), time: basics.time, subject })
    expect(Buffer.from(bytes).toString('hex')).to.equal(basics.block)
    expect(cid.toString()).to.equal(basics.cid)
    expect(decodeBasics(unhex(basics.block))).to.deep.equal({ v: 1, creator: unhex(basics.creator), time: basics.time, subject })
  })

  for (const vector of actions) {
    it(`fix the action “${vector.name}”`, async () => {
      const block = unhex(vector.block)
      const action = parseAction(block)
      const author = block.slice(action.authorAt, action.authorAt + 32)
      expect(author).to.deep.equal(new Uint8Array((await createSigner(unhex(deviceSeed))).publicKey))
      expect(cidOf(block).toString()).to.equal(vector.cid)
      expect(() => referenceCodec.decode(block)).not.to.throw()
      expect(await verifySignature(author, 'action', block.subarray(1, -66), block.subarray(-64))).to.equal(true)
      const conversation = block.slice(action.conversationAt, action.conversationAt + 32)
      expect(conversation).to.deep.equal(sha256(unhex(basics.block)))
      const context = sealingContext(conversation, author, action.seq)
      expect(Buffer.from(context).toString('hex')).to.equal(vector.context)
      const content = decryptContent(unhex(epochKey), action.sealed, context)
      expect(Buffer.from(content).toString('hex')).to.equal(vector.content)
      expect(encodeContent(decodeContent(content))).to.deep.equal(content)
      expect(vector.name).to.equal(`${decodeContent(content).verb} ${decodeContent(content).thing}`)
    })
  }

  it('say in clear who may do what, as a generic reader finds it too', () => {
    const said = actions.flatMap(({ block }) => {
      const { access } = parseAction(unhex(block))
      const [plain] = dagCbor.decode<[{ access?: { add: Array<Record<string, unknown>>, remove: Uint8Array[] } }]>(unhex(block))
      expect(plain.access?.remove).to.deep.equal(access?.remove.map(person => person.slice()))
      expect(plain.access?.add).to.deep.equal(access?.add.map(({ person, permission, history }) => ({ person: person.slice(), history: HISTORIES.indexOf(history), permission: PERMISSIONS.indexOf(permission) })))
      return access === undefined ? [] : [...access.add.map(({ permission, history }) => `${permission} ${history}`), ...access.remove.map(() => 'out')]
    })
    expect(said).to.deep.equal(['write all', 'out', 'full all', 'comment from-now'])
  })

  it('have a copy of keys for a one-time key beside one for a long-term key', () => {
    const last = actions.find(({ block }) => parseAction(unhex(block)).keys?.length === 2)
    const { keys = [] } = parseAction(unhex(last?.block ?? ''))
    expect(keys.map(({ prekey }) => prekey?.length).sort()).to.deep.equal([8, undefined])
    const [{ keys: plain }] = dagCbor.decode<[{ keys: Array<Record<string, Uint8Array>> }]>(unhex(last?.block ?? ''))
    expect(plain.map(copy => Object.keys(copy))).to.have.deep.members([['ct', 'enc', 'device'], ['ct', 'enc', 'device', 'prekey']])
    expect(keys.map(({ prekey }) => prekey?.slice())).to.deep.equal(plain.map(({ prekey }) => prekey))
  })
})
