import { encode } from '@ipld/dag-cbor'
import type { Did } from '@parley/identity'
import { expect } from 'chai'
import { DEFINITIONS, decodeContent, encodeContent } from '../../src/actions/registry.ts'
import { arrange } from './arrange.ts'
import { createDids } from './paper-log.ts'
import { OWNERS, PERMISSIONS, SITUATIONS, TABLE, verdictOf } from './vocabulary.ts'

describe('the vocabulary', () => {
  let dids: Did[]

  before(async () => { dids = await createDids(4) })

  it('has every pair of verb and thing that there is, and no other', () => {
    const pairs = new Set(TABLE.map(({ kind }) => kind.replace(/(, release| \(.*\))$/, '')))
    expect([...pairs].sort()).to.deep.equal(DEFINITIONS.map(({ verb, thing }) => `${verb} ${thing}`).sort())
  })

  for (const row of TABLE) {
    it(`“${row.kind}” does what the table says, whoever does it, when, and to whose item`, () => {
      const wrong: string[] = []
      for (const standing of PERMISSIONS) {
        for (const situation of SITUATIONS) {
          for (const owner of OWNERS) {
            const { log, action } = arrange(dids, row, standing, situation, owner)
            const told = log.objection(action)?.name
            log.fold.draft()
            log.fold.takeConflicts()
            const entry = log.add({ ...action, content: decodeContent(encodeContent(action.content)) })
            log.fold.draft()
            const fold = entry.ignored !== undefined ? 'nothing' : log.fold.takeConflicts().length > 0 ? 'conflict' : 'effect'
            const expected = verdictOf(row, standing, situation, owner)
            if (fold !== expected.fold || told !== expected.append) wrong.push(`${standing}, ${situation}, ${owner}: ${fold} ${String(told)} (${entry.ignored ?? ''}), not ${expected.fold} ${String(expected.append)}`)
          }
        }
      }
      expect(wrong).to.deep.equal([])
    })
  }

  it('takes each content in one form only', () => {
    for (const row of TABLE) {
      const { action: { content } } = arrange(dids, row, 'full', 'open', 'own')
      expect(decodeContent(encodeContent(content)), row.kind).to.deep.equal(content)
      expect(() => decodeContent(encode({ v: 1, ...content, more: 1 })), row.kind).to.throw().with.property('name', 'InvalidBytesError')
    }
  })
})
