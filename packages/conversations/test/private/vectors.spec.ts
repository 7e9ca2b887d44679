import { decode, encode } from '@ipld/dag-cbor'
import { createSeededRandom } from '@parley/core'
import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { createDraftFold } from '../../src/drafts/draft-records.ts'
import { textCodec } from '../../src/drafts/message-drafts.ts'
import { createMarksFold } from '../../src/private/mark-records.ts'
import { draft, marks, sampleRecords, text, type SampleRecord } from './sample-records.ts'

const { records } = JSON.parse(readFileSync(new URL('../vectors/v1/private.json', import.meta.url), 'utf8')) as { records: SampleRecord[] }
const unhex = (value: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(value, 'hex'))
const MUTATIONS = 10_000
/** Kinds of record that share them. */
const SHARED = 4
const fail = (_name: string, error: Error): never => { throw error }

/** Reads a record as whoever it is for does. */
function read ({ collection, key }: SampleRecord, value: Uint8Array, onBad: (name: string, error: Error) => void): void {
  if (collection === 'marks') createMarksFold(onBad).add(key, value)
  else if (collection === 'drafts') createDraftFold(draft.id, onBad).add(key.slice(draft.id.length + 1), value)
  else {
    try {
      textCodec.decode(value)
    } catch (error) {
      onBad(key, error as Error)
    }
  }
}

describe('the frozen vectors of private records', () => {
  it('are what is written today', () => {
    expect(sampleRecords()).to.deep.equal(records)
  })

  it('are read as what they were made of', () => {
    const fold = createMarksFold(fail)
    const drafts = createDraftFold(draft.id, fail)
    for (const { collection, key, value } of records) {
      if (collection === 'marks' && !key.startsWith('default/')) fold.add(key, unhex(value))
      if (collection === 'drafts') drafts.add(key.slice(draft.id.length + 1), unhex(value))
      if (collection === 'texts') expect(textCodec.decode(unhex(value))).to.deep.equal({ v: 1, ...text })
    }
    expect(fold.marks()).to.deep.equal({ ...marks, labels: ['work', 'ünï/code'] })
    expect(drafts.draft()).to.deep.equal(draft)
  })

  it('are canonical DAG-CBOR to any reader', () => {
    for (const { value } of records) expect(Buffer.from(encode(decode(unhex(value)))).toString('hex')).to.equal(value)
  })

  for (const record of records) {
    it(`may be altered anywhere: ${record.collection} ${record.key.replace(/^[a-z0-9]{32,}\/?/, '')}`, function () {
      this.timeout(60_000)
      const random = createSeededRandom(11)
      for (let turn = 0; turn < MUTATIONS / (record.collection === 'texts' ? 1 : SHARED); turn++) {
        const bytes = unhex(record.value)
        const [count = 0, cut = 0] = random(2)
        for (let change = 0; change <= count % 3; change++) {
          const [at = 0, high = 0, value = 0] = random(3)
          bytes[(at + high * 256) % bytes.length] = value
        }
        read(record, cut % 8 === 0 ? bytes.subarray(0, cut % bytes.length) : bytes, (_name, error) => {
          expect(['InvalidBytesError', 'OversizedBytesError']).to.include(error.name)
        })
      }
    })
  }
})
