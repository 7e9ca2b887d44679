import { bytesSchema, createCodec, withTimeout, type AbortOptions, type Clock, type Codec, type Logger } from '@parley/core'
import { ProtocolViolationError } from '@parley/conversations'
import { MAX_CONTACT_CARD_BYTES, WrongPersonError, decodeContactCard, didFromPeerId, didFromPublicKey, publicKeyFromDid, rolesOf, type ContactCard, type Did, type People } from '@parley/identity'
import type { FrameStream, Network, PeerTarget } from '@parley/network'
import * as z from 'zod/mini'
import { createAllowances } from './allowances.ts'
import { CardUnavailableError } from './errors.ts'

/** One request and one answer on a direct stream: the contact card of a person. */
export const CARD_PROTOCOL = '/parley/card/1'

/** Why no card is given; nobody learns more about a person than that there is nothing. */
export type CardRefusal = 'unknown' | 'busy'

/** What is asked: whose card, and the asker's own so that an answer can find them. */
export type CardRequest = { v: 1, want: Uint8Array<ArrayBuffer>, card?: Uint8Array<ArrayBuffer> | undefined }
export type CardAnswer = { v: 1, ok: true, card: Uint8Array<ArrayBuffer> } | { v: 1, ok: false, reason: CardRefusal }

const v = z.literal(1)
const card = bytesSchema({ maxBytes: MAX_CONTACT_CARD_BYTES })
const MAX_FRAME_BYTES = MAX_CONTACT_CARD_BYTES + 128

export const cardRequestCodec: Codec<CardRequest> = createCodec('card request', z.strictObject({
  v, want: bytesSchema({ exactBytes: 32 }), card: z.optional(card)
}), { maxBytes: MAX_FRAME_BYTES })

export const cardAnswerCodec: Codec<CardAnswer> = createCodec('card answer', z.discriminatedUnion('ok', [
  z.strictObject({ v, ok: z.literal(true), card }),
  z.strictObject({ v, ok: z.literal(false), reason: z.enum(['unknown', 'busy']) })
]), { maxBytes: MAX_FRAME_BYTES })

/** How long one frame is waited for. */
const FRAME_TIMEOUT_MS = 10_000
/** A peer asks for some cards at once, for instance of everybody in its book whom one proxy serves, and then now and then. */
const REQUESTS = { burst: 32, perSecond: 0.5 }
/** Cards of people nobody here had heard of, from all peers together: each takes room on the disk for good. */
const NEW_PEOPLE = { burst: 32, perSecond: 1 / 60 }
const MAX_STREAMS_PER_PEER = 4

/**
 * Asks a device or a proxy for the card of a person.
 *
 * @param target whom to ask; need not be known yet, for the card proves itself
 * @returns the card, genuine and of that person; whether it expired is for the caller to say
 * @throws {CardUnavailableError} when it gives none
 * @throws {WrongPersonError} when it gives the card of somebody else
 * @throws {ProtocolViolationError | InvalidBytesError | OversizedBytesError | InvalidSignatureError | TimeoutError}
 * @throws what `Network.open` throws
 */
export async function fetchCard ({ network, clock }: { network: Network, clock: Clock }, target: PeerTarget, person: Did, { card, signal }: AbortOptions & {
  /** Our own card, so that whoever is asked knows where to find us. @default none */
  card?: Uint8Array | undefined
} = {}): Promise<ContactCard> {
  const stream = await network.open(target, CARD_PROTOCOL, { signal, maxFrameBytes: MAX_FRAME_BYTES })
  try {
    await stream.send(cardRequestCodec.encode({ v: 1, want: publicKeyFromDid(person).slice(), ...(card === undefined ? {} : { card: card.slice() }) }), { signal })
    const answer = cardAnswerCodec.decode(await receive(stream, clock, signal))
    if (!answer.ok) throw new CardUnavailableError(person, answer.reason)
    const found = await decodeContactCard(answer.card)
    if (found.list.person !== person) throw new WrongPersonError(person, found.list.person)
    await stream.close()
    return found
  } catch (error) {
    stream.abort(error as Error)
    throw error
  }
}

export interface CardServingComponents {
  network: Network
  people: People
  clock: Clock
  logger: Logger
}

/**
 * Answers requests for cards until the returned function is called: a device
 * for its own person, a proxy for those it serves. What an asker says of
 * itself is learned when its connection proves that it is a device of the
 * person it names.
 *
 * @param init.cardOf returns a card that is good now, or undefined for whoever is nobody here
 */
export async function serveCards ({ network, people, clock, logger }: CardServingComponents, { cardOf }: { cardOf(person: Did): Promise<Uint8Array | undefined> }): Promise<() => Promise<void>> {
  const log = logger.child('cards')
  const requests = createAllowances({ clock }, REQUESTS)
  const newPeople = createAllowances({ clock }, NEW_PEOPLE)

  const learn = async (peer: string, bytes: Uint8Array): Promise<void> => {
    const { list } = await decodeContactCard(bytes)
    if (rolesOf(list, didFromPeerId(peer), clock.now()).length === 0) return
    if (await people.list(list.person) === undefined && !newPeople.take('everybody')) return
    await people.learnCard(bytes)
  }
  const answer = async (stream: FrameStream): Promise<CardAnswer> => {
    const request = cardRequestCodec.decode(await receive(stream, clock, stream.signal))
    if (!requests.take(stream.peer)) return refused('busy')
    if (request.card !== undefined) {
      // A card that cannot be taken over is no reason to give none.
      await learn(stream.peer, request.card).catch((error: unknown) => { log.warn('the card of an asker was refused', { peer: stream.peer, error }) })
    }
    const found = await cardOf(didFromPublicKey(request.want))
    return found === undefined ? refused('unknown') : { v: 1, ok: true, card: found.slice() }
  }

  return await network.handle(CARD_PROTOCOL, async stream => {
    try {
      const frame = cardAnswerCodec.encode(await answer(stream))
      await withTimeout(stream.send(frame), 'Giving a card', FRAME_TIMEOUT_MS, clock)
      await stream.close()
    } catch (error) {
      log.warn('a request for a card was refused', { peer: stream.peer, error })
      stream.abort(error as Error)
    }
  }, { maxFrameBytes: MAX_FRAME_BYTES, maxStreamsPerPeer: MAX_STREAMS_PER_PEER })
}

function refused (reason: CardRefusal): CardAnswer {
  return { v: 1, ok: false, reason }
}

async function receive (stream: FrameStream, clock: Clock, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const frame = await withTimeout(stream.receive({ signal }), `The card frame of ${stream.peer}`, FRAME_TIMEOUT_MS, clock)
  if (frame === undefined) throw new ProtocolViolationError(CARD_PROTOCOL, 'it closed the stream where a frame was due')
  return frame
}
