import { compareBytes } from './compare-bytes.ts'
import { forEachPosting, termAt, type Segment } from './segment.ts'
import { createSegmentWriter } from './segment-writer.ts'

/** Terms between two stops. */
const STRIDE = 256

/**
 * Merges segments into one without the documents that are dead. A generator,
 * since it takes longer than anybody should wait: whoever runs it may do other
 * things at each stop. No text is split into words again.
 */
export function * mergeSegments (inputs: ReadonlyArray<{ segment: Segment, isDead(document: number): boolean }>): Generator<undefined, Uint8Array<ArrayBuffer>> {
  const writer = createSegmentWriter()
  const cursors = []
  for (const { segment, isDead } of inputs) {
    const places = new Int32Array(segment.size).fill(-1)
    for (let document = 0; document < segment.size; document++) {
      if (!isDead(document)) places[document] = writer.addDocument(rowOf(segment, document))
    }
    cursors.push({ segment, places, term: 0 })
    yield
  }
  for (let done = 1; ; done++) {
    let least: Uint8Array | undefined
    for (const { segment, term } of cursors) {
      if (term >= segment.termCount) continue
      const bytes = termAt(segment, term)
      if (least === undefined || compareBytes(bytes, least) < 0) least = bytes
    }
    if (least === undefined) return writer.finish()
    // In the order of the inputs, so that the documents' new numbers grow.
    for (const cursor of cursors) {
      const { segment, places, term } = cursor
      if (term >= segment.termCount || compareBytes(termAt(segment, term), least) !== 0) continue
      forEachPosting(segment, term, (document, field, count) => {
        const place = places[document] ?? -1
        if (place >= 0) writer.addPosting(place, field, count)
      })
      cursor.term++
    }
    writer.endTerm(least)
    if (done % STRIDE === 0) yield
  }
}

function rowOf (segment: Segment, document: number): Parameters<ReturnType<typeof createSegmentWriter>['addDocument']>[0] {
  return {
    time: segment.times[document] ?? 0,
    id: segment.ids[document] ?? 0,
    print: segment.prints[document] ?? 0,
    text: segment.texts[document] ?? 0,
    group: segment.groupNames[segment.groups[document] ?? 0] ?? '',
    author: segment.authorNames[segment.authors[document] ?? 0] ?? '',
    length: segment.lengths[document] ?? 0,
    kind: segment.kinds[document] ?? 0
  }
}
