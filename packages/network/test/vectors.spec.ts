import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { fromString } from 'uint8arrays'
import { createRecordParser } from '../src/streams/frame-records.ts'
import { blockCases, encodeFrameCase, frameCases } from './vector-cases.ts'

const read = (name: string): Record<string, string> => JSON.parse(readFileSync(new URL(`vectors/v1/${name}.json`, import.meta.url), 'utf8')) as Record<string, string>

describe('the frozen vectors of version 1', () => {
  for (const [name, hex] of Object.entries(read('frames'))) {
    it(`have ${name}`, () => {
      const record = frameCases[name]
      if (record === undefined) expect.fail(`there is no case for ${name}`)
      expect(encodeFrameCase(record)).to.deep.equal(fromString(hex, 'hex'))
      expect([...createRecordParser({ maxFrameBytes: 1000 }).push(fromString(hex, 'hex'))]).to.deep.equal([record])
    })
  }
  for (const [name, hex] of Object.entries(read('block-messages'))) {
    it(`have ${name}`, () => { expect(blockCases[name]?.()).to.deep.equal(fromString(hex, 'hex')) })
  }
})
