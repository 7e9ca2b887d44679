import { createMemoryStore } from '@parley/network'
import { expect } from 'chai'
import fc from 'fast-check'
import { createTokenise } from '../../src/search/tokens.ts'
import { ALICE, BOB, NOW, createLibrary, hitsOf, idOf, openSearch, type FakeConversation, type Library } from './support.ts'

const tokenise = createTokenise()
const WORDS = ['apple', 'Äpfel', 'pear', 'PEAR', 'cherry', '桃', 'plum']
const text = fc.array(fc.constantFrom(...WORDS), { minLength: 1, maxLength: 5 }).map(words => words.join(' '))

type Step =
  | { kind: 'create', subject: string }
  | { kind: 'say', conversation: number, body: string }
  | { kind: 'edit' | 'late', conversation: number, message: number, body: string }
  | { kind: 'delete' | 'recover', conversation: number, message: number }
  | { kind: 'purge', conversation: number }
  | { kind: 'catch-up' | 'restart' }

const conversation = fc.nat(1)
const message = fc.nat(2)
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('create' as const), subject: text }),
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('say' as const), conversation, body: text }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('edit' as const, 'late' as const), conversation, message, body: text }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('delete' as const, 'recover' as const), conversation, message }) },
  fc.record({ kind: fc.constant('purge' as const), conversation }),
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('catch-up' as const, 'restart' as const) }) }
)

/** Looks through everything that is said, as slowly as may be. */
function scan ({ all }: Library, words: readonly string[]): string[] {
  const has = (body: string): boolean => {
    const terms = new Set(tokenise(body).map(({ term }) => term))
    return words.every(word => terms.has(word))
  }
  return [...all.values()].flatMap(({ id, state: { subject, messages } }) => [
    ...has(subject ?? '') ? [`${id.toString()} -`] : [],
    ...messages.filter(({ body, deleted }) => deleted === undefined && has(body ?? '')).map(one => `${id.toString()} ${one.id}`)
  ]).sort()
}

describe('what a search finds', () => {
  it('is what a scan of everything finds, whatever happened and whenever the process ended', async () => {
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40, size: 'max' }), async steps => {
      const library = createLibrary()
      const store = createMemoryStore()
      let { search } = await openSearch(library, { store, init: { maxMemoryBytes: 4096 } })
      let next = 1000
      const pick = (number: number): FakeConversation | undefined => [...library.all.values()][number]
      const change = (number: number, at: number, changed: Record<string, unknown>): void => {
        const found = pick(number)
        const old = found?.state.messages[at]
        if (found !== undefined && old !== undefined) library.change(found, ({ messages }) => { messages[at] = { ...old, ...changed } })
      }
      for (const one of steps) {
        switch (one.kind) {
          case 'create':
            library.add(one.subject)
            break
          case 'say': {
            const found = pick(one.conversation)
            if (found !== undefined) library.change(found, ({ messages }) => { messages.push({ id: idOf(next++), author: ALICE, time: { wallMs: NOW }, body: one.body }) })
            break
          }
          case 'late': {
            const found = pick(one.conversation)
            if (found !== undefined) library.change(found, ({ messages }) => { messages.splice(one.message, 1, { id: idOf(next++), author: BOB, time: { wallMs: NOW }, body: one.body }) })
            break
          }
          case 'edit':
            change(one.conversation, one.message, { body: one.body })
            break
          case 'delete':
          case 'recover':
            change(one.conversation, one.message, { deleted: one.kind === 'delete' ? {} : undefined })
            break
          case 'purge': {
            const found = pick(one.conversation)
            if (found === undefined) break
            library.purge(found)
            await search.remove(found.id)
            break
          }
          case 'catch-up':
            await search.caughtUp()
            break
          case 'restart':
            await search.stop();
            ({ search } = await openSearch(library, { store }))
        }
      }
      await search.caughtUp()
      for (const query of ['apple', 'apfel pear', 'pear', 'cherry plum', '桃', 'absent']) {
        const hits = await hitsOf(search, query, { prefix: false, typos: false })
        expect(hits.map(hit => `${hit.conversation.toString()} ${hit.message ?? '-'}`).sort(), query).to.deep.equal(scan(library, query.split(' ')))
      }
      await search.stop()
    }), { numRuns: 100 })
  })
})
