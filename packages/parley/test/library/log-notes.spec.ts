import { cidOf, type Store } from '@parley/core'
import { createMemoryStore } from '@parley/network'
import { expect } from 'chai'
import fc from 'fast-check'
import { createLogNotes } from '../../src/library/log-notes.ts'

const LOG = cidOf(Uint8Array.of(1))

/** A store whose commits take as many turns as they are told to. */
function slow (inner: Store, turns: readonly number[]): Store {
  let next = 0
  return {
    ...inner,
    async commit (changes, options) {
      for (let left = turns[next++ % turns.length] ?? 0; left > 0; left--) await Promise.resolve()
      await inner.commit(changes, options)
    }
  }
}

describe('a note about a log', () => {
  const grow = async (store: Store, row: number): Promise<void> => {
    await store.commit([{ type: 'put', key: `/conversations/pages/${LOG.toString()}/${String(row).padStart(8, '0')}`, value: Uint8Array.of(row) }])
  }

  it('is there until its log grows, over restarts too', async () => {
    const inner = createMemoryStore()
    const notes = createLogNotes(inner)
    await notes.put(LOG, notes.generation(LOG), Uint8Array.of(7))
    const next = createLogNotes(inner)
    expect(await next.get(LOG)).to.deep.equal(Uint8Array.of(7))
    await grow(next.store, 0)
    expect(await next.get(LOG)).to.equal(undefined)
  })

  it('never says of a log what it was before it grew, however writing and growing overlap', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.boolean(), { minLength: 2, maxLength: 12 }), fc.array(fc.nat(6), { minLength: 1, maxLength: 6 }), fc.nat(6), async (steps, turns, gap) => {
      const inner = createMemoryStore()
      const notes = createLogNotes(slow(inner, turns))
      let rows = 0
      const work: Array<Promise<void>> = []
      for (const isGrowth of steps) {
        if (isGrowth) {
          const row = rows
          work.push(grow(notes.store, row).then(() => { rows = Math.max(rows, row + 1) }))
        } else {
          // As a reader does: the number first, then what it is about.
          const generation = notes.generation(LOG)
          let seen = 0
          for await (const _page of inner.entries('/conversations/pages/')) seen++
          work.push(notes.put(LOG, generation, Uint8Array.of(seen)))
        }
        for (let left = gap; left > 0; left--) await Promise.resolve()
      }
      await Promise.all(work)
      let pages = 0
      for await (const _page of inner.entries('/conversations/pages/')) pages++
      const note = await notes.get(LOG)
      expect(note?.[0] ?? pages).to.equal(pages)
    }), { numRuns: 2000 })
  })
})
