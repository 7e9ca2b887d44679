import * as dagCbor from '@ipld/dag-cbor'
import { CID, decodeCanonical } from '@parley/core'
import { createMemoryStore } from '@parley/network'
import { expect } from 'chai'
import fc from 'fast-check'
import { exporter } from 'ipfs-unixfs-exporter'
import { readFile } from 'node:fs/promises'
import { fromString, toString } from 'uint8arrays'
import { fileSchema, openSealed } from '../../src/files/index.ts'
import { createBringerState, stepBringer } from '../../src/files/bringer-machine.ts'
import { dagOf } from '../../src/files/dag-shape.ts'
import { beginWalk } from '../../src/files/dag-walk.ts'
import { fileFrameCodec } from '../../src/files/frames.ts'
import { createTakerState, stepTaker, type TakerInput } from '../../src/files/taker-machine.ts'
import { FIELD_BYTES, FIELDS, fileFrames, frozenContent, frozenFile } from './sample-files.ts'
import { gather, mutate } from './samples.ts'

interface Vectors {
  key: string
  files: Array<{ sizeBytes: number, sha256: string, root: string, blocks: string[], smallBlocks: Record<string, string> }>
  fields: string
  frames: Array<{ name: string, hex: string }>
}

const vectors = JSON.parse(await readFile(new URL('../vectors/v1/files.json', import.meta.url), 'utf8')) as Vectors
const key = fromString(vectors.key, 'hex')

describe('files of version 1', () => {
  for (const { sizeBytes, sha256, root, blocks, smallBlocks } of vectors.files) {
    it(`of ${sizeBytes} bytes have the blocks that they were frozen with, and open by a generic reader`, async () => {
      const ours = await frozenFile(sizeBytes)
      expect(toString(ours.sha256, 'hex')).to.equal(sha256)
      expect(ours.root.toString()).to.equal(root)
      expect(ours.blocks.map(({ cid }) => cid.toString())).to.deep.equal(blocks)
      for (const { cid, bytes } of ours.blocks) {
        const frozen = smallBlocks[cid.toString()]
        if (frozen !== undefined) expect(toString(bytes, 'hex')).to.equal(frozen)
      }
      const store = createMemoryStore()
      await store.commit(ours.blocks.map(({ cid, bytes }) => ({ type: 'block', cid, bytes })))
      const entry = await exporter(CID.parse(root), store.blockstore)
      if (entry.type !== 'file' && entry.type !== 'raw') throw new Error('no file')
      expect(await gather(openSealed(entry.content(), key))).to.deep.equal(frozenContent(sizeBytes))
    })
  }

  it('have the fields that they were frozen with, also by a generic reader', () => {
    expect(toString(FIELD_BYTES, 'hex')).to.equal(vectors.fields)
    const bytes = fromString(vectors.fields, 'hex')
    expect(fileSchema.parse(decodeCanonical('file', bytes, 65_536))).to.deep.equal(dagCbor.decode(bytes)).and.deep.equal(FIELDS)
  })

  it('have fields that are refused by name or mean another file after 10,000 mutations', () => {
    let refused = 0
    mutate(fromString(vectors.fields, 'hex'), 10_000, 3, altered => {
      try {
        const value = decodeCanonical('file', altered, 65_536)
        if (!fileSchema.safeParse(value).success) refused++
      } catch (error) {
        expect(['InvalidBytesError', 'OversizedBytesError']).to.include((error as Error).name)
        refused++
      }
    })
    expect(refused).to.be.greaterThan(2_000)
  }).timeout(30_000)
})

describe('frames of /parley/file/1, version 1', () => {
  it('are the bytes they were frozen as, also by a generic reader', () => {
    expect(vectors.frames.map(({ name }) => name)).to.have.members(Object.keys(fileFrames))
    for (const { name, hex } of vectors.frames) {
      const sample = fileFrames[name]
      if (sample === undefined) throw new Error(name)
      expect(toString(fileFrameCodec.encode(sample), 'hex'), name).to.equal(hex)
      expect(fileFrameCodec.decode(fromString(hex, 'hex')), name).to.deep.equal(dagCbor.decode(fromString(hex, 'hex')))
    }
  })

  it('are refused by name with a field more, a field less or another version', () => {
    for (const [name, sample] of Object.entries(fileFrames)) {
      const { v: _, ...without } = sample
      for (const wrong of [{ ...sample, more: 1 }, without, { ...sample, v: 2 }, { ...sample, type: 'unheard-of' }]) {
        expect(() => fileFrameCodec.encode(wrong as never), name).to.throw().with.property('name', 'InvalidBytesError')
      }
    }
  })

  it('are refused by name or are other frames after 10,000 mutations, and never crash', () => {
    let refused = 0
    for (const [index, { hex }] of vectors.frames.entries()) {
      mutate(fromString(hex, 'hex'), 2_000, index, altered => {
        try {
          fileFrameCodec.decode(altered)
        } catch (error) {
          expect(['InvalidBytesError', 'OversizedBytesError']).to.include((error as Error).name)
          refused++
        }
      })
    }
    expect(refused).to.be.greaterThan(1_000)
  }).timeout(30_000)
})

describe('the machines of /parley/file/1, fed any frame at any time', () => {
  const sizeBytes = 600_000

  it('never throw, never count past the file, and say nothing once they ended', async () => {
    const { root, blocks } = await frozenFile(sizeBytes)
    const shape = dagOf(sizeBytes)
    const admitted: TakerInput = { type: 'admitted', walk: beginWalk(shape, root), have: 0 }
    const frames = [...Object.values(fileFrames), ...blocks.map(({ bytes }) => ({ v: 1, type: 'block', bytes: new Uint8Array(bytes) } as const))]
    const inputs: TakerInput[] = [...frames.map(frame => ({ type: 'frame', frame } as const)), { type: 'written' }, { type: 'closed' }]
    fc.assert(fc.property(fc.array(fc.constantFrom(...inputs), { maxLength: 12 }), fc.boolean(), (list, isAdmitted) => {
      let state = createTakerState()
      let isOver = false
      for (const input of isAdmitted ? [{ type: 'frame', frame: fileFrames['offer'] } as TakerInput, admitted, ...list] : list) {
        if (input.type === 'written' && state.writing === 0) continue
        const { state: next, outputs } = stepTaker(state, input)
        if (isOver) expect(outputs).to.deep.equal([])
        isOver = next.phase === 'ended'
        state = next
        expect(state.have + state.writing + state.pending.length).to.be.at.most(shape.blocks)
      }
    }), { numRuns: 1_000 })
    fc.assert(fc.property(fc.array(fc.constantFrom(...frames), { maxLength: 12 }), list => {
      let state = createBringerState(shape.blocks)
      state = stepBringer(state, { type: 'start', offer: fileFrames['offer'] as never }).state
      for (const frame of list) state = stepBringer(state, { type: 'frame', frame }).state
      expect(state.acknowledged).to.be.at.most(state.sent).and.at.most(shape.blocks)
    }), { numRuns: 1_000 })
  }).timeout(30_000)
})
