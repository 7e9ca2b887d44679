import { decode } from '@ipld/dag-cbor'
import { createSeededRandom } from '@parley/core'
import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { DEFINITIONS, decodeContent, encodeContent, isOfLaterVersion } from '../../src/actions/registry.ts'

const { contents } = JSON.parse(readFileSync(new URL('../vectors/v1/contents.json', import.meta.url), 'utf8')) as { contents: Array<{ name: string, content: string }> }
const unhex = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text, 'hex'))

describe('the frozen contents of version 1', () => {
  it('are of every verb and thing', () => {
    const kinds = contents.map(({ content }) => decodeContent(unhex(content))).map(({ verb, thing }) => `${verb} ${thing}`)
    expect([...new Set(kinds)].sort()).to.deep.equal(DEFINITIONS.map(({ verb, thing }) => `${verb} ${thing}`).sort())
  })

  for (const { name, content } of contents) {
    it(`fix “${name}”, for every reader of DAG-CBOR`, () => {
      const bytes = unhex(content)
      const read = decodeContent(bytes)
      expect(Buffer.from(encodeContent(read)).toString('hex')).to.equal(content)
      expect(decode(bytes)).to.deep.equal({ v: 1, ...read })
    })
  }

  it('are refused by name with any byte altered, or are another content', () => {
    const random = createSeededRandom(51)
    const number = (below: number): number => new DataView(random(4).buffer).getUint32(0) % below
    for (let round = 0; round < 10_000; round++) {
      const bytes = unhex(contents[round % contents.length]?.content ?? '')
      const at = number(bytes.length)
      bytes[at] = (bytes[at] ?? 0) ^ (1 + number(255))
      try {
        expect(Buffer.from(encodeContent(decodeContent(bytes)))).to.deep.equal(Buffer.from(bytes))
      } catch (error) {
        expect((error as Error).name).to.be.oneOf(['InvalidBytesError', 'OversizedBytesError'])
        isOfLaterVersion(bytes)
      }
    }
  })
})
