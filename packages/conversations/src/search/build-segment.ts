import { compareBytes } from './compare-bytes.ts'
import { FIELDS, KINDS } from './segment.ts'
import { createSegmentWriter } from './segment-writer.ts'
import type { Tokenise } from './tokens.ts'
import type { IndexDocument } from './types.ts'

/** A document, and the numbers that stand for it in a segment. */
export interface NumberedDocument {
  document: IndexDocument
  id: number
  print: number
  text: number
}

/** Builds a segment over documents; some hundreds at a time, since it does so in one go. */
export function buildSegment (documents: readonly NumberedDocument[], tokenise: Tokenise): Uint8Array<ArrayBuffer> {
  const writer = createSegmentWriter()
  const postings = new Map<string, number[]>()
  for (const { document, id, print, text } of documents) {
    const words = wordsOf(document, tokenise)
    const number = writer.addDocument({ time: document.time, id, print, text, group: document.group, author: document.author ?? '', length: words.length, kind: KINDS.indexOf(document.kind) })
    for (const [term, { field, count }] of words.terms) {
      const list = postings.get(term)
      if (list === undefined) postings.set(term, [number, field, count])
      else list.push(number, field, count)
    }
  }
  const encoder = new TextEncoder()
  const terms = [...postings].map(([term, list]) => ({ bytes: encoder.encode(term), list }))
  for (const { bytes, list } of terms.sort((a, b) => compareBytes(a.bytes, b.bytes))) {
    for (let at = 0; at < list.length; at += 3) writer.addPosting(list[at] ?? 0, list[at + 1] ?? 0, list[at + 2] ?? 0)
    writer.endTerm(bytes)
  }
  return writer.finish()
}

/** Counts the words of a document; one that is in several fields counts for the first, which weighs most. */
function wordsOf ({ fields }: IndexDocument, tokenise: Tokenise): { length: number, terms: Map<string, { field: number, count: number }> } {
  const terms = new Map<string, { field: number, count: number }>()
  let length = 0
  for (const { field, text } of fields) {
    const number = FIELDS.indexOf(field)
    for (const { term } of tokenise(text)) {
      length++
      const known = terms.get(term)
      if (known === undefined) terms.set(term, { field: number, count: 1 })
      else {
        known.count++
        known.field = Math.min(known.field, number)
      }
    }
  }
  return { length, terms }
}
