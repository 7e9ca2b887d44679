import { type AbortOptions, type CID, type Logger, withTimeout, type Clock } from '@parley/core'
import type { Conversations, LogView } from '../types.ts'
import { identify, readCards } from './contact-cards.ts'
import { NotAllowedError, ProtocolViolationError, refusalOf } from './errors.ts'
import { syncFrameCodec, type EntriesFrame, type ListFrame } from './frames.ts'
import { frontierDigest } from './frontier.ts'
import { MAX_ENTRIES, MAX_LISTED, PROGRESS_TIMEOUT_MS, SYNC_PROTOCOL } from './limits.ts'
import type { SessionComponents } from './session.ts'
import { askedAbout, holdersOf, mayShare, type Holders, type PeerIdentity } from './sharing-rule.ts'
import type { FrameChannel } from './stream-runner.ts'

/** A conversation that a peer holds for us, and the digest of its frontier there. */
export interface Listed {
  conversation: CID
  digest: Uint8Array
}

/** Returns the digest of a conversation's frontier here, within a view; undefined where it is unknown. */
export async function digestOf (conversations: Conversations, conversation: CID, view: LogView | undefined): Promise<Uint8Array | undefined> {
  const holder = conversations.holder(conversation)
  return await holder.exists() ? frontierDigest(await holder.frontier(view)) : undefined
}

/** Asks a peer for the conversations it would give us. */
export async function * askForList (components: { clock: Clock, logger: Logger }, stream: FrameChannel, cards: Uint8Array<ArrayBuffer>[], { signal }: AbortOptions = {}): AsyncGenerator<Listed> {
  await stream.send(syncFrameCodec.encode({ v: 1, type: 'list', cards }), { signal })
  let listed = 0
  for (let last = false; !last;) {
    const page = await nextPage(components, stream, { signal })
    listed += page.entries.length
    if (listed > MAX_LISTED) throw new ProtocolViolationError(SYNC_PROTOCOL, `it listed more than ${MAX_LISTED} conversations`)
    if (page.entries.length === 0 && !page.last) throw new ProtocolViolationError(SYNC_PROTOCOL, 'it sent an empty page that is not the last')
    for (const [conversation, digest] of page.entries) yield { conversation, digest }
    last = page.last
  }
}

async function nextPage ({ clock }: { clock: Clock }, stream: FrameChannel, { signal }: AbortOptions): Promise<EntriesFrame> {
  const bytes = await withTimeout(stream.receive({ signal }), `The list of ${stream.peer}`, PROGRESS_TIMEOUT_MS, clock, { signal })
  if (bytes === undefined) throw new ProtocolViolationError(SYNC_PROTOCOL, 'it closed the stream in the middle of a list')
  const frame = syncFrameCodec.decode(bytes)
  if (frame.type === 'refuse') throw refusalOf(frame)
  if (frame.type !== 'entries') throw new ProtocolViolationError(SYNC_PROTOCOL, `a ${frame.type} frame came where a page of a list was due`)
  return frame
}

/** Answers a peer's `list`: every conversation that it may see, in pages. */
export async function answerList (components: SessionComponents, stream: FrameChannel, frame: ListFrame): Promise<void> {
  const { conversations, logger } = components
  const peer = await identify(stream.peer, await readCards(frame.cards, { logger, peer: stream.peer }), components)
  const send = async (entries: EntriesFrame['entries'], last: boolean): Promise<void> => {
    await withTimeout(stream.send(syncFrameCodec.encode({ v: 1, type: 'entries', entries, last })), `Sending a list to ${stream.peer}`, PROGRESS_TIMEOUT_MS, components.clock)
  }
  const known = mayShare(peer, components.own(), undefined)
  if (!known.ok) throw new NotAllowedError(known.reason)
  let entries: EntriesFrame['entries'] = []
  for await (const { conversation, holders } of visible(conversations)) {
    const listed = await mayList(components, peer, conversation, holders)
    if (!listed.ok) continue
    const digest = await digestOf(conversations, conversation, listed.view)
    if (digest !== undefined) entries.push([conversation, new Uint8Array(digest)])
    if (entries.length === MAX_ENTRIES) {
      await send(entries, false)
      entries = []
    }
  }
  await send(entries, true)
  await stream.close()
}

/** Tells whether a peer may know that a conversation is here, and how much of it. */
export async function mayList ({ own, admits }: Pick<SessionComponents, 'own' | 'admits'>, peer: PeerIdentity, conversation: CID, holders: Holders): Promise<{ ok: boolean, view?: LogView | undefined }> {
  const verdict = mayShare(peer, own(), holders)
  if (!verdict.ok || admits === undefined) return verdict
  const { ok } = await admits({ conversation, persons: peer.persons, access: askedAbout(peer, own(), holders), held: true, blocks: 0, sizeBytes: 0 })
  return { ok, view: verdict.view }
}

/** Yields what this store holds, with who may see it. */
export async function * visible (conversations: Conversations): AsyncGenerator<{ conversation: CID, holders: Holders }> {
  for await (const conversation of conversations.ids({ withHomes: true })) {
    yield { conversation, holders: await holdersOf(conversations.holder(conversation)) ?? { access: [], former: [] } }
  }
}
