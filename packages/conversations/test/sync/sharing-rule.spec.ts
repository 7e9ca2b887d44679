import { cidOf } from '@parley/core'
import { expect } from 'chai'
import { NOBODY_HERE, mayShare, type SharingVerdict } from '../../src/sync/sharing-rule.ts'

const [early, late] = [cidOf(Uint8Array.of(1)), cidOf(Uint8Array.of(2))]
const holders = { access: ['ann', 'ben'], former: [{ did: 'max', through: early }, { did: 'mia', through: late }] }

describe('what of a conversation goes between two sides', () => {
  const share = (own: string[], peer: string[], person?: string): SharingVerdict => mayShare({ device: 'device', persons: peer }, { person, serves: own }, holders)
  const cut = (through: typeof early, ...andBy: string[]): SharingVerdict => ({ ok: true, view: { through, andBy } })
  const cases: Array<[string, SharingVerdict, SharingVerdict]> = [
    ['both in: everything', share(['ann'], ['ben']), { ok: true }],
    ['the peer was in: to where they were put out', share(['ann'], ['max']), cut(early)],
    ['the peer stands for two who were: to the later', share(['ann'], ['max', 'mia']), cut(late)],
    ['the peer stands for one who is in as well: everything', share(['ann'], ['max', 'ben']), { ok: true }],
    ['we were in: to where we were put out, and our own words', share(['mia'], ['ann']), cut(late, 'mia')],
    ['both were: to the earlier, and no later words', share(['mia'], ['max']), cut(early)],
    ['the peer is a stranger: nothing', share(['ann'], ['eve']), { ok: false, reason: 'eve may not see this conversation' }],
    ['we answer for nobody of it: nothing', share(['eve'], ['ann']), { ok: false, reason: NOBODY_HERE }],
    ['a device of our person that is in: everything', share([], ['ann'], 'ann'), { ok: true }],
    ['a device of our person that was: as far as they may have', share([], ['max'], 'max'), cut(early)],
    ['a device of our person that we hold it for by chance: everything', share([], ['eve'], 'eve'), { ok: true }]
  ]
  for (const [what, verdict, expected] of cases) it(what, () => { expect(verdict).to.deep.equal(expected) })

  it('nothing to a device on no list', () => {
    expect(share(['ann'], []).ok).to.equal(false)
    expect(mayShare({ device: 'device', persons: ['eve'] }, { person: undefined, serves: [] }, undefined)).to.deep.equal({ ok: true })
  })
})
