import { expect } from 'chai'
import { MAX_DEVICES, MAX_IDS, createReplayWindow } from '../src/replay-window.ts'

describe('the replay window', () => {
  it('knows a signal again', () => {
    const window = createReplayWindow()
    expect([window.accept('a', '1', 1, 0), window.accept('a', '1', 1, 5), window.accept('b', '1', 1, 5)]).to.deep.equal(['new', 'duplicate', 'new'])
  })

  it('takes signals of one device in any order', () => {
    const window = createReplayWindow()
    expect([5, 3, 4, 1].map(seq => window.accept('a', `${seq}`, seq, 0))).to.deep.equal(['new', 'new', 'new', 'new'])
  })

  it('refuses what is older than the ids it had to forget', () => {
    const window = createReplayWindow()
    for (let seq = 10; seq < 10 + MAX_IDS + 1; seq++) expect(window.accept('a', `${seq}`, seq, 0)).to.equal('new')
    expect(window.accept('a', '10', 10, 1)).to.equal('replayed')
    expect(window.accept('a', 'other', 9, 1)).to.equal('replayed')
    expect(window.accept('a', 'later', 9_999, 1)).to.equal('new')
  })

  it('never obeys a signal twice, however many come in between', () => {
    const window = createReplayWindow()
    const obeyed = new Set<number>()
    for (let round = 0; round < 20_000; round++) {
      const seq = (round * 7919) % 2_000
      if (window.accept('a', `${seq}`, seq, round) !== 'new') continue
      expect(obeyed.has(seq)).to.equal(false)
      obeyed.add(seq)
    }
  })

  it('turns further devices away when it is full, until others have long been silent', () => {
    const window = createReplayWindow()
    for (let device = 0; device < MAX_DEVICES; device++) window.accept(`${device}`, '1', 1, 0)
    expect(window.accept('one more', '1', 1, 1)).to.equal('crowded')
    expect(window.accept('7', '2', 2, 600_000)).to.equal('new')
    expect(window.accept('one more', '1', 1, 600_001)).to.equal('new')
    expect(window.devices).to.equal(2)
  })
})
