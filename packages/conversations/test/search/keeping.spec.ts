import { createSeededRandom, createVirtualClock, type Change, type Store } from '@parley/core'
import { createMemoryStore } from '@parley/network'
import { expect } from 'chai'
import { createCrashStore } from '../kill/crash-store.ts'
import { NOW, bytesBelow, createLibrary, hitsOf, idOf, openSearch, textsOf, type FakeConversation, type Library } from './support.ts'

/** Returns how many documents the store has texts of. */
async function textsIn (store: Store): Promise<number> {
  let count = 0
  for await (const _entry of store.entries('/search/texts/')) count++
  return count
}

function edit (library: Library, conversation: FakeConversation, index: number, change: Record<string, unknown>): void {
  library.change(conversation, ({ messages }) => {
    const message = messages[index]
    if (message !== undefined) messages[index] = { ...message, ...change }
  })
}

describe('the search index and what happens in conversations', () => {
  it('forgets the old text of what was edited', async () => {
    const library = createLibrary()
    const conversation = library.add('s', ['apple', 'pear'])
    const { search } = await openSearch(library)
    edit(library, conversation, 0, { body: 'cherry' })
    await search.caughtUp()
    expect(await textsOf(search, 'apple', { typos: false })).to.deep.equal([])
    expect(await textsOf(search, 'cherry')).to.deep.equal(['cherry'])
    expect(search.size().documents).to.equal(3)
  })

  it('leaves out what was deleted, its transcript too, and has it again when it is recovered', async () => {
    const library = createLibrary()
    const conversation = library.add('s', ['apple'])
    const { search, store } = await openSearch(library)
    await search.addDocument({ conversation: conversation.id, message: conversation.state.messages[0]?.id ?? '', kind: 'transcript', text: 'apple spoken' })
    await search.caughtUp()
    expect(await textsOf(search, 'apple')).to.have.length(2)
    edit(library, conversation, 0, { deleted: { by: 'did:key:alice', at: NOW } })
    await search.caughtUp()
    expect(await textsOf(search, 'apple')).to.deep.equal([])
    expect(await textsIn(store)).to.equal(1)
    edit(library, conversation, 0, { deleted: undefined })
    await search.caughtUp()
    expect(await textsOf(search, 'apple')).to.have.members(['apple', 'apple spoken'])
  })

  it('takes in that an older action, come late, made away with messages', async () => {
    const library = createLibrary()
    const conversation = library.add('s', ['apple 1', 'apple 2', 'apple 3'])
    const { search } = await openSearch(library)
    library.change(conversation, ({ messages }) => { messages.splice(0, 2) })
    await search.caughtUp()
    expect(await textsOf(search, 'apple')).to.deep.equal(['apple 3'])
  })

  it('forgets a conversation that was purged, in its segments as well', async () => {
    const library = createLibrary()
    const purged = library.add('secretsubject', ['apple'])
    library.add('kept', ['apple kept'])
    const { search, store } = await openSearch(library)
    await search.addDocument({ conversation: purged.id, message: purged.state.messages[0]?.id ?? '', kind: 'transcript', text: 'spoken' })
    await search.caughtUp()
    library.purge(purged)
    await search.remove(purged.id)
    expect(await textsOf(search, 'apple')).to.deep.equal(['apple kept'])
    expect(await textsIn(store)).to.equal(2)
    expect(search.size().documents).to.equal(2)
    for await (const { key } of store.entries('/search/externals/')) expect.fail(key)
    await search.caughtUp()
    expect(await hitsOf(search, 'secretsubject')).to.have.length(0)
  })

  it('notices at its next start what was purged meanwhile', async () => {
    const library = createLibrary()
    const purged = library.add('s', ['apple'])
    const { search, store } = await openSearch(library)
    await search.stop()
    library.purge(purged)
    const again = await openSearch(library, { store })
    expect(again.search.size().documents).to.equal(0)
    expect(await textsIn(store)).to.equal(0)
  })

  it('leaves nothing in the store when it is erased', async () => {
    const library = createLibrary()
    library.add('s', ['apple'])
    const { search, store } = await openSearch(library)
    await search.erase()
    expect(await bytesBelow(store, '/search/')).to.have.length(0)
  })
})

describe('the search index at rest', () => {
  it('shows no word, name, conversation or message', async () => {
    const library = createLibrary()
    const conversation = library.add('Zanzibar expedition', Array.from({ length: 50 }, (_none, index) => `porcupine number${index}`), { names: ['Ebenezer'] })
    const message = conversation.state.messages[0]?.id ?? ''
    const { search, store } = await openSearch(library, { privateLabels: async () => ['confidential'] })
    await search.addDocument({ conversation: conversation.id, message, kind: 'transcript', text: 'hippopotamus' })
    await search.caughtUp()
    expect(await hitsOf(search, 'porcupine')).to.have.length(50)
    const bytes = (await bytesBelow(store, '/')).toString('latin1')
    for (const word of ['Zanzibar', 'zanzibar', 'expedition', 'porcupine', 'number1', 'Ebenezer', 'ebenezer', 'confidential', 'hippopotamus', 'did:key:alice', message, Buffer.from(message, 'hex').toString('latin1'), conversation.id.toString()]) {
      expect(bytes.includes(word), word).to.equal(false)
    }
  })
})

