import MiniSearch from 'minisearch'
import { playRole } from '../harness/role.ts'
import { createTexts } from './texts.ts'

const OPTIONS = { fields: ['body'] }
let index: MiniSearch<{ id: number, body: string }> | undefined

export const role = {
  /** Indexes the same messages; returns how long that took, and the memory that the index takes. */
  begins ({ seed, count }: { seed: number, count: number }): { tookMs: number, heapBytes: number } {
    const texts = createTexts(seed)
    const documents = Array.from({ length: count }, (_none, id) => ({ id, body: texts.message() }))
    globalThis.gc?.()
    const before = process.memoryUsage()
    const startedMs = performance.now()
    index = new MiniSearch(OPTIONS)
    index.addAll(documents)
    const tookMs = performance.now() - startedMs
    globalThis.gc?.()
    const after = process.memoryUsage()
    return { tookMs, heapBytes: after.heapUsed + after.external - before.heapUsed - before.external }
  },
  /** Returns how many bytes its snapshot has, and how long it takes to begin again with it: reading and opening are not counted. */
  snapshots (query: string): { sizeBytes: number, loadMs: number } {
    const json = JSON.stringify(index)
    const startedMs = performance.now()
    MiniSearch.loadJSON(json, OPTIONS).search(query)
    return { sizeBytes: json.length, loadMs: performance.now() - startedMs }
  },
  /** Returns how long each query takes. Its hits come all at once. */
  answers (queries: string[]): number[] {
    return queries.map(query => {
      const startedMs = performance.now()
      index?.search(query, { combineWith: 'AND', prefix: (_term, at, terms) => at === terms.length - 1, fuzzy: term => term.length < 4 ? 0 : term.length < 8 ? 1 : 2 })
      return performance.now() - startedMs
    })
  }
}

if (process.send !== undefined) playRole(role)
