import { createSeededRandom, type CID } from '@parley/core'
import type { Did } from '@parley/identity'
import { expect } from 'chai'
import fc from 'fast-check'
import type { Conflict, Content, Permission } from '../../src/index.ts'
import type { Draft } from '../../src/actions/draft.ts'
import { bytes16, cidOfName, createDids, createPaperLog, SALT, START_MS, type PaperAction } from './paper-log.ts'

const HOUR_MS = 3_600_000

/** What a run writes: who, what, after how long, and which version they had seen. */
const steps = fc.array(fc.record({
  who: fc.integer({ min: 0, max: 3 }),
  what: fc.constantFrom('say', 'comment', 'edit', 'edit', 'edit', 'erase', 'recover', 'lock', 'lock', 'release', 'rename', 'lockSubject', 'expire', 'label', 'unlabel', 'react', 'extra', 'editExtra', 'seen', 'played'),
  item: fc.integer({ min: 0, max: 2 }),
  /** How far back the version is that they follow. */
  back: fc.integer({ min: 0, max: 3 }),
  waitMs: fc.constantFrom(1, 1000, 1000, HOUR_MS / 2)
}), { minLength: 1, maxLength: 40 })

type Steps = typeof steps extends fc.Arbitrary<infer T> ? T : never

/** Returns the actions that steps come to, after a beginning. */
function actionsOf (dids: Did[], run: Steps): PaperAction[] {
  const permissions: Permission[] = ['full', 'write', 'write', 'comment']
  const members = new Map(dids.map((did, index) => [did, permissions[index] ?? 'read']))
  const actions: PaperAction[] = []
  let wallMs = START_MS
  const versions = new Map<string, CID[]>()
  const locks: CID[] = []
  const write = (by: Did, content: Content, item?: string): void => {
    const cid = cidOfName(`${actions.length}`)
    actions.push({ by, content, wallMs, members, cid })
    if (item !== undefined) versions.set(item, [...versions.get(item) ?? [], cid])
  }
  const [creator = ''] = dids
  write(creator, { verb: 'publish', thing: 'conversation', subject: 'Dinner', salt: SALT }, 'subject')
  for (let item = 0; item < 3; item++) {
    wallMs++
    write(dids[item] ?? creator, { verb: 'add', thing: 'message', message: bytes16(item), body: `first ${item}` }, `message ${item}`)
    write(creator, { verb: 'add', thing: 'extra', extra: bytes16(item), kind: 'survey', text: 'which', data: { question: 'which', options: ['a', 'b'] } }, `extra ${item}`)
  }
  for (const { who, what, item, back, waitMs } of run) {
    wallMs += waitMs
    const by = dids[who] ?? creator
    const message = bytes16(item)
    const followed = (name: string): CID => versions.get(name)?.at(-1 - back) ?? versions.get(name)?.[0] ?? cidOfName('nothing')
    const n = actions.length
    const contents: Record<string, [Content, string?]> = {
      say: [{ verb: 'add', thing: 'message', message: bytes16(50 + n), body: `said ${n}` }],
      comment: [{ verb: 'add', thing: 'message', message: bytes16(50 + n), body: `remark ${n}`, parent: message }],
      edit: [{ verb: 'modify', thing: 'message', message, body: `edit ${n}`, follows: followed(`message ${item}`), ...(back === 3 ? { release: true } : {}) }, `message ${item}`],
      erase: [{ verb: 'delete', thing: 'message', message, follows: followed(`message ${item}`) }, `message ${item}`],
      recover: [{ verb: 'recover', thing: 'message', message, follows: followed(`message ${item}`) }, `message ${item}`],
      lock: [{ verb: 'lock', thing: 'message', message, follows: followed(`message ${item}`) }],
      release: [{ verb: 'release', thing: 'message', message, lock: locks.at(-1 - back) ?? cidOfName('nothing') }],
      rename: [{ verb: 'modify', thing: 'subject', subject: `subject ${n}`, follows: followed('subject') }, 'subject'],
      lockSubject: [{ verb: 'lock', thing: 'subject', follows: followed('subject') }],
      expire: [{ verb: 'modify', thing: 'expiry', expiresAt: wallMs + 20 * HOUR_MS, follows: versions.get('expiry')?.at(-1 - back) ?? null }, 'expiry'],
      label: [{ verb: 'add', thing: 'label', label: `label ${item}` }],
      unlabel: [{ verb: 'delete', thing: 'label', label: `label ${item}` }],
      react: [{ verb: 'add', thing: 'reaction', message, reaction: `${back}` }],
      extra: [{ verb: 'add', thing: 'response', extra: message, answer: [back % 2] }],
      editExtra: [{ verb: 'modify', thing: 'extra', extra: message, text: `extra ${n}`, data: { question: 'which', options: ['a', 'b', 'c'] }, follows: followed(`extra ${item}`) }, `extra ${item}`],
      seen: [{ verb: 'seen', thing: 'action', action: actions.at(-1 - back)?.cid ?? cidOfName('0') }],
      played: [{ verb: 'played', thing: 'message', message, positionMs: n, done: back === 0 }]
    }
    const [content, name] = contents[what] ?? []
    if (content === undefined) continue
    if (content.verb === 'lock') locks.push(cidOfName(`${n}`))
    write(by, content, name)
  }
  return actions
}

