import { type AbortOptions, type CID, type Clock, type Logger } from '@parley/core'
import type { ContactCard, Did, People } from '@parley/identity'
import { equals } from 'uint8arrays'
import type { Conversations, FrontierEntry } from '../types.ts'
import { blindSide, type Admits } from './admission.ts'
import { cardsOf, identify, learnCards, readCards } from './contact-cards.ts'
import { NotAllowedError, SyncInterruptedError, UnservedFrontierError } from './errors.ts'
import { refuseFrame, syncFrameCodec, type HelloFrame, type SyncFrame } from './frames.ts'
import { countMissing } from './frontier.ts'
import { claimedAccess, createIncoming } from './incoming.ts'
import { MAX_FRONTIER, RECHECK_MS } from './limits.ts'
import { createOutgoing, type Outgoing } from './outgoing.ts'
import { NOBODY_HERE, mayAdmit, mayShare, personsOf, type OwnSide, type PeerIdentity } from './sharing-rule.ts'
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
  opening: { access: Did[] | undefined } | { hello: HelloFrame }
  onProgress: (progress: SyncProgress) => void
  /** Called once, when both sides have on their disks what the other had. */
  onCurrent: (progress: SyncProgress) => void
}

type Output = Exclude<SyncOutput, StreamOutput<SyncFrame>>

/** Checks that a conversation may go to or come from `peer`; `undefined` access when we do not hold it, or the peer is not to know: then it is `hidden`. */
export async function authorise (components: SessionComponents, peer: string, conversation: CID, cards: ContactCard[] = []): Promise<{ access: Did[] | undefined, hidden: boolean }> {
  const holder = components.conversations.holder(conversation)
  const access = await holder.exists() ? await holder.access() : undefined
  const identity = await identify(peer, cards, components)
  const verdict = mayShare(identity, components.own(), access)
  if (!verdict.ok) throw new NotAllowedError(verdict.reason)
  if (access === undefined || components.admits === undefined) return { access, hidden: false }
  const answer = await components.admits({ conversation, persons: identity.persons, access, held: true, blocks: 0, sizeBytes: 0 })
  if (answer.ok) return { access, hidden: false }
  if (answer.unknown !== true) throw new NotAllowedError(answer.reason)
  return { access: undefined, hidden: true }
}

