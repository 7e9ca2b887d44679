import { didFromPeerId, publicKeyFromDid, type ContactCard } from '@parley/identity'
import { cardsOf, readCards } from '../sync/contact-cards.ts'
import { NotAllowedError } from '../sync/errors.ts'
import { authorise, type SessionComponents } from '../sync/session.ts'
import { NOBODY_HERE } from '../sync/sharing-rule.ts'
import type { AskFrame, WindowFrame } from './frames.ts'
import { MAX_WINDOW_FRAME_BLOCKS_BYTES } from './limits.ts'

/** Yields the frames that answer a peer which may see the conversation. */
export async function * answerWindow (session: SessionComponents, peer: string, { conversation, before, count, cards }: AskFrame): AsyncGenerator<WindowFrame> {
  const brought: ContactCard[] = await readCards(cards, { logger: session.logger, peer })
  const { access, view, hidden } = await authorise(session, peer, conversation, brought)
  const holder = session.conversations.holder(conversation)
  const basics = hidden || access === undefined ? undefined : await holder.basics()
  if (access === undefined || basics === undefined) throw new NotAllowedError(NOBODY_HERE)
  const { keys, blocks } = await holder.window({ before: before ?? undefined, count, device: publicKeyFromDid(didFromPeerId(peer)) }, view)
  yield {
    v: 1,
    type: 'head',
    basics: new Uint8Array(basics),
    keys: keys.map(bytes => new Uint8Array(bytes)),
    cards: await cardsOf(access, session.people)
  }
  let part: Uint8Array<ArrayBuffer>[] = []
  let size = 0
  for (const block of blocks) {
    if (part.length > 0 && size + block.length > MAX_WINDOW_FRAME_BLOCKS_BYTES) {
      yield { v: 1, type: 'blocks', blocks: part, last: false }
      part = []
      size = 0
    }
    part.push(new Uint8Array(block))
    size += block.length
  }
  yield { v: 1, type: 'blocks', blocks: part, last: true }
}
