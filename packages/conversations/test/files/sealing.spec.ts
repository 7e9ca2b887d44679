import { expect } from 'chai'
import fc from 'fast-check'
import { openSealed, sealFile } from '../../src/files/index.ts'
import { CHUNK_BYTES, LEAF_BYTES } from '../../src/files/limits.ts'
import { contentOf, failureOf, gather, inPieces, KEY, listOf, mutate } from './samples.ts'
import { openChunk, sealChunk } from '../../src/files/chunk-cipher.ts'

async function sealed (content: Uint8Array): Promise<Uint8Array[]> {
  return (await listOf(sealFile(inPieces(content), KEY))).map(chunk => chunk.sealed)
}

describe('a sealed file', function () {
  this.timeout(20_000)

  for (const sizeBytes of [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES]) {
    it(`of ${sizeBytes} bytes opens to the same`, async () => {
      const content = contentOf(sizeBytes)
      const chunks = await sealed(content)
      expect(chunks).to.have.length(Math.max(1, Math.ceil(sizeBytes / CHUNK_BYTES)))
      expect(await gather(openSealed(chunks, KEY))).to.deep.equal(content)
    })
  }

  it('is the same however its source is cut', async () => {
    const content = contentOf(2 * CHUNK_BYTES + 77)
    const once = Buffer.concat(await sealed(content))
    await fc.assert(fc.asyncProperty(fc.integer({ min: 1000, max: 700_000 }), async pieceBytes => {
      const chunks = await listOf(sealFile(inPieces(content, pieceBytes), KEY))
      expect(Buffer.concat(chunks.map(chunk => chunk.sealed)).equals(once)).to.equal(true)
      expect((await gather(openSealed(inPieces(once, pieceBytes), KEY))).byteLength).to.equal(content.byteLength)
    }), { numRuns: 20 })
  })

  it('is refused by name when it is cut off at a chunk or within one', async () => {
    const chunks = await sealed(contentOf(2 * CHUNK_BYTES + 500))
    expect(await failureOf(openSealed(chunks.slice(0, 2), KEY))).to.include({ name: 'DamagedFileError', reason: 'truncated' })
    expect(await failureOf(openSealed([], KEY))).to.include({ name: 'DamagedFileError', reason: 'truncated' })
    const within = Buffer.concat(chunks).subarray(0, LEAF_BYTES + 1000)
    expect(await failureOf(openSealed([within], KEY))).to.include({ name: 'DamagedFileError', reason: 'altered' })
  })

  it('is refused by name when something follows it', async () => {
    const chunks = await sealed(contentOf(2 * CHUNK_BYTES))
    expect(await failureOf(openSealed([...chunks, new Uint8Array(40)], KEY))).to.include({ name: 'DamagedFileError', reason: 'extended' })
  })

  it('is refused by name when chunks change places, are repeated or are of another file', async () => {
    const [a = KEY, b = KEY, c = KEY] = await sealed(contentOf(3 * CHUNK_BYTES))
    const [other = KEY] = (await listOf(sealFile([contentOf(3 * CHUNK_BYTES)], new Uint8Array(32)))).map(chunk => chunk.sealed)
    for (const order of [[b, a, c], [a, a, c], [a, c, b], [other, b, c]]) {
      expect(await failureOf(openSealed(order, KEY))).to.include({ name: 'DamagedFileError', reason: 'altered' })
    }
  })

  it('is refused by name after each of 10,000 mutations', () => {
    const place = { index: 3, last: true }
    mutate(sealChunk(KEY, place, contentOf(400)), 10_000, 5, altered => {
      expect(() => openChunk(KEY, place, altered)).to.throw().with.property('name', 'DamagedFileError')
    })
  }).timeout(30_000)
})
