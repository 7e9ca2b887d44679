import { type AbortOptions, type CID, type Clock, type Logger } from '@parley/core'
import type { ContactCard, Did, People } from '@parley/identity'
import { equals } from 'uint8arrays'
import type { Conversations, FrontierEntry, LogView } from '../types.ts'
import { cutFrontier } from '../log/log-stream.ts'
import { blindSide, type Admits } from './admission.ts'
import { watchAccess } from './access-watch.ts'
import { cardsOf, identify, learnCards, readCards } from './contact-cards.ts'
import { NotAllowedError, SyncInterruptedError, UnservedFrontierError } from './errors.ts'
import { refuseFrame, syncFrameCodec, type HelloFrame, type SyncFrame } from './frames.ts'
import { behindOurs, countMissing } from './frontier.ts'
import { claimedAccess, createIncoming } from './incoming.ts'
import { MAX_FRONTIER, RECHECK_MS } from './limits.ts'
import { createPeerLog, type PeerPosition } from './peer-log.ts'
import { createOutgoing, type Outgoing } from './outgoing.ts'
import { PurgedConversationError } from '../purge/errors.ts'
import { NOBODY_HERE, askedAbout, holdersOf, mayAdmit, mayShare, personsOf, type OwnSide, type PeerIdentity } from './sharing-rule.ts'
import { createStreamRunner, type FrameChannel, type StreamOutput } from './stream-runner.ts'
import { createSyncState, patienceMs, step, type SyncInput, type SyncOutput, type SyncState } from './sync-machine.ts'

export interface SessionComponents {
  conversations: Conversations
  people: People
  clock: Clock
  logger: Logger
  /** Whom this device answers for, now. */
  own: () => OwnSide
  /** Asked when the rules of sharing said yes; everybody is admitted without it. */
  admits?: Admits | undefined
}

/** How far a sync is: blocks handed to the peer, and actions of the peer that are new here and on the disk. */
export interface SyncProgress {
  conversation: CID
  peer: string
  sent: number
  received: number
}

/** What a sync came to. */
export interface SyncResult extends SyncProgress {
  /** Blocks of the peer that we did not take. */
  refused: number
  /** Blocks of ours that the peer did not take. */
  refusedByPeer: number
}

export interface SessionInit extends AbortOptions {
  stream: FrameChannel
  conversation: CID
  live: boolean
  /** We opened the stream, to a peer that may see the conversation; or the peer did, with this hello. */
  opening: Admitted | { hello: HelloFrame }
  onProgress: (progress: SyncProgress) => void
  /** Called once, when both sides have on their disks what the other had. */
  onCurrent: (progress: SyncProgress) => void
  /** Called when more is known of what the peer has. */
  onPosition?: ((position: PeerPosition) => void) | undefined
}

type Output = Exclude<SyncOutput, StreamOutput<SyncFrame>>

/** What goes between us and a peer. */
export interface Admitted {
  /** Whose contact cards belong to it; undefined when we do not hold it, or the peer is not to know. */
  access: Did[] | undefined
  /** How much of it; everything without. */
  view?: LogView | undefined
}

/** Checks that a conversation may go to or come from `peer`; where the peer is not to know of it, it is `hidden`. */
export async function authorise (components: SessionComponents, peer: string, conversation: CID, cards: ContactCard[] = []): Promise<Admitted & { hidden: boolean }> {
  const holder = components.conversations.holder(conversation)
  const holders = await holdersOf(holder)
  const identity = await identify(peer, cards, components)
  const verdict = mayShare(identity, components.own(), holders)
  if (!verdict.ok) throw new NotAllowedError(verdict.reason)
  if (components.conversations.isPurged(conversation)) {
    if (components.conversations.isPurged(conversation, identity.persons)) throw new PurgedConversationError('here')
    return { access: undefined, hidden: true }
  }
  if (holders === undefined) return { access: undefined, hidden: false }
  const { view } = verdict
  const access = view === undefined ? [...holders.access, ...holders.former.map(({ did }) => did)] : await holder.access(view)
  if (components.admits === undefined) return { access, view, hidden: false }
  const answer = await components.admits({ conversation, persons: identity.persons, access: askedAbout(identity, components.own(), holders), held: true, blocks: 0, sizeBytes: 0 })
  if (answer.ok) return { access, view, hidden: false }
  if (answer.unknown !== true) throw new NotAllowedError(answer.reason)
  return { access: undefined, hidden: true }
}

/** As `authorise`, where the peer knows already that the conversation is here. */
export async function authoriseAgain (components: SessionComponents, peer: string, conversation: CID, cards?: ContactCard[]): Promise<Admitted> {
  const { hidden, ...admitted } = await authorise(components, peer, conversation, cards)
  if (hidden) throw new NotAllowedError(NOBODY_HERE)
  return admitted
}

