import { expect } from 'chai'
import { fromString, toString } from 'uint8arrays'
import { RAW, cidOf, encodeCanonical, sha256 } from '../src/index.ts'
import { sha256 as sha256Browser } from '../src/sha256.browser.ts'

describe('SHA-256', () => {
  // NIST, Secure Hash Standard examples.
  const vectors = [
    ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad']
  ] as const
  for (const [text, digest] of vectors) {
    it(`of "${text}" is the published one, in Node and as browsers compute it`, () => {
      expect(toString(sha256(fromString(text)), 'base16')).to.equal(digest)
      expect(toString(sha256Browser(fromString(text)), 'base16')).to.equal(digest)
    })
  }
})

describe('the CID of a block', () => {
  it('is the one that the rest of IPFS computes', () => {
    expect(String(cidOf(encodeCanonical({ hello: 'world' })))).to.equal('bafyreidykglsfhoixmivffc5uwhcgshx4j465xwqntbmu43nb2dzqwfvae')
    expect(String(cidOf(fromString('hello world'), RAW))).to.equal('bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e')
  })
})
