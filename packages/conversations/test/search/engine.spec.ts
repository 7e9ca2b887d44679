import { expect } from 'chai'
import fc from 'fast-check'
import { InvalidBytesError } from '@parley/core'
import { buildSegment, type NumberedDocument } from '../../src/search/build-segment.ts'
import { codePoints, createDistanceTable, editDistance } from '../../src/search/edit-distance.ts'
import { findNear, findPrefix, findTerm } from '../../src/search/find-terms.ts'
import { chooseMerge, MAX_SEGMENT_DOCUMENTS } from '../../src/search/merge-policy.ts'
import { mergeSegments } from '../../src/search/merge-segments.ts'
import { createRanking } from '../../src/search/ranking.ts'
import { createSegmentCache } from '../../src/search/segment-cache.ts'
import { forEachPosting, openSegment, termAt, type Segment } from '../../src/search/segment.ts'
import { createTokenise, normalise } from '../../src/search/tokens.ts'

const tokenise = createTokenise()
const decoder = new TextDecoder()
const words = fc.array(fc.oneof(fc.stringMatching(/^[abé]{1,5}$/), fc.constantFrom('日本', 'наш', '𝒳𝒴', '👍')), { maxLength: 12 })

function numbered (texts: readonly string[], from = 0): NumberedDocument[] {
  return texts.map((text, index) => ({ id: from + index, print: from + index, text: from + index, document: { id: `m${from + index}`, group: `g${index % 3}`, kind: 'message', author: `a${index % 2}`, time: index, fields: [{ field: 'text', text }] } }))
}

const segmentOf = (texts: readonly string[], from?: number): Segment => openSegment(buildSegment(numbered(texts, from), tokenise))

/** Returns everything that a segment says, in a form to compare. */
function contentOf (segment: Segment): { documents: unknown[], terms: Record<string, string[]> } {
  const documents = Array.from(segment.texts, (text, at) => ({ text, id: segment.ids[at], print: segment.prints[at], time: segment.times[at], length: segment.lengths[at], kind: segment.kinds[at], group: segment.groupNames[segment.groups[at] ?? -1], author: segment.authorNames[segment.authors[at] ?? -1] }))
  const terms: Record<string, string[]> = {}
  for (let term = 0; term < segment.termCount; term++) {
    const list: string[] = []
    forEachPosting(segment, term, (document, field, count) => { list.push(`${segment.texts[document]}:${field}:${count}`) })
    expect(list).to.have.length(segment.frequencies[term] ?? -1)
    terms[decoder.decode(termAt(segment, term))] = list
  }
  return { documents, terms }
}

describe('words of a text', () => {
  it('stand where they say', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), text => {
      let last = 0
      for (const { term, from, to } of tokenise(text)) {
        expect(from).to.be.at.least(last)
        expect(to).to.be.greaterThan(from)
        expect(normalise(text.slice(from, to)).startsWith(term)).to.equal(true)
        last = to
      }
    }))
  })

  it('are the same however often they are normalised', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), text => {
      for (const { term } of tokenise(text)) expect(normalise(term)).to.equal(term)
    }))
  })

  it('are cut when they are endless, and never in a character', () => {
    const [token] = tokenise('𝒳'.repeat(100))
    expect(token?.term.length).to.be.at.most(64)
    expect(token?.term.isWellFormed()).to.equal(true)
  })
})

describe('typing errors between two words', () => {
  /** The textbook's table, whole. */
  const slow = (a: number[], b: number[]): number => {
    const rows = Array.from({ length: a.length + 1 }, (_r, row) => Array.from({ length: b.length + 1 }, (_c, column) => row === 0 ? column : row))
    const at = (row: number, column: number): number => rows[row]?.[column] ?? 0
    for (let row = 1; row <= a.length; row++) {
      for (let column = 1; column <= b.length; column++) {
        let cost = Math.min(at(row - 1, column) + 1, at(row, column - 1) + 1, at(row - 1, column - 1) + (a[row - 1] === b[column - 1] ? 0 : 1))
        if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) cost = Math.min(cost, at(row - 2, column - 2) + 1)
        const line = rows[row]
        if (line !== undefined) line[column] = cost
      }
    }
    return at(a.length, b.length)
  }

  it('are counted as the whole table counts them', () => {
    fc.assert(fc.property(fc.stringMatching(/^[abc]{0,8}$/), fc.stringMatching(/^[abc]{0,8}$/), (a, b) => {
      expect(editDistance(a, b)).to.equal(slow(codePoints(a), codePoints(b)))
    }))
  })

  it('are never fewer than what the beginning of a word promised', () => {
    fc.assert(fc.property(fc.stringMatching(/^[abc]{1,7}$/), fc.stringMatching(/^[abc]{1,7}$/), (a, b) => {
      const table = createDistanceTable(codePoints(a), b.length)
      const promised = codePoints(b).map((letter, place) => table.set(place, letter))
      for (const least of promised.slice(0, -1)) expect(table.distance(b.length)).to.be.at.least(least)
    }))
  })
})

