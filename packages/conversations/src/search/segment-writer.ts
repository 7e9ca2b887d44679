import { encodeCanonical } from '@parley/core'
import { HEADER_WORDS, MAGIC, layoutOf } from './segment.ts'

/** What a segment keeps of a document besides its words. */
export interface DocumentRow {
  time: number
  id: number
  print: number
  text: number
  group: string
  author: string
  length: number
  kind: number
}

/** Writes a segment: all documents first, then the terms in the order of their bytes. */
export interface SegmentWriter {
  readonly size: number
  /** Returns the document's number. */
  addDocument(row: DocumentRow): number
  /** Says that a document has the term that the next `endTerm` names; documents in order. */
  addPosting(document: number, field: number, count: number): void
  /** Ends a term; without postings it is left out. */
  endTerm(term: Uint8Array): void
  finish(): Uint8Array<ArrayBuffer>
}

export function createSegmentWriter (): SegmentWriter {
  const rows: Array<Omit<DocumentRow, 'group' | 'author'> & { group: number, author: number }> = []
  const groups = createNames()
  const authors = createNames()
  const terms = createGrowing()
  const postings = createGrowing()
  const termOffsets: number[] = []
  const postingOffsets: number[] = [0]
  const frequencies: number[] = []
  let last = 0
  let frequency = 0
  return {
    get size () { return rows.length },
    addDocument: row => rows.push({ ...row, group: groups.numberOf(row.group), author: authors.numberOf(row.author) }) - 1,
    addPosting (document, field, count) {
      postings.addNumber((document - last) * 16 + field * 4 + Math.min(count, 4) - 1)
      last = document
      frequency++
    },
    endTerm (term) {
      if (frequency === 0) return
      termOffsets.push(terms.length)
      terms.add(term)
      postingOffsets.push(postings.length)
      frequencies.push(frequency)
      last = 0
      frequency = 0
    },
    finish () {
      const names = encodeCanonical([groups.list, authors.list])
      const size = rows.length
      const termCount = termOffsets.length
      const at = layoutOf({ size, termCount, namesBytes: names.length, termsBytes: terms.length, postingsBytes: postings.length })
      const bytes = new Uint8Array(at.end)
      const { buffer } = bytes
      const tokens = rows.reduce((sum, { length }) => sum + length, 0)
      new Uint32Array(buffer, 0, HEADER_WORDS).set([MAGIC, size, termCount, tokens, names.length, terms.length, postings.length, 0])
      new Float64Array(buffer, at.times, size).set(rows.map(({ time }) => time))
      new Float64Array(buffer, at.ids, size).set(rows.map(({ id }) => id))
      new Float64Array(buffer, at.prints, size).set(rows.map(({ print }) => print))
      new Uint32Array(buffer, at.texts, size).set(rows.map(({ text }) => text))
      new Uint32Array(buffer, at.groups, size).set(rows.map(({ group }) => group))
      new Uint32Array(buffer, at.authors, size).set(rows.map(({ author }) => author))
      new Uint32Array(buffer, at.termOffsets, termCount + 1).set([...termOffsets, terms.length])
      new Uint32Array(buffer, at.postingOffsets, termCount + 1).set(postingOffsets)
      new Uint32Array(buffer, at.frequencies, termCount).set(frequencies)
      new Uint16Array(buffer, at.lengths, size).set(rows.map(({ length }) => Math.min(length, 0xffff)))
      bytes.set(rows.map(({ kind }) => kind), at.kinds)
      bytes.set(names, at.names)
      bytes.set(terms.bytes(), at.terms)
      bytes.set(postings.bytes(), at.postings)
      return bytes
    }
  }
}

function createNames (): { readonly list: string[], numberOf(name: string): number } {
  const list: string[] = []
  const numbers = new Map<string, number>()
  return {
    list,
    numberOf (name) {
      const known = numbers.get(name)
      if (known !== undefined) return known
      numbers.set(name, list.length)
      return list.push(name) - 1
    }
  }
}

/** A buffer that doubles when it is full. */
function createGrowing (): { readonly length: number, add(bytes: Uint8Array): void, addNumber(value: number): void, bytes(): Uint8Array } {
  let buffer = new Uint8Array(4096)
  let length = 0
  const reserve = (more: number): void => {
    if (length + more <= buffer.length) return
    const larger = new Uint8Array(Math.max(buffer.length * 2, length + more))
    larger.set(buffer)
    buffer = larger
  }
  return {
    get length () { return length },
    add (bytes) {
      reserve(bytes.length)
      buffer.set(bytes, length)
      length += bytes.length
    },
    addNumber (value) {
      reserve(8)
      let rest = value
      while (rest >= 0x80) {
        buffer[length++] = (rest % 0x80) | 0x80
        rest = Math.floor(rest / 0x80)
      }
      buffer[length++] = rest
    },
    bytes: () => buffer.subarray(0, length)
  }
}
