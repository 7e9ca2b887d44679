import { type AbortOptions, type CID, type Clock, type Logger, type Store } from '@parley/core'
import { mediaHoldersOf, type Conversations, type ConversationState, type Message } from '@parley/conversations'
import type { Contacts, Did, People } from '@parley/identity'
import type { Network } from '@parley/network'
import { readVoice } from '@parley/voice'
import type { Captures } from './captures.ts'
import { UnknownMessageError } from './errors.ts'
import type { MessageNumbers } from './numbers.ts'
import { contactOf } from './names.ts'
import { devicesWith, type DeviceRoute } from './routes.ts'
import type { Requests } from './policy/index.ts'
import type { InboxEntry, SpokenSegment } from './types.ts'

export interface InboxComponents {
  store: Store
  network: Network
  people: People
  contacts: Contacts
  conversations: Conversations
  captures: Captures
  requests: Pick<Requests, 'isRequest' | 'isBlocked'>
  numbers: MessageNumbers
  clock: Clock
  logger: Logger
  /** Tells whether somebody is our person, by a former key too. @default our person alone */
  isOwn?: ((person: Did) => boolean) | undefined
}

/** The spoken messages of others, wherever they are kept. */
export interface Inbox {
  list(): Promise<InboxEntry[]>
  /** @throws {UnknownMessageError} */
  entry(n: number): Promise<InboxEntry>
  /** Tells of one message of others; undefined when it holds no voice, is ours, or is of somebody blocked. */
  describe(state: ConversationState, message: Message): Promise<InboxEntry | undefined>
  listen(n: number, options?: AbortOptions & { startIndex?: number }): AsyncGenerator<SpokenSegment>
  /** Fetches all of a message that is no longer being spoken, so that it plays without anybody else. */
  fetch(state: ConversationState, message: Message, options?: AbortOptions): Promise<void>
}

/** What a segment adds when it is not known how long it is: all but the first are about a second. */
const FIRST_SEGMENT_MS = 200
const SEGMENT_MS = 1000

export function createInbox (components: InboxComponents, person: Did): Inbox {
  const { conversations, captures, requests, numbers, people, contacts, clock, isOwn = did => did === person } = components

  const describe: Inbox['describe'] = async (state, message) => {
    const { voice, author } = message
    if (voice === undefined || isOwn(author) || requests.isBlocked(author)) return undefined
    const capture = captures.get(voice.voice)
    const contact = await contactOf(contacts, author)
    const standing = standingOf(message, capture?.notice.state)
    const told = capture?.notice.state === 'recording' ? FIRST_SEGMENT_MS + Math.max(0, capture.notice.segments - 1) * SEGMENT_MS : 0
    const reason = voice.reason ?? capture?.notice.reason ?? undefined
    return {
      n: await numbers.numberOf(state.id, message.id),
      conversation: state.id,
      message: message.id,
      from: author,
      fromName: contact?.name ?? (await people.list(author))?.name ?? author,
      known: contact !== undefined,
      request: requests.isRequest(author),
      at: message.time.wallMs,
      durationMs: voice.durationMs ?? Math.max(capture?.heldMs ?? 0, told),
      state: standing,
      ...(standing === 'cut-off' && reason !== undefined ? { reason } : {}),
      played: Object.keys(message.played).some(isOwn),
      subject: state.subject ?? ''
    }
  }

  const list = async (): Promise<InboxEntry[]> => {
    const found: Array<{ state: ConversationState, message: Message }> = []
    for await (const id of conversations.ids()) {
      const state = await (await conversations.open(id)).state()
      for (const message of state.messages) found.push({ state, message })
    }
    // Numbers are given by time, so that a first listing after a long absence counts upwards.
    found.sort((a, b) => a.message.time.wallMs - b.message.time.wallMs)
    const entries: InboxEntry[] = []
    for (const { state, message } of found) {
      const entry = await describe(state, message)
      if (entry !== undefined) entries.push(entry)
    }
    return entries
  }

  const find = async (n: number): Promise<{ state: ConversationState, message: Message }> => {
    const numbered = numbers.get(n)
    if (numbered === undefined) throw new UnknownMessageError(n)
    const state = await (await conversations.open(numbered.conversation)).state()
    const message = state.messages.find(({ id }) => id === numbered.message)
    if (message === undefined) throw new UnknownMessageError(n)
    return { state, message }
  }

  /** Who may have the segments: whoever told us of them first, then our proxies, then the speaker's own devices, or those of whoever lets us read as guests. */
  const keepers = async (conversation: CID, message: Message): Promise<DeviceRoute[]> => {
    const now = clock.now()
    const own = await devicesWith(people, person, 'proxy', now)
    const others = await mediaHoldersOf(conversations.holder(conversation), { person, author: message.author })
    const speaker = (await Promise.all(others.map(async did => [...await devicesWith(people, did, 'proxy', now), ...await devicesWith(people, did, 'endpoint', now)]))).flat()
    const told = message.voice === undefined ? undefined : captures.get(message.voice.voice)?.notice.keeper
    const connected = new Set(components.network.peers().map(({ peer }) => peer))
    const all = [...own.filter(({ device }) => device === told), ...own.filter(({ device }) => device !== told), ...speaker]
    return all.filter(({ peer, addresses }) => peer !== components.network.peerId && (addresses.length > 0 || connected.has(peer)))
  }

  const segments = async function * (conversation: CID, message: Message, { signal, startIndex = 0 }: AbortOptions & { startIndex?: number }): AsyncGenerator<SpokenSegment> {
    const { voice } = message
    // The log says that nothing was recorded: nobody has anything of it, however long one asks.
    if (voice === undefined || voice.manifest === null) return
    const pieces = readVoice(components, {
      voice: voice.voice,
      key: voice.key,
      speaker: message.device,
      ...(voice.manifest === undefined ? {} : { manifest: voice.manifest }),
      from: await keepers(conversation, message),
      startIndex,
      signal
    })
    for await (const { index, start, packets, peaks, samples, last, isMissing } of pieces) {
      // A hole keeps its length, so that what follows is heard when it was said.
      yield { index, start, peaks, last, packets: isMissing ? [{ data: new Uint8Array(0), samples }] : packets }
    }
  }

  return {
    list,
    describe,
    async entry (n) {
      const { state, message } = await find(n)
      const entry = await describe(state, message)
      if (entry === undefined) throw new UnknownMessageError(n)
      return entry
    },
    async * listen (n, options = {}) {
      const { state, message } = await find(n)
      yield * segments(state.id, message, options)
    },
    async fetch (state, message, options = {}) {
      if (message.voice === undefined) return
      let samples = 0
      for await (const { packets } of segments(state.id, message, options)) samples += packets.reduce((sum, packet) => sum + packet.samples, 0)
      await captures.held(message.voice.voice, samples / 48)
    }
  }
}

/** The log says how a message ended; until it does, its keeper's word counts. */
function standingOf (message: Message, captured: 'recording' | 'complete' | 'cut-off' | undefined): InboxEntry['state'] {
  return message.state === 'recording' ? captured ?? 'recording' : message.state
}
