import { createSeededRandom } from '@parley/core'
import { expect } from 'chai'
import { createAccessHistory } from '../../src/log/access-history.ts'
import { keyName } from '../../src/format/key-name.ts'
import { createLogIndex, type LogIndex } from '../../src/log/log-index.ts'
import { cutFrontier, frontierOf, rowsBeyond } from '../../src/log/log-stream.ts'
import type { FrontierEntry } from '../../src/types.ts'
import { cidOfHash } from '../../src/log/stored-action.ts'

const random = createSeededRandom(17)
const creator = random(32)

interface Counted { index: LogIndex, /** Questions about rows since it was asked last. */ asked(): number }

/** An index whose rows are counted when they are asked about. */
function counted (): Counted & ReturnType<typeof createLogIndex> {
  const index = createLogIndex({ v: 1, creator, time: 1, subject: random(32) })
  let count = 0
  const { rows } = index
  const tally = <A extends unknown[], R> (ask: (...args: A) => R) => (...args: A): R => {
    count++
    return ask(...args)
  }
  const seen = Object.assign(Object.create(rows) as typeof rows, { prev: tally(rows.prev), seq: tally(rows.seq), compare: tally(rows.compare), author: tally(rows.author) })
  const asked = (): number => {
    const was = count
    count = 0
    return was
  }
  return Object.assign({ ...index, rows: seen }, { index: { ...index, rows: seen }, asked })
}

/** Adds a chain of one author from a row on; returns its last row. */
function grow ({ rows, link }: ReturnType<typeof counted>, author: number, from: number, length: number): number {
  let row = from
  for (let step = 0; step < length; step++) {
    row = rows.add(random(32), { author, seq: row < 0 ? 0 : rows.seq(row) + 1, wallMs: rows.size, counter: 0, epoch: 0, access: 0, prev: row })
    link(row)
  }
  return row
}

describe('an author with thousands of branches', () => {
  const BRANCHES = 2000
  const DEPTH = 5

  function forked (): ReturnType<typeof counted> & { stem: number } {
    const log = counted()
    const author = log.addAuthor(random(32), random(32))
    const stem = grow(log, author, -1, 1000)
    for (let branch = 0; branch < BRANCHES; branch++) grow(log, author, stem, DEPTH)
    log.asked()
    return Object.assign(log, { stem })
  }

  it('has one entry a branch, and a frontier costs no question a pair of branches', () => {
    const log = forked()
    expect(frontierOf(log.index)).to.have.length(BRANCHES)
    expect(log.asked()).to.be.at.most(BRANCHES)
  })

  it('costs each row once where a frontier is cut in the middle of the branches, and before them', () => {
    const log = forked()
    const half = log.stem + BRANCHES * DEPTH / 2
    expect(frontierOf(log.index, row => row <= half)).to.have.length(BRANCHES / 2)
    expect(log.asked()).to.be.at.most(4 * log.rows.size)
    const deep = log.stem - 10
    expect(frontierOf(log.index, row => row <= deep).map(({ seq }) => seq)).to.deep.equal([deep])
    expect(log.asked()).to.be.at.most(4 * log.rows.size)
  })

  it('costs each row a few questions when a peer lies with a full frontier', () => {
    const log = forked()
    const [{ author } = { author: random(32) }] = frontierOf(log.index)
    const lies = Array.from({ length: 4096 }, (_none, seq): FrontierEntry => ({ author, seq: seq + 1_000_000, cid: cidOfHash(random(32)) }))
    log.asked()
    expect(rowsBeyond(log.index, lies)).to.have.length(log.rows.size)
    expect(log.asked()).to.be.at.most(4 * log.rows.size)
    expect(rowsBeyond(log.index, frontierOf(log.index))).to.have.length(0)
    expect(log.asked()).to.be.at.most(8 * log.rows.size)
  })

  it('takes no entry of a frontier from anybody else', () => {
    const log = forked()
    const others = Array.from({ length: 500 }, () => {
      const author = log.addAuthor(random(32), random(32))
      grow(log, author, -1, 2)
      return keyName(log.authors[author]?.key ?? new Uint8Array())
    })
    const cut = cutFrontier(frontierOf(log.index), 1024)
    expect(cut).to.have.length(1024)
    const named = new Set(cut.map(({ author }) => keyName(author)))
    expect(others.filter(name => !named.has(name))).to.deep.equal([])
    // What is not named comes again, of the one who forked and of nobody else.
    const again = new Set(rowsBeyond(log.index, cut).map(row => log.rows.author(row)))
    expect([...again]).to.deep.equal([0])
  })
})

describe('thousands of changes of who is in, made at once', () => {
  const CHANGES = 4000

  it('take a version each, and the newest none until somebody writes', () => {
    let compared = 0
    const names = Array.from({ length: CHANGES }, () => random(32))
    const history = createAccessHistory(keyName(creator), { compare (a, b) { compared++; return a - b }, personOf: () => keyName(creator) })
    for (const [row, person] of names.entries()) history.change(0, { row, by: keyName(creator), epoch: 0, change: { add: [{ person, permission: 'read', history: 'all' }], remove: [] } })
    // Version 0, and one after each change: no list of all of them for each.
    expect(history.versionCount).to.equal(CHANGES + 1)
    expect(history.slice(0, 0).versions.flat()).to.have.length(CHANGES)
    expect(compared).to.equal(0)
    expect(history.now().members.size).to.equal(CHANGES + 1)
    expect(history.versionCount).to.equal(CHANGES + 1)
    expect(compared).to.be.at.most(CHANGES * 13)
    const before = compared
    history.now()
    expect(compared).to.equal(before)
    expect(history.people(history.newest()).size).to.equal(CHANGES + 1)
    expect(history.versionCount).to.equal(CHANGES + 2)
  })

  it('are the same after a restart', () => {
    const make = () => createAccessHistory(keyName(creator), { compare: (a, b) => a - b, personOf: () => keyName(creator) })
    const [history, again] = [make(), make()]
    for (let row = 0; row < 300; row++) {
      const from = row % 50 === 49 ? history.newest() : history.join([row % 7, Math.floor(row / 3)])
      history.change(from, { row, by: keyName(creator), epoch: 0, change: { add: [{ person: random(32), permission: 'read', history: 'all' }], remove: [] } })
    }
    again.load(history.slice(0, 0))
    expect(again.slice(0, 0)).to.deep.equal(history.slice(0, 0))
    expect(again.now()).to.deep.equal(history.now())
    expect(again.newest()).to.equal(history.newest())
  })
})