/** Returns everything a draft holds, to compare two. */
function shown ({ journal: _journal, told: _told, ...draft }: Draft): unknown {
  return Object.entries(draft).map(([name, part]) => [name, 'get' in part && !('size' in part) ? part.get() : [...part as ReadonlyMap<unknown, unknown>]])
}

function shuffled<T> (list: T[], seed: number): T[] {
  const random = createSeededRandom(seed)
  return list.map(value => ({ value, key: new DataView(random(4).buffer).getUint32(0) })).sort((a, b) => a.key - b.key).map(({ value }) => value)
}

describe('actions in whatever order they come', () => {
  let dids: Did[]

  before(async () => { dids = await createDids(4) })

  it('come to the same state, whether they are folded one by one or all at once', () => {
    fc.assert(fc.property(steps, fc.integer({ min: 0, max: 1e9 }), fc.integer({ min: 1, max: 5 }), (run, seed, every) => {
      const actions = actionsOf(dids, run)
      const once = createPaperLog(dids[0] ?? '')
      for (const action of actions) once.add(action)
      const expected = shown(once.draft)
      const ignored = once.fold.entries.map(({ cid, ignored }) => `${cid.toString()} ${ignored ?? ''}`)
      const log = createPaperLog(dids[0] ?? '')
      shuffled(actions, seed).forEach((action, index) => {
        log.add(action)
        if (index % every === 0) log.fold.draft()
      })
      expect(shown(log.draft)).to.deep.equal(expected)
      expect(log.fold.entries.map(({ cid, ignored }) => `${cid.toString()} ${ignored ?? ''}`)).to.deep.equal(ignored)
    }), { numRuns: 500, seed: 11 })
  })

  it('never lose a message or a comment that was permitted', () => {
    fc.assert(fc.property(steps, fc.integer({ min: 0, max: 1e9 }), (run, seed) => {
      const actions = actionsOf(dids, run)
      const log = createPaperLog(dids[0] ?? '')
      for (const action of shuffled(actions, seed)) log.add(action)
      const { messages } = log.draft
      const expiresAt = log.draft.expiry.get()?.current.value ?? Number.POSITIVE_INFINITY
      for (const { by, content, members, wallMs } of actions) {
        if (content.verb !== 'add' || content.thing !== 'message' || wallMs > expiresAt) continue
        const mayWrite = members.get(by) !== 'comment' || content.parent !== undefined
        const isThere = [...messages.values()].some(({ author, id }) => author === by && id.startsWith(Buffer.from(content.message).toString('hex')))
        expect(isThere).to.equal(mayWrite)
      }
    }), { numRuns: 300, seed: 12 })
  })

  it('keep whatever lost beside what it lost to', () => {
    fc.assert(fc.property(steps, fc.integer({ min: 0, max: 1e9 }), (run, seed) => {
      const actions = actionsOf(dids, run)
      const log = createPaperLog(dids[0] ?? '')
      for (const action of shuffled(actions, seed)) log.add(action)
      const { messages, extras, subject, expiry } = log.draft
      const items = [...messages.values(), ...extras.values(), ...[subject.get(), expiry.get()].filter(item => item !== undefined)]
      // Every edit that had an effect is the value, was followed by one that saw it, or is a conflict.
      const kept = new Set(items.flatMap(({ version, conflicts }) => [version, ...conflicts.map(({ action }) => action)].map(String)))
      const followed = new Set(actions.flatMap(({ content }) => 'follows' in content && content.follows !== null ? [content.follows.toString()] : []))
      for (const entry of log.fold.entries) {
        const { content, ignored, cid } = entry
        if (ignored !== undefined || content?.verb !== 'modify') continue
        if (content.thing === 'participant') continue
        expect(kept.has(cid.toString()) || followed.has(cid.toString())).to.equal(true)
      }
      // Every lock that had no effect lost to one that was live.
      for (const { cid, content, ignored } of log.fold.entries) {
        if (content?.verb !== 'lock' || ignored !== undefined) continue
        const lost = items.flatMap<Conflict>(({ conflicts }) => [...conflicts]).find(({ action }) => action.equals(cid))
        if (lost !== undefined) expect(lost.kind).to.equal('lock')
      }
    }), { numRuns: 300, seed: 13 })
  })

  it('tell each conflict once', () => {
    fc.assert(fc.property(steps, fc.integer({ min: 0, max: 1e9 }), (run, seed) => {
      const log = createPaperLog(dids[0] ?? '')
      const told: string[] = []
      for (const action of shuffled(actionsOf(dids, run), seed)) {
        log.add(action)
        log.fold.draft()
        told.push(...log.fold.takeConflicts().map(({ lost, kept }) => `${lost.action.toString()} ${kept.action.toString()}`))
      }
      expect(new Set(told).size).to.equal(told.length)
      const { messages } = log.draft
      for (const { conflicts } of messages.values()) for (const { action } of conflicts) expect(told.some(name => name.startsWith(action.toString()))).to.equal(true)
    }), { numRuns: 200, seed: 14 })
  })
})
