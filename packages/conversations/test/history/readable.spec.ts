import { createVirtualClock } from '@parley/core'
import { expect } from 'chai'
import { exportReadable, type ConversationJson, type ConversationState, type Message } from '../../src/index.ts'
import { bytes16, createDinner, exchange } from './support.ts'

/** Keeps what is exported in memory. */
function createTarget () {
  const files = new Map<string, string>()
  return {
    files,
    async write (path: string, content: AsyncIterable<Uint8Array>) {
      let text = ''
      for await (const chunk of content) text += new TextDecoder().decode(chunk)
      files.set(path, text)
    }
  }
}

async function * chunks (...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield new TextEncoder().encode(text)
}

describe('exporting a conversation for people', () => {
  it('says who said what, in JSON and in Markdown', async () => {
    const { alice, alicia, bobby, bob, id } = await createDinner()
    await (await bob.conversations.open(id)).append({ verb: 'add', thing: 'reaction', message: bytes16(1), reaction: '👍' })
    await exchange(bob, alice, id)
    const target = createTarget()
    const names = new Map([[alicia.did, 'Alice'], [bobby.did, 'Bob']])
    const summary = await exportReadable({ conversation: await alice.conversations.open(id), clock: createVirtualClock(), nameOf: async did => names.get(did) ?? did }, target)
    expect(summary).to.deep.equal({ messages: 3, audio: 0, files: 0, missing: [] })
    expect([...target.files.keys()]).to.deep.equal(['conversation.json', 'conversation.md'])
    const json = JSON.parse(target.files.get('conversation.json') ?? '') as ConversationJson
    expect(json).to.include({ format: 'parley-conversation', version: 1, id: id.toString(), subject: 'Dinner', creator: alicia.did, status: 'active', expires: null, unreadable: 0 })
    expect(json.people.map(({ name, permission, out }) => [name, permission, out])).to.deep.equal([['Alice', 'full', null], ['Bob', 'write', null]])
    expect(json.messages.map(({ author, body, format }) => [author, body, format])).to.deep.equal([
      [alicia.did, 'Are you hungry?', 'plain'], [bobby.did, 'Always.', 'plain'], [bobby.did, 'And you?', 'plain']
    ])
    expect(json.messages[0]?.reactions).to.deep.equal([{ reaction: '👍', by: [bobby.did] }])
    const markdown = target.files.get('conversation.md') ?? ''
    expect(markdown).to.match(/^# Dinner\n/)
    expect(markdown).to.include('**Bob** ').and.to.include('> And you?')
  })

  it('writes recordings and files under safe names, and says what is not to be had', async () => {
    const { alice, alicia, id } = await createDinner()
    const conversation = await alice.conversations.open(id)
    const state = await conversation.state()
    const [first, second, third] = state.messages as [Message, Message, Message]
    const file = (name: string) => ({ attachment: bytes16(1), name, mediaType: 'text/plain', sizeBytes: 3, root: id, key: new Uint8Array(32), sha256: new Uint8Array(32) })
    const made: ConversationState = {
      ...state,
      messages: [
        { ...first, voice: { voice: bytes16(1), key: new Uint8Array(32), codec: 'opus', sampleRateHz: 48_000, channels: 1, manifest: id, durationMs: 61_000, segments: 60, cutOff: false } },
        { ...second, attachments: [file('../../etc/passwd'), file('CON'), file('gone.txt')] },
        { ...third, voice: { voice: bytes16(2), key: new Uint8Array(32), codec: 'opus', sampleRateHz: 48_000, channels: 1 } }
      ]
    }
    const target = createTarget()
    const summary = await exportReadable({
      conversation: { state: async () => made },
      clock: createVirtualClock(),
      nameOf: async did => did === alicia.did ? 'Al/ice' : '..',
      audio: message => message.id === first.id ? chunks('Ogg', 'S') : undefined,
      file: ({ name }) => name === 'gone.txt' ? (async function * () { yield new Uint8Array(1); throw Object.assign(new TypeError('it is gone'), {}) })() : chunks('abc')
    }, target)
    expect([...target.files.keys()]).to.deep.equal(['audio/1-ice.ogg', 'files/2-1-passwd', 'files/2-2-_CON', 'conversation.json', 'conversation.md'])
    expect(target.files.get('audio/1-ice.ogg')).to.equal('OggS')
    expect(summary).to.include({ audio: 1, files: 2 })
    expect(summary.missing.map(({ what, reason }) => [what, reason])).to.deep.equal([['file', 'it is gone'], ['audio', 'it is not on this device']])
    const json = JSON.parse(target.files.get('conversation.json') ?? '') as ConversationJson
    expect(json.messages.map(({ voice, files }) => [voice?.file, files.map(entry => entry.file)])).to.deep.equal([
      ['audio/1-ice.ogg', []], [undefined, ['files/2-1-passwd', 'files/2-2-_CON', null]], [null, []]
    ])
    expect(target.files.get('conversation.md')).to.include('[Spoken](audio/1-ice.ogg): 1:01').and.to.include('File, not in this export: gone.txt')
  })

  it('lets nobody write headings, HTML or pictures into it', async () => {
    const { alice, id } = await createDinner()
    const state = await (await alice.conversations.open(id)).state()
    const [first, second, third] = state.messages as [Message, Message, Message]
    const target = createTarget()
    await exportReadable({
      conversation: { state: async () => ({ ...state, subject: '# <b>', messages: [{ ...first, body: '# big\n<img src=x>\n- item' }, { ...second, format: 'markdown', body: '![x](http://spy.example/1.png)\n# **bold** <script>' }, third] }) },
      clock: createVirtualClock(),
      nameOf: async () => '*Eve*'
    }, target)
    const markdown = target.files.get('conversation.md') ?? ''
    expect(markdown).to.not.match(/^# big|<img|<script|<b>|[^\\]!\[/m)
    expect(markdown).to.include('> # **bold** &lt;script>').and.to.include('\\# &lt;b&gt;').and.to.include('**\\*Eve\\***').and.to.include('> \\- item')
  })

  it('ends with the target’s own error, and when it is told to', async () => {
    const { alice, id } = await createDinner()
    const components = { conversation: await alice.conversations.open(id), clock: createVirtualClock(), nameOf: async (did: string) => did }
    const full = await exportReadable(components, { write: async () => { throw new RangeError('the disk is full') } }).catch((cause: unknown) => cause as Error)
    expect(full).to.include({ message: 'the disk is full' })
    const ended = await exportReadable(components, createTarget(), { signal: AbortSignal.abort() }).catch((cause: unknown) => cause as Error)
    expect(ended).to.include({ name: 'AbortError' })
  })
})
