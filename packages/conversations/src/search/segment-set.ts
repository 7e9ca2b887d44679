import type { Change, Store } from '@parley/core'
import { breathe } from './breathe.ts'
import { buildSegment, type NumberedDocument } from './build-segment.ts'
import { chooseMerge } from './merge-policy.ts'
import { mergeSegments } from './merge-segments.ts'
import { decodeDocument, encodeDocument, manifestCodec, type Manifest, type SegmentEntry } from './records.ts'
import { ROOT, type SealedEntries } from './sealed-entries.ts'
import { createSegmentCache } from './segment-cache.ts'
import { openSegment, type Segment } from './segment.ts'
import type { Tokenise } from './tokens.ts'
import type { IndexDocument, SearchSize } from './types.ts'

/** Where a document of the index is. */
export interface Place {
  segment: number
  document: number
  print: number
  text: number
}

/** The index on the disk: changed by one at a time, searched by everybody. */
export interface SegmentSet {
  /** What a search looks at; a list that does not change. */
  readonly entries: readonly SegmentEntry[]
  /** Whether something did not open; then `clear` and begin anew. */
  readonly isDamaged: boolean
  /** Reads which segments there are; false where the index is damaged. */
  open(): Promise<boolean>
  /** Returns a segment; undefined where it was merged into another since, or is damaged. */
  load(number: number): Promise<Segment | undefined>
  /** Returns the own text of a document; undefined where it is gone. */
  text(number: number): Promise<IndexDocument | undefined>
  /** Returns where the documents of a group are, by their ids' numbers. */
  placesOf(group: string): Promise<Map<number, Place>>
  /** Adds and removes documents and writes `changes`, all or nothing. */
  apply(batch: { add: ReadonlyArray<Omit<NumberedDocument, 'text'>>, drop: readonly Place[], changes: Change[] }, options?: { durable?: boolean }): Promise<void>
  /** Merges what should be merged now; true while there is more. */
  mergeSome(signal: AbortSignal, force?: ReadonlySet<number>): Promise<boolean>
  /** Removes all segments and texts, and writes `changes`. */
  clear(changes: Change[]): Promise<void>
  size(): SearchSize
}

const MANIFEST = `${ROOT}manifest`
const SEGMENTS = `${ROOT}segments/`
const TEXTS = `${ROOT}texts/`
const pathOf = (folder: string, number: number): string => folder + String(number).padStart(10, '0')