/** Runs one side of the sync of one conversation until it has ended. */
export async function runSession (components: SessionComponents, init: SessionInit): Promise<SyncResult> {
  const { people, clock, logger } = components
  const { stream, conversation } = init
  const peer = stream.peer
  // What the peer is shown: this node, or one where nothing is.
  let side = components
  let holder = components.conversations.holder(conversation)
  const over = new AbortController()
  const counts = { sent: 0, received: 0 }
  let outgoing: Outgoing | undefined
  let peerCards: ContactCard[] = []
  let sentCards: Uint8Array[] = []
  let held: boolean | undefined
  let checkedMs = clock.monotonicNow()
  let view: LogView | undefined
  // What must have happened before the next merge: cards teach us the devices that sign.
  let prepared: Promise<void> = Promise.resolve()
  const authors = new Set<Did>()
  // Between the hellos, too, somebody may be put out.
  const accessWatch = watchAccess(components.conversations, conversation, { signal: over.signal })
  const progress = (): SyncProgress => ({ conversation, peer, ...counts })
  const failed = (error: unknown): void => { runner.fail(error as Error) }
  // What a peer is told from whom all is hidden says nothing of it.
  const peerLog = createPeerLog((kind, frontier) => { if (side === components) init.onPosition?.({ conversation, peer, kind, frontier }) })

  const learn = async (cards: ContactCard[], access: Did[]): Promise<void> => {
    await learnCards(cards, new Set([...access, ...personsOf(side.own())]), components)
  }
  const learnMore = (cards: () => Promise<ContactCard[]>): void => {
    prepared = prepared.then(async () => {
      const { access = [], former = [] } = await holdersOf(holder) ?? {}
      await learn(await cards(), [...access, ...former.map(({ did }) => did)])
    })
    prepared.catch(failed)
  }
  const greet = async (admitted: Admitted): Promise<void> => {
    const { access } = admitted
    view = admitted.view
    const frontier = cutFrontier(await holder.frontier(view), MAX_FRONTIER)
    const { person } = side.own()
    sentCards = await cardsOf([...person === undefined ? [] : [person], ...access ?? []], people)
    runner.dispatch({
      type: 'start',
      hello: {
        v: 1, type: 'hello', conversation, live: init.live, cards: sentCards as Uint8Array<ArrayBuffer>[],
        frontier: frontier.map(({ author, seq, cid }) => [new Uint8Array(author), seq, cid])
      }
    })
  }
  const heard = async (hello: HelloFrame): Promise<void> => {
    peerCards = await readCards(hello.cards, { logger, peer })
    const { hidden, ...admitted } = await authorise(components, peer, conversation, peerCards)
    const { access } = admitted
    if (hidden) {
      if (!('hello' in init.opening)) throw new NotAllowedError(NOBODY_HERE)
      side = blindSide(components)
      holder = side.conversations.holder(conversation)
    }
    if (access !== undefined) await learn(peerCards, access)
    if ('hello' in init.opening) await greet(admitted)
    else view = admitted.view
  }
  /** Decides by its first blocks whether a conversation is taken that we do not hold. */
  const admit = async (blocks: Uint8Array[]): Promise<void> => {
    const access = claimedAccess(blocks)
    const identity = await identify(peer, peerCards, components)
    const guests = await holder.guests()
    const verdict = mayAdmit(identity, side.own(), access, guests)
    if (!verdict.ok) throw new NotAllowedError(verdict.reason)
    await ask(identity, askedAbout(identity, side.own(), { access, former: [], guests }), false, blocks)
    await learn(peerCards, access)
    held = true
  }
  const ask = async ({ persons }: PeerIdentity, access: Did[], isHeld: boolean, blocks: Uint8Array[]): Promise<void> => {
    const sizeBytes = blocks.reduce((sum, block) => sum + block.byteLength, 0)
    const answer = await components.admits?.({ conversation, persons, access, held: isHeld, blocks: blocks.length, sizeBytes })
    if (answer?.ok === false) throw new NotAllowedError(answer.unknown === true ? NOBODY_HERE : answer.reason)
  }
  const askAgain = async (blocks: Uint8Array[]): Promise<void> => {
    const identity = await identify(peer, peerCards, components)
    await ask(identity, askedAbout(identity, side.own(), await holdersOf(holder) ?? { access: [], former: [] }), true, blocks)
  }
  const incoming = createIncoming({ holder, logger }, {
    peer,
    live: init.live,
    signal: over.signal,
    async ready (blocks) {
      await prepared
      held ??= await holder.exists()
      if (!held) await admit(blocks)
      else if (components.admits !== undefined) await askAgain(blocks)
    },
    onJudged (judged) {
      counts.received += judged.fresh
      // Whoever was added by what came is one whose card counts now.
      if (judged.fresh > 0 && peerCards.length > 0) learnMore(async () => peerCards)
      runner.dispatch({ type: 'merged', ...judged })
      init.onProgress(progress())
    },
    onFailed: failed
  })
  /** Looks again, now and then, whether the peer may have what comes next, and tells it of people whose devices it may not know. */
  const beforeLive = async (by: Set<Did>): Promise<LogView | undefined> => {
    const unseen = [...by].some(author => !authors.has(author))
    if (!unseen && clock.monotonicNow() - checkedMs < RECHECK_MS) return view
    checkedMs = clock.monotonicNow()
    for (const author of by) authors.add(author)
    const admitted = await authoriseAgain(components, peer, conversation, peerCards)
    view = admitted.view
    const cards = await cardsOf(admitted.access ?? [], people)
    const newer = cards.filter(card => !sentCards.some(sent => equals(sent, card)))
    sentCards = cards
    if (newer.length > 0) runner.dispatch({ type: 'cards', cards: newer })
    return view
  }
  const viewNow = async (again: boolean): Promise<LogView | undefined> => {
    if (again && side === components) view = (await authoriseAgain(components, peer, conversation, peerCards)).view
    return view
  }
  /** A peer that claimed more than it sent keeps something back, or lies. */
  const compare = async (claimed: FrontierEntry[]): Promise<void> => {
    const ours = await holder.frontier()
    const missing = countMissing(claimed, ours)
    // Of a fork each had a branch that the other did not know of: they agree when they meet again.
    const branches = missing === 0 ? [] : behindOurs(claimed, ours)
    const isForked = branches.length > 0 && !await holder.covers(branches)
    if (missing > 0 && !isForked) throw new UnservedFrontierError(missing)
    runner.dispatch({ type: 'compared' })
  }
  const pull = async (): Promise<void> => {
    const blocks = await outgoing?.next()
    if (over.signal.aborted) return
    counts.sent += blocks?.length ?? 0
    peerLog.handed(blocks === undefined ? 0 : 1, outgoing?.given())
    runner.dispatch({ type: 'page', blocks: blocks as Uint8Array<ArrayBuffer>[] | undefined })
    if (blocks !== undefined) init.onProgress(progress())
  }
  const perform = (output: Output): void => {
    switch (output.type) {
      case 'heard':
        prepared = heard(output.hello)
        prepared.catch(failed)
        break
      case 'open': {
        peerLog.hello(entriesOf(output.peer))
        outgoing = createOutgoing({ conversations: side.conversations, logger }, { conversation, peer, frontier: entriesOf(output.peer), live: output.live, accessWatch, persons: async () => (await identify(peer, peerCards, components)).persons, view: viewNow, beforeLive, signal: over.signal })
        break
      }
      case 'learn':
        learnMore(async () => await readCards(output.cards, { logger, peer }))
        break
      case 'pull': pull().catch(failed); break
      case 'merge': incoming.add(output.batch); break
      case 'compare': compare(entriesOf(output.peer)).catch(failed); break
      case 'current': init.onCurrent(progress()); break
    }
  }
  const runner = createStreamRunner<SyncState, SyncInput, Output, SyncFrame>({ stream, clock, logger }, {
    state: createSyncState(conversation),
    step,
    patienceMs,
    codec: syncFrameCodec,
    onFrame (frame) {
      if (frame.type === 'ack') peerLog.acknowledged(frame.through, frame.refused)
      return { type: 'frame', frame }
    },
    closed: { type: 'closed' },
    perform,
    refuse: refuseFrame,
    interrupted: (_state, cause) => new SyncInterruptedError(peer, counts, { cause })
  })
  // What was told of already is counted and acknowledged before a live stream ends.
  const stop = (): void => { void incoming.judged().then(() => { runner.dispatch({ type: 'stop' }) }) }
  const stopsInOrder = init.live && init.signal?.aborted !== true
  if (stopsInOrder) init.signal?.addEventListener('abort', stop, { once: true })
  const offPurged = components.conversations.on('purged', purged => { if (purged.conversation.equals(conversation)) failed(new PurgedConversationError('here')) })
  try {
    if ('hello' in init.opening) runner.dispatch({ type: 'frame', frame: init.opening.hello })
    else await greet(init.opening)
    const state = await runner.run({ signal: stopsInOrder ? undefined : init.signal })
    await prepared
    return { ...progress(), refused: state.refused, refusedByPeer: state.refusedByPeer }
  } finally {
    init.signal?.removeEventListener('abort', stop)
    offPurged()
    over.abort()
    outgoing?.stop()
  }

}

function entriesOf (hello: HelloFrame): FrontierEntry[] {
  return hello.frontier.map(([author, seq, cid]) => ({ author, seq, cid }))
}
