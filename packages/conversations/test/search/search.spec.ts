import { expect } from 'chai'
import { createMemoryStore } from '@parley/network'
import { ALICE, BOB, NOW, createLibrary, hitsOf, idOf, openSearch, textsOf } from './support.ts'

const DAY = 86_400_000

describe('searching conversations', () => {
  it('finds messages with their conversation, subject and the words’ places', async () => {
    const library = createLibrary()
    const dinner = library.add('Dinner on Friday', ['Shall we eat at the harbour?', 'The harbour it is'])
    const { search } = await openSearch(library)
    const hits = await hitsOf(search, 'harbour eat')
    expect(hits).to.have.length(1)
    const [hit] = hits
    expect(hit).to.include({ subject: 'Dinner on Friday', kind: 'message', author: ALICE, time: NOW, message: dinner.state.messages[0]?.id })
    expect(hit?.conversation.equals(dinner.id)).to.equal(true)
    const [snippet] = hit?.snippets ?? []
    expect(snippet?.ranges.map(({ from, to }) => snippet.text.slice(from, to))).to.deep.equal(['eat', 'harbour'])
  })

  it('finds conversations by subject, names and labels, shared and private', async () => {
    const library = createLibrary()
    const conversation = library.add('Quarterly figures', [], { names: ['Zoë Müller'] })
    library.change(conversation, state => { Object.assign(state, { labels: ['budget'] }) })
    const { search } = await openSearch(library, { privateLabels: async () => ['urgent'], nameOf: async () => 'Sister-in-law' })
    for (const query of ['quarterly', 'zoe muller', 'budget', 'urgent', 'sister', 'figures urgent']) {
      const hits = await hitsOf(search, query)
      expect(hits.map(({ kind }) => kind), query).to.deep.equal(['conversation'])
    }
  })

  it('finds names of files and transcripts, and says what they are', async () => {
    const library = createLibrary()
    const conversation = library.add('Trip', ['photographs'])
    const message = conversation.state.messages[0]?.id ?? ''
    library.change(conversation, ({ messages }) => { Object.assign(messages, { 0: { ...messages[0], attachments: [{ name: 'lighthouse-2024.jpeg' }] } }) })
    const { search } = await openSearch(library)
    await search.addDocument({ conversation: conversation.id, message, kind: 'transcript', text: 'we walked along the cliffs' })
    await search.caughtUp()
    expect(await hitsOf(search, 'lighthouse jpeg')).to.have.length(1)
    const [hit] = await hitsOf(search, 'cliffs')
    expect(hit).to.include({ kind: 'transcript', message })
    await search.removeDocument({ conversation: conversation.id, message, kind: 'transcript' })
    await search.caughtUp()
    expect(await hitsOf(search, 'cliffs')).to.have.length(0)
  })

  it('filters by conversation, author, time and kind', async () => {
    const library = createLibrary()
    const first = library.add('apple', ['apple one'], { time: NOW - 2 * DAY })
    library.add('other', ['apple two'], { time: NOW - DAY, author: BOB })
    const { search } = await openSearch(library)
    expect(await textsOf(search, 'apple', { conversations: [first.id], kinds: ['message'] })).to.deep.equal(['apple one'])
    expect(await textsOf(search, 'apple', { authors: [BOB] })).to.deep.equal(['apple two'])
    expect(await textsOf(search, 'apple', { since: NOW - DAY })).to.deep.equal(['apple two'])
    expect(await textsOf(search, 'apple', { until: NOW - DAY, kinds: ['message'] })).to.deep.equal(['apple one'])
    expect(await textsOf(search, 'apple', { kinds: ['conversation'] })).to.deep.equal(['apple'])
  })

  it('names each conversation once where that is asked for', async () => {
    const library = createLibrary()
    library.add('apple', ['apple one', 'apple two'])
    library.add('pears', ['apple three'])
    const { search } = await openSearch(library)
    expect((await hitsOf(search, 'apple', { once: true })).map(({ subject }) => subject)).to.deep.equal(['apple', 'pears'])
  })

  describe('words that are not written as they stand', () => {
    it('takes the last word for a beginning', async () => {
      const library = createLibrary()
      library.add('s', ['the harbour master', 'a harp', 'master harbour'])
      const { search } = await openSearch(library)
      expect(await textsOf(search, 'har')).to.have.members(['the harbour master', 'a harp', 'master harbour'])
      expect(await textsOf(search, 'har master')).to.deep.equal([])
      expect(await textsOf(search, 'har', { prefix: false })).to.deep.equal([])
    })

    it('forgives typing errors: letters exchanged, changed, added and left out', async () => {
      const library = createLibrary()
      library.add('s', ['the harbour', 'international meeting'])
      const { search } = await openSearch(library)
      for (const query of ['habrour', 'harbor', 'harbpur', 'harbourr', 'arbour']) expect(await textsOf(search, query), query).to.deep.equal(['the harbour'])
      expect(await textsOf(search, 'internatoinl meting')).to.deep.equal(['international meeting'])
      expect(await textsOf(search, 'habrour', { typos: false })).to.deep.equal([])
      expect(await textsOf(search, 'the harpunr')).to.deep.equal([])
    })

    it('does not look for typing errors where the word itself is found', async () => {
      const library = createLibrary()
      library.add('s', ['house', 'house 2', 'house 3', 'house 4', 'house 5', 'mouse'])
      const { search } = await openSearch(library)
      expect(await textsOf(search, 'house')).to.have.length(5)
    })

    it('takes no number for another', async () => {
      const library = createLibrary()
      library.add('s', ['room 12345'])
      const { search } = await openSearch(library)
      expect(await textsOf(search, '12346')).to.deep.equal([])
    })

    it('sees through case, accents and forms, in several scripts', async () => {
      const library = createLibrary()
      library.add('s', ['Überraschung in der Straße', 'Ёлка', 'ΟΔΟΣ', 'café', 'ﬁne', '東京都庁で会いましょう', 'สวัสดีครับ', '안녕하세요', 'نَعَم'])
      const { search } = await openSearch(library)
      const found = async (query: string): Promise<string | undefined> => (await textsOf(search, query, { typos: false }))[0]
      expect(await found('uberraschung STRASSE')).to.equal('Überraschung in der Straße')
      expect(await found('елка')).to.equal('Ёлка')
      expect(await found('οδος')).to.equal('ΟΔΟΣ')
      expect(await found('CAFE\u0301')).to.equal('café')
      expect(await found('fine')).to.equal('ﬁne')
      expect(await found('東京')).to.equal('東京都庁で会いましょう')
      expect(await found('สวัสดี')).to.equal('สวัสดีครับ')
      expect(await found('안녕')).to.equal('안녕하세요')
      expect(await found('نعم')).to.equal('نَعَم')
    })
  })

  describe('what comes first', () => {
    it('is what was said last, of things that are alike', async () => {
      const library = createLibrary()
      library.add('a', ['apple pie'], { time: NOW - 300 * DAY })
      library.add('b', ['apple pie'], { time: NOW - DAY })
      library.add('c', ['apple pie'], { time: NOW - 30 * DAY })
      const { search } = await openSearch(library)
      expect((await hitsOf(search, 'apple')).map(({ subject }) => subject)).to.deep.equal(['b', 'c', 'a'])
    })

    it('is a subject before a text, the word before what begins with it, and rare words before common ones', async () => {
      const library = createLibrary()
      library.add('apple', [])
      library.add('x', ['applesauce', 'apple', 'zebra', 'common zebra', ...Array.from({ length: 20 }, () => 'common thing')])
      const { search } = await openSearch(library)
      expect(await textsOf(search, 'apple')).to.deep.equal(['apple', 'apple', 'applesauce'])
      expect((await hitsOf(search, 'apple'))[0]?.kind).to.equal('conversation')
      const any = await textsOf(search, 'common zebra', { match: 'any' })
      expect(any.slice(0, 2)).to.deep.equal(['common zebra', 'zebra'])
    })
  })

  it('shows a part of long texts', async () => {
    const library = createLibrary()
    library.add('s', [`${'before '.repeat(200)}needle in ${'after '.repeat(200)}`])
    const { search } = await openSearch(library)
    const [hit] = await hitsOf(search, 'needle')
    const { text = '', ranges = [] } = hit?.snippets[0] ?? {}
    expect(text.length).to.be.lessThan(200)
    expect(text).to.match(/^….*…$/)
    expect(ranges.map(({ from, to }) => text.slice(from, to))).to.deep.equal(['needle'])
  })

  it('finds nothing for nothing, and refuses what is too long', async () => {
    const { search } = await openSearch()
    for (const query of ['', ' ', '?!']) expect(await hitsOf(search, query)).to.have.length(0)
    let name = 'none'
    try { await hitsOf(search, 'x'.repeat(1025)) } catch (error) { name = (error as Error).name }
    expect(name).to.equal('InvalidArgumentError')
  })

  it('ends when it is told to, between hits as well', async () => {
    const library = createLibrary()
    library.add('s', ['apple 1', 'apple 2', 'apple 3'])
    const { search } = await openSearch(library)
    const controller = new AbortController()
    let seen = 0
    let reason: unknown
    try {
      for await (const _hit of search.find('apple', { signal: controller.signal })) {
        seen++
        controller.abort(new RangeError('enough'))
      }
    } catch (error) { reason = error }
    expect(seen).to.equal(1)
    expect(reason).to.be.instanceOf(RangeError)
  })

  it('refuses work once it was stopped', async () => {
    const { search } = await openSearch()
    await search.stop()
    await search.stop()
    const names: string[] = []
    for (const work of [async () => await hitsOf(search, 'x'), async () => { await search.caughtUp() }]) {
      try { await work() } catch (error) { names.push((error as Error).name) }
    }
    expect(names).to.deep.equal(['StoppedError', 'StoppedError'])
  })

  it('takes in what happens by itself, a moment later', async () => {
    const library = createLibrary()
    const conversation = library.add('s', [])
    const { search, clock } = await openSearch(library)
    library.change(conversation, ({ messages }) => { messages.push({ id: idOf(99), author: BOB, time: { wallMs: NOW }, body: 'out of the blue' }) })
    expect(await hitsOf(search, 'blue')).to.have.length(0)
    await clock.advance(10_000)
    await search.caughtUp()
    expect(await hitsOf(search, 'blue')).to.have.length(1)
  })

  it('works with other stores’ bytes as with its own: an index of another key is made anew', async () => {
    const library = createLibrary()
    library.add('s', ['apple'])
    const store = createMemoryStore()
    await (await openSearch(library, { store })).search.stop()
    const { search } = await openSearch(library, { store, storageKey: new Uint8Array(32).fill(9) })
    expect(await textsOf(search, 'apple')).to.deep.equal(['apple'])
  })
})