export function createSegmentSet ({ store, entries: sealed, tokenise }: { store: Store, entries: SealedEntries, tokenise: Tokenise }, { maxMemoryBytes }: { maxMemoryBytes: number }): SegmentSet {
  const cache = createSegmentCache(maxMemoryBytes)
  let manifest: Manifest = { v: 1, nextSegment: 0, nextText: 0, segments: [] }
  let isDamaged = false

  const load = async (number: number): Promise<Segment | undefined> => {
    const known = cache.get(number)
    if (known !== undefined) return known
    const segment = await sealed.get(pathOf(SEGMENTS, number), openSegment)
    // What a search still looks for may have been merged while it did.
    if (!manifest.segments.some(entry => entry.number === number)) return undefined
    if (segment === undefined || segment === 'damaged') {
      isDamaged = true
      return undefined
    }
    cache.add(number, segment)
    return segment
  }
  const commit = async (next: Manifest, changes: Change[], { durable = false }: { durable?: boolean } = {}): Promise<void> => {
    await store.commit([...changes, sealed.put(MANIFEST, manifestCodec.encode(next))], { durable })
    const kept = new Set(next.segments.map(({ number }) => number))
    for (const { number } of manifest.segments) {
      if (!kept.has(number)) cache.delete(number)
    }
    manifest = next
  }
  /** Returns the entry and the change for a new segment. */
  const written = (number: number, bytes: Uint8Array): { entry: SegmentEntry, change: Change, segment: Segment } => {
    const segment = openSegment(bytes)
    return {
      entry: { number, size: segment.size, tokens: segment.tokens, sizeBytes: bytes.length, deadCount: 0, dead: null },
      change: sealed.put(pathOf(SEGMENTS, number), bytes),
      segment
    }
  }
  const replace = async (inputs: readonly SegmentEntry[], signal: AbortSignal): Promise<void> => {
    const loaded = []
    for (const entry of inputs) {
      const segment = await load(entry.number)
      if (segment === undefined) return
      loaded.push({ segment, isDead: (document: number) => isDead(entry, document) })
    }
    const steps = mergeSegments(loaded)
    let step = steps.next()
    while (step.done !== true) {
      await breathe()
      signal.throwIfAborted()
      step = steps.next()
    }
    const { entry, change, segment } = written(manifest.nextSegment, step.value)
    const others = manifest.segments.filter(other => !inputs.includes(other))
    const deletions = inputs.map(({ number }): Change => ({ type: 'delete', key: pathOf(SEGMENTS, number) }))
    const isEmpty = entry.size === 0
    await commit({ ...manifest, nextSegment: manifest.nextSegment + 1, segments: isEmpty ? others : [...others, entry] }, isEmpty ? deletions : [...deletions, change])
    if (!isEmpty) cache.add(entry.number, segment)
  }
  return {
    get entries () { return manifest.segments },
    get isDamaged () { return isDamaged },
    load,
    async open () {
      const found = await sealed.get(MANIFEST, bytes => manifestCodec.decode(bytes))
      if (found === 'damaged') isDamaged = true
      else if (found !== undefined) manifest = found
      return !isDamaged
    },
    async text (number) {
      const document = await sealed.get(pathOf(TEXTS, number), decodeDocument)
      if (document === 'damaged') isDamaged = true
      return document === 'damaged' ? undefined : document
    },
    async placesOf (group) {
      const places = new Map<number, Place>()
      for (const entry of manifest.segments) {
        const segment = await load(entry.number)
        const number = segment?.groupNames.indexOf(group) ?? -1
        if (segment === undefined || number < 0) continue
        for (let document = segment.groups.indexOf(number); document >= 0; document = segment.groups.indexOf(number, document + 1)) {
          if (isDead(entry, document)) continue
          places.set(segment.ids[document] ?? 0, { segment: entry.number, document, print: segment.prints[document] ?? 0, text: segment.texts[document] ?? 0 })
        }
      }
      return places
    },
    async apply ({ add, drop, changes }, options) {
      const { nextText, nextSegment } = manifest
      const numbered = add.map((one, index) => ({ ...one, text: nextText + index }))
      const texts = [
        ...numbered.map(({ document, text }) => sealed.put(pathOf(TEXTS, text), encodeDocument(document))),
        ...drop.map(({ text }): Change => ({ type: 'delete', key: pathOf(TEXTS, text) }))
      ]
      const segments = withDead(manifest.segments, drop)
      const gone = segments.filter(({ size, deadCount }) => size === deadCount)
      const deletions = gone.map(({ number }): Change => ({ type: 'delete', key: pathOf(SEGMENTS, number) }))
      const live = segments.filter(entry => !gone.includes(entry))
      if (add.length === 0) {
        await commit({ ...manifest, segments: live }, [...texts, ...deletions, ...changes], options)
        return
      }
      const { entry, change, segment } = written(nextSegment, buildSegment(numbered, tokenise))
      await commit({ v: 1, nextSegment: nextSegment + 1, nextText: nextText + add.length, segments: [...live, entry] }, [...texts, ...deletions, change, ...changes], options)
      cache.add(entry.number, segment)
    },
    async mergeSome (signal, force) {
      const forced = manifest.segments.find(({ number, deadCount }) => force?.has(number) === true && deadCount > 0)
      const chosen = forced === undefined ? chooseMerge(manifest.segments) : [forced]
      if (chosen.length === 0) return false
      await replace(chosen, signal)
      return !isDamaged
    },
    async clear (changes) {
      const all = [...await sealed.removeAll(SEGMENTS), ...await sealed.removeAll(TEXTS)]
      // Numbers are not given out again: a search that is under way must not find another text under one of its own.
      await store.commit([...all, ...changes, sealed.put(MANIFEST, manifestCodec.encode({ ...manifest, segments: [] }))])
      manifest = { ...manifest, segments: [] }
      cache.clear()
      isDamaged = false
    },
    size: () => ({
      documents: manifest.segments.reduce((sum, { size, deadCount }) => sum + size - deadCount, 0),
      segments: manifest.segments.length,
      sizeBytes: manifest.segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      memoryBytes: cache.sizeBytes
    })
  }
}

export function isDead ({ dead }: SegmentEntry, document: number): boolean {
  return dead !== null && ((dead[document >> 3] ?? 0) & (1 << (document & 7))) !== 0
}

/** Returns the entries with more documents dead; those that changed are new objects. */
function withDead (entries: readonly SegmentEntry[], drop: readonly Place[]): SegmentEntry[] {
  const bySegment = Map.groupBy(drop, ({ segment }) => segment)
  return entries.map(entry => {
    const places = bySegment.get(entry.number)
    if (places === undefined) return entry
    const dead = entry.dead?.slice() ?? new Uint8Array(Math.ceil(entry.size / 8))
    for (const { document } of places) dead[document >> 3] = (dead[document >> 3] ?? 0) | 1 << (document & 7)
    return { ...entry, dead, deadCount: entry.deadCount + places.length }
  })
}