describe('the search index and processes that end', () => {
  it('does not read conversations again that it covers, and those that it does not', async () => {
    const library = createLibrary()
    const conversations = Array.from({ length: 20 }, (_none, index) => library.add(`subject ${index}`, ['apple']))
    const { search, store } = await openSearch(library)
    await search.stop()
    const before = library.reads
    const [changed] = conversations
    if (changed !== undefined) library.change(changed, ({ messages }) => { messages.push({ id: idOf(999), author: 'did:key:bob', time: { wallMs: NOW }, body: 'cherry' }) })
    const again = await openSearch(library, { store })
    expect(library.reads - before).to.equal(1)
    expect(await textsOf(again.search, 'cherry')).to.deep.equal(['cherry'])
    expect(await textsOf(again.search, 'apple')).to.have.length(20)
  })

  for (const fate of ['killed-before', 'killed-after', 'full-once'] as const) {
    it(`loses nothing and has nothing twice, ${fate} at any write`, async () => {
      for (let write = 0; ; write++) {
        const disk = await createCrashStore()
        const library = createLibrary()
        const clock = createVirtualClock(NOW)
        for (let index = 0; index < 12; index++) library.add(`subject ${index}`, [`apple ${index}`, 'pear'])
        const work = async (): Promise<void> => {
          const { search } = await openSearch(library, { store: disk.store, clock })
          for (const conversation of library.all.values()) edit(library, conversation, 1, { body: 'cherry' })
          await search.caughtUp()
          const [first] = library.all.values()
          if (first !== undefined) await search.addDocument({ conversation: first.id, message: first.state.messages[0]?.id ?? '', kind: 'transcript', text: 'banana' })
          await search.caughtUp()
          await search.stop()
        }
        disk.plan(write, fate)
        let isWhole = true
        await work().catch(() => { isWhole = false })
        if (disk.writes <= write && isWhole) break
        const { search } = await openSearch(library, { store: (await disk.restart()).store, clock })
        const state = [...library.all.values()][0]?.state.messages[1]?.body ?? ''
        expect(await textsOf(search, 'apple', { prefix: false }), `${fate} ${write}`).to.have.length(12)
        expect(await textsOf(search, state, { typos: false }), `${fate} ${write}`).to.have.length(12)
        expect(search.size().documents - (await hitsOf(search, 'banana')).length).to.equal(36)
        await search.stop()
      }
    })
  }

  it('tries again after the disk was full', async () => {
    const disk = await createCrashStore()
    const library = createLibrary()
    const { search, clock } = await openSearch(library, { store: disk.store })
    disk.plan(disk.writes, 'full-once')
    library.add('s', ['apple'])
    await clock.advance(10_000)
    await clock.advance(30_000)
    await search.caughtUp()
    expect(await textsOf(search, 'apple')).to.deep.equal(['apple'])
  })
})

describe('a search index with damaged entries', () => {
  /** Alters one byte of each entry that begins with `prefix`. */
  const damage = async (store: Store, prefix: string, random = createSeededRandom(3)): Promise<number> => {
    const changes: Change[] = []
    for await (const { key, value } of store.entries(prefix)) {
      const altered = value.slice()
      const at = (random(1)[0] ?? 0) % altered.length
      altered[at] = (altered[at] ?? 0) ^ 0x40
      changes.push({ type: 'put', key, value: altered })
    }
    await store.commit(changes)
    return changes.length
  }

  for (const what of ['manifest', 'segments/', 'texts/', 'notes/', 'subjects/', '']) {
    it(`is made anew: ${what === '' ? 'all of them' : what}`, async () => {
      const library = createLibrary()
      const conversation = library.add('s', Array.from({ length: 10 }, (_none, index) => `apple ${index}`))
      const store = createMemoryStore()
      const first = await openSearch(library, { store })
      await first.search.addDocument({ conversation: conversation.id, message: conversation.state.messages[0]?.id ?? '', kind: 'transcript', text: 'spoken' })
      await first.search.caughtUp()
      await first.search.stop()
      expect(await damage(store, `/search/${what}`)).to.be.greaterThan(0)
      const { search } = await openSearch(library, { store })
      // What is not looked at unless something is found is noticed then.
      await hitsOf(search, 'apple')
      await search.caughtUp()
      expect(await textsOf(search, 'apple')).to.have.length(10)
      expect(await hitsOf(search, 'spoken')).to.have.length(what === '' ? 0 : 1)
      expect(search.size().documents).to.equal(what === '' ? 11 : 12)
    })
  }

  it('is made anew when somebody asks for it', async () => {
    const library = createLibrary()
    library.add('s', ['apple'])
    const { search } = await openSearch(library)
    await search.rebuild()
    expect(await textsOf(search, 'apple')).to.deep.equal(['apple'])
    expect(search.size().documents).to.equal(2)
  })

  it('puts out no other conversation when one cannot be read', async () => {
    const library = createLibrary()
    const bad = library.add('bad', ['apple bad'])
    library.add('good', ['apple good'])
    Object.defineProperty(bad, 'state', { get () { throw Object.assign(new Error('damaged'), { name: 'InvalidBytesError' }) } })
    const { search } = await openSearch(library)
    expect(await textsOf(search, 'apple')).to.deep.equal(['apple good'])
  })
})
