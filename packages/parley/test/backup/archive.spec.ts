import { createSeededRandom } from '@parley/core'
import * as dagCbor from '@ipld/dag-cbor'
import { Decrypter } from 'age-encryption'
import { expect } from 'chai'
import fc from 'fast-check'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fromString, toString } from 'uint8arrays'
import { decryptAge } from '../../src/backup/age-stream.ts'
import { MAX_RECORD_BYTES, type ContentRecord } from '../../src/backup/archive-records.ts'
import { readArchive } from '../../src/backup/read-archive.ts'
import { writeArchive } from '../../src/backup/write-archive.ts'
import { RECORDS, archiveVectors, bytesOf, each } from './archive-vectors.ts'
import { mutate } from './mutate.ts'

const frozen = JSON.parse(readFileSync(new URL('../vectors/v1/backup.json', import.meta.url), 'utf8')) as Record<'header' | 'whole' | 'passphrase' | 'file', string>

async function recordsOf (bytes: Uint8Array, pieceBytes = 7): Promise<ContentRecord[]> {
  const pieces = function * (): Generator<Uint8Array> {
    for (let at = 0; at < bytes.byteLength; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes)
  }
  const records: ContentRecord[] = []
  for await (const record of readArchive(each(pieces()))) records.push(record)
  return records
}

async function errorName (work: Promise<unknown>): Promise<string> {
  return await work.then(() => 'nothing', (error: unknown) => (error as Error).name)
}

const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map(value => new Uint8Array(value))
const contents: fc.Arbitrary<ContentRecord[]> = fc.tuple(
  fc.array(fc.record({ type: fc.constant('key' as const), name: fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,9}$/), secret: bytes(64) }), { maxLength: 4 }),
  fc.array(fc.record({ type: fc.constant('entry' as const), key: fc.string({ unit: 'grapheme', maxLength: 20 }), value: bytes(300) }), { maxLength: 8 }),
  fc.array(fc.record({ type: fc.constant('block' as const), hash: bytes(40), bytes: bytes(300) }), { maxLength: 8 })
).map(([keys, entries, blocks]) => [RECORDS[0] as ContentRecord, ...keys, ...entries, ...blocks])

describe('an archive', () => {
  it('gives back what was written, however it is cut into pieces', async () => {
    await fc.assert(fc.asyncProperty(contents, fc.integer({ min: 1, max: 500 }), async (records, pieceBytes) => {
      expect(await recordsOf(await bytesOf(writeArchive(each(records))), pieceBytes)).to.deep.equal(records)
    }), { numRuns: 200 })
  })

  it('comes in pieces of 64 KiB whatever the records are', async () => {
    const large: ContentRecord[] = [RECORDS[0] as ContentRecord, ...Array.from({ length: 500 }, (_value, index) => ({ type: 'entry' as const, key: `/e/${index}`, value: new Uint8Array(index * 4) }))]
    const sizes: number[] = []
    for await (const piece of writeArchive(each(large))) sizes.push(piece.byteLength)
    expect(new Set(sizes.slice(0, -1))).to.deep.equal(new Set([64 * 1024]))
  })

  it('is refused when it is cut anywhere', async () => {
    const whole = await bytesOf(writeArchive(each(RECORDS)))
    for (let length = 0; length < whole.byteLength; length++) expect(await errorName(recordsOf(whole.subarray(0, length), 64))).to.equal('DamagedBackupError')
  })

  it('is refused whatever is altered: 10,000 times', async () => {
    const whole = await bytesOf(writeArchive(each(RECORDS)))
    const random = createSeededRandom(13)
    for (let count = 0; count < 10_000; count++) expect(await errorName(recordsOf(mutate(whole, random), 4096))).to.equal('DamagedBackupError')
  }).timeout(60_000)

  it('is refused when records are missing, doubled, or in another order, though each is whole', async () => {
    const frames = async (records: ContentRecord[]): Promise<Uint8Array> => await bytesOf(writeArchive(each(records)))
    const [header, key, entry, block] = RECORDS as [ContentRecord, ContentRecord, ContentRecord, ContentRecord]
    for (const records of [[], [key], [header, header], [header, entry, key], [header, block, entry], [key, header]]) {
      expect(await errorName(recordsOf(await frames(records))), JSON.stringify(records.map(({ type }) => type))).to.equal('DamagedBackupError')
    }
    // The end of another archive does not fit.
    const [whole, other] = [await frames(RECORDS), await frames([header, key])]
    const end = 4 + dagCbor.encode({ type: 'end', records: 4, sha256: new Uint8Array(32) }).byteLength
    expect(await errorName(recordsOf(Buffer.concat([whole.subarray(0, -end), other.subarray(-end)])))).to.equal('DamagedBackupError')
  })

  it('of which a record claims to be huge is refused before anything is read', async () => {
    const whole = await bytesOf(writeArchive(each(RECORDS)))
    const head = new Uint8Array(4)
    new DataView(head.buffer).setUint32(0, MAX_RECORD_BYTES + 1)
    expect(await errorName(recordsOf(Buffer.concat([whole.subarray(0, 16), head])))).to.equal('DamagedBackupError')
  })
})

describe('the frozen backup', () => {
  it('is what is still written', async () => {
    const { header, whole } = frozen
    expect(await archiveVectors()).to.deep.equal({ header, whole })
  })

  it('means the same to a generic reader', () => {
    const whole = fromString(frozen.whole, 'hex')
    expect(new TextDecoder().decode(whole.subarray(0, 16))).to.equal('parley-backup/1\n')
    const records: unknown[] = []
    let ends = 16
    let begins = 16
    while (ends < whole.byteLength) {
      const length = new DataView(whole.buffer, whole.byteOffset + ends).getUint32(0)
      begins = ends
      records.push(dagCbor.decode(whole.subarray(ends + 4, ends + 4 + length)))
      ends += 4 + length
    }
    const sha256 = new Uint8Array(createHash('sha256').update(whole.subarray(0, begins)).digest())
    expect(records).to.deep.equal([...RECORDS, { type: 'end', records: 4, sha256 }])
  })

  it('is opened by the age library as any age file is', async () => {
    const decrypter = new Decrypter()
    decrypter.addPassphrase(frozen.passphrase)
    expect(toString(await decrypter.decrypt(fromString(frozen.file, 'hex')), 'hex')).to.equal(frozen.whole)
  })

  it('still opens', async () => {
    const opened = await bytesOf(decryptAge(each([fromString(frozen.file, 'hex')]), { passphrase: frozen.passphrase }))
    expect(await recordsOf(opened)).to.deep.equal(RECORDS)
  })
})