/** As `authorise`, where the peer knows already that the conversation is here. */
export async function authoriseAgain (components: SessionComponents, peer: string, conversation: CID): Promise<{ access: Did[] | undefined }> {
  const { access, hidden } = await authorise(components, peer, conversation)
  if (hidden) throw new NotAllowedError(NOBODY_HERE)
  return { access }
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
  // What must have happened before the next merge: cards teach us the devices that sign.
  let prepared: Promise<void> = Promise.resolve()
  const authors = new Set<Did>()
  const progress = (): SyncProgress => ({ conversation, peer, ...counts })
  const failed = (error: unknown): void => { runner.fail(error as Error) }

  const learn = async (cards: ContactCard[], access: Did[]): Promise<void> => {
    await learnCards(cards, new Set([...access, ...personsOf(side.own())]), components)
  }
  const greet = async (access: Did[] | undefined): Promise<void> => {
    const frontier = (await holder.frontier()).slice(0, MAX_FRONTIER)
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
    const { access, hidden } = await authorise(components, peer, conversation, peerCards)
    if (hidden) {
      if (!('hello' in init.opening)) throw new NotAllowedError(NOBODY_HERE)
      side = blindSide(components)
      holder = side.conversations.holder(conversation)
    }
    if (access !== undefined) await learn(peerCards, access)
    if ('hello' in init.opening) await greet(access)
  }
  /** Decides by its first blocks whether a conversation is taken that we do not hold. */
  const admit = async (blocks: Uint8Array[]): Promise<void> => {
    const access = claimedAccess(blocks)
    const identity = await identify(peer, peerCards, components)
    const verdict = mayAdmit(identity, side.own(), access)
    if (!verdict.ok) throw new NotAllowedError(verdict.reason)
    await ask(identity, access, false, blocks)
    await learn(peerCards, access)
    held = true
  }
  const ask = async ({ persons }: PeerIdentity, access: Did[], isHeld: boolean, blocks: Uint8Array[]): Promise<void> => {
    const sizeBytes = blocks.reduce((sum, block) => sum + block.byteLength, 0)
    const answer = await components.admits?.({ conversation, persons, access, held: isHeld, blocks: blocks.length, sizeBytes })
    if (answer?.ok === false) throw new NotAllowedError(answer.unknown === true ? NOBODY_HERE : answer.reason)
  }
  const incoming = createIncoming({ holder, logger }, {
    peer,
    live: init.live,
    signal: over.signal,
    async ready (blocks) {
      await prepared
      held ??= await holder.exists()
      if (!held) await admit(blocks)
      else if (components.admits !== undefined) await ask(await identify(peer, peerCards, components), await holder.access(), true, blocks)
    },
    onJudged (judged) {
      counts.received += judged.fresh
      runner.dispatch({ type: 'merged', ...judged })
      init.onProgress(progress())
    },
    onFailed: failed
  })
  /** Looks again, now and then, whether the peer may have what comes next, and tells it of people whose devices it may not know. */
  const beforeLive = async (by: Set<Did>): Promise<void> => {
    const unseen = [...by].some(author => !authors.has(author))
    if (!unseen && clock.monotonicNow() - checkedMs < RECHECK_MS) return
    checkedMs = clock.monotonicNow()
    for (const author of by) authors.add(author)
    const { access } = await authoriseAgain(components, peer, conversation)
    const cards = await cardsOf(access ?? [], people)
    const newer = cards.filter(card => !sentCards.some(sent => equals(sent, card)))
    sentCards = cards
    if (newer.length > 0) runner.dispatch({ type: 'cards', cards: newer })
  }
  /** A peer that claimed more than it sent keeps something back, or lies. */
  const compare = async (claimed: FrontierEntry[]): Promise<void> => {
    const missing = countMissing(claimed, await holder.frontier())
    if (missing > 0) throw new UnservedFrontierError(missing)
    runner.dispatch({ type: 'compared' })
  }
  const pull = async (): Promise<void> => {
    const blocks = await outgoing?.next()
    if (over.signal.aborted) return
    counts.sent += blocks?.length ?? 0
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
        outgoing = createOutgoing({ conversations: side.conversations, logger }, { conversation, peer, frontier: entriesOf(output.peer), live: output.live, beforeLive, signal: over.signal })
        break
      }
      case 'learn':
        prepared = prepared.then(async () => { await learn(await readCards(output.cards, { logger, peer }), await holder.access()) })
        prepared.catch(failed)
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
    onFrame: frame => ({ type: 'frame', frame }),
    closed: { type: 'closed' },
    perform,
    refuse: refuseFrame,
    interrupted: (_state, cause) => new SyncInterruptedError(peer, counts, { cause })
  })
  // What was told of already is counted and acknowledged before a live stream ends.
  const stop = (): void => { void incoming.judged().then(() => { runner.dispatch({ type: 'stop' }) }) }
  const stopsInOrder = init.live && init.signal?.aborted !== true
  if (stopsInOrder) init.signal?.addEventListener('abort', stop, { once: true })
  try {
    if ('hello' in init.opening) runner.dispatch({ type: 'frame', frame: init.opening.hello })
    else await greet(init.opening.access)
    const state = await runner.run({ signal: stopsInOrder ? undefined : init.signal })
    return { ...progress(), refused: state.refused, refusedByPeer: state.refusedByPeer }
  } finally {
    init.signal?.removeEventListener('abort', stop)
    over.abort()
    outgoing?.stop()
  }

}

function entriesOf (hello: HelloFrame): FrontierEntry[] {
  return hello.frontier.map(([author, seq, cid]) => ({ author, seq, cid }))
}
