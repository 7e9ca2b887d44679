import type { Logger } from '@parley/core'
import type { Conversations, MailboxItem, Sync } from '@parley/conversations'
import type { Did, People } from '@parley/identity'
import { equals } from 'uint8arrays'
import type { Captures } from './captures.ts'
import type { Inbox } from './inbox.ts'
import type { DeviceRoute } from './routes.ts'
import type { Watch } from './watch.ts'

/** What a proxy puts into its person's mailbox. */
export const MAILBOX_KINDS = {
  /** Somebody began to speak; the payload is the capture's signed record. */
  capture: 'capture',
  /** A message ended, whole or cut off; the payload is its capture's signed record. */
  message: 'message',
  /** The log of a conversation grew; there is no payload. */
  conversation: 'conversation',
  /** The device list of somebody whom the person knows grew; the payload is the list. */
  list: 'device-list'
} as const

export interface HandlerComponents {
  sync: Sync
  captures: Captures
  conversations: Conversations
  inbox: Inbox
  watch: Watch
  people: People
  logger: Logger
  /** Tells whether somebody is our person, by a former key too. */
  isOwn(person: Did): boolean
}

/** Creates what deals with a mailbox item: once it resolves, all that the item announces is on this device. */
export function createHandler ({ sync, captures, conversations, inbox, watch, people, logger, isOwn }: HandlerComponents): (item: MailboxItem, proxy: DeviceRoute) => Promise<'refused' | undefined> {
  return async (item, proxy) => {
    if (item.kind === MAILBOX_KINDS.list) {
      try {
        await people.learnList(item.payload)
        return undefined
      } catch (error) {
        // What a proxy cannot make good is let go of: it would come again and again.
        logger.warn('a proxy handed on a device list that is none', { proxy: proxy.device, error })
        return 'refused'
      }
    }
    if (item.conversation === null) return 'refused'
    if (item.kind === MAILBOX_KINDS.conversation) {
      await sync.sync(item.conversation, proxy)
      return undefined
    }
    if (item.kind !== MAILBOX_KINDS.capture && item.kind !== MAILBOX_KINDS.message) {
      logger.info('a proxy holds something this version does not know', { kind: item.kind })
      return 'refused'
    }
    const notice = await captures.learn(proxy.device, item.payload)
    if (!isOwn(notice.onBehalfOf)) return 'refused'
    await sync.sync(notice.conversation, proxy)
    const state = await (await conversations.open(notice.conversation)).state()
    const message = state.messages.find(({ voice }) => voice !== undefined && equals(voice.voice, notice.voice))
    if (message === undefined) {
      logger.warn('a proxy keeps a message that its conversation does not know', { conversation: notice.conversation.toString() })
      return 'refused'
    }
    if (notice.state !== 'recording') await inbox.fetch(state, message)
    await watch.look(notice.conversation)
    return undefined
  }
}