describe('a segment', () => {
  it('finds terms, beginnings and near words as a scan of its terms does', () => {
    fc.assert(fc.property(fc.array(words, { minLength: 1, maxLength: 8 }), fc.stringMatching(/^[abé]{1,5}$/), (texts, word) => {
      const segment = segmentOf(texts.map(list => list.join(' ')))
      const terms = Array.from({ length: segment.termCount }, (_none, term) => decoder.decode(termAt(segment, term)))
      const sought = normalise(word)
      const bytes = new TextEncoder().encode(sought)
      expect(findTerm(segment, bytes)).to.equal(terms.indexOf(sought))
      const { from, to } = findPrefix(segment, bytes)
      expect(terms.slice(from, to)).to.have.members(terms.filter(term => term.startsWith(sought)))
      for (const max of [1, 2]) {
        const near = findNear(segment, sought, max).map(({ term, distance }) => `${terms[term]} ${distance}`)
        expect(near).to.have.members(terms.filter(term => editDistance(sought, term) <= max).map(term => `${term} ${editDistance(sought, term)}`))
      }
    }))
  })

  it('is the same merged as built in one go, without what is dead', () => {
    fc.assert(fc.property(fc.array(fc.array(words, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 4 }), fc.func(fc.boolean()), (parts, dies) => {
      const texts = parts.map(part => part.map(list => list.join(' ')))
      const starts = texts.map((_part, index) => texts.slice(0, index).flat().length)
      const inputs = texts.map((part, index) => ({ segment: segmentOf(part, starts[index]), isDead: (document: number) => dies((starts[index] ?? 0) + document) }))
      const steps = mergeSegments(inputs)
      let step = steps.next()
      while (step.done !== true) step = steps.next()
      const live = texts.flatMap((part, index) => numbered(part, starts[index])).filter(({ text }) => !dies(text))
      expect(contentOf(openSegment(step.value))).to.deep.equal(contentOf(openSegment(buildSegment(live, tokenise))))
    }))
  })

  it('opens from bytes that stand anywhere, and not from others', () => {
    const bytes = buildSegment(numbered(['one two', 'two three']), tokenise)
    const moved = new Uint8Array(bytes.length + 3)
    moved.set(bytes, 3)
    expect(contentOf(openSegment(moved.subarray(3)))).to.deep.equal(contentOf(openSegment(bytes)))
    for (const bad of [bytes.subarray(0, 20), bytes.subarray(0, -1), new Uint8Array(200)]) expect(() => openSegment(bad)).to.throw(InvalidBytesError)
  })
})

describe('which segments are merged', () => {
  it('keeps few of them, writes each document few times, and none too large', () => {
    let segments: Array<{ size: number, deadCount: number }> = []
    let written = 0
    const total = 200_000
    for (let added = 0; added < total; added += 500) {
      segments.push({ size: 500, deadCount: 0 })
      for (let chosen = chooseMerge(segments); chosen.length > 0; chosen = chooseMerge(segments)) {
        const size = chosen.reduce((sum, one) => sum + one.size, 0)
        expect(size).to.be.at.most(MAX_SEGMENT_DOCUMENTS)
        written += size
        segments = [...segments.filter(one => !chosen.includes(one)), { size, deadCount: 0 }]
      }
    }
    expect(segments.length).to.be.lessThan(40)
    expect(written / total).to.be.lessThan(6)
  })

  it('writes anew what is mostly dead', () => {
    const wasteful = { size: 100, deadCount: 30 }
    expect(chooseMerge([{ size: 100, deadCount: 2 }, wasteful])).to.deep.equal([wasteful])
  })
})

describe('a ranking', () => {
  it('gives the best first, and of equals the newest', () => {
    fc.assert(fc.property(fc.array(fc.record({ score: fc.integer({ min: 0, max: 5 }), time: fc.nat(5) })), list => {
      const ranking = createRanking()
      const hits = list.map((hit, text) => ({ ...hit, text }))
      for (const hit of hits) ranking.add(hit)
      const got = []
      for (let hit = ranking.next(); hit !== undefined; hit = ranking.next()) got.push(hit)
      expect(got).to.deep.equal(hits.sort((a, b) => b.score - a.score || b.time - a.time || b.text - a.text))
    }))
  })
})

describe('segments in memory', () => {
  it('are those used last, and never more bytes than allowed unless one is larger', () => {
    const segment = segmentOf(['one'])
    const cache = createSegmentCache(segment.sizeBytes * 2)
    for (const number of [1, 2]) cache.add(number, segment)
    cache.get(1)
    cache.add(3, segment)
    expect([1, 2, 3].map(number => cache.get(number) !== undefined)).to.deep.equal([true, false, true])
    expect(cache.sizeBytes).to.equal(segment.sizeBytes * 2)
  })
})
