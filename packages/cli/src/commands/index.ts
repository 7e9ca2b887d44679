import type { CommandDefinition } from '../command.ts'
import { call, reply } from './call.ts'
import { contactAdd, contactList, contactRemove } from './contact.ts'
import { conversationList, conversationShow } from './conversation.ts'
import { deviceStart } from './device.ts'
import { idCard, idCreate, idShow } from './id.ts'
import { inbox } from './inbox.ts'
import { play } from './play.ts'
import { proxyAdd, proxyStart, proxyStatus } from './proxy.ts'

/** Every command, in the order of the help text. */
export const commands: CommandDefinition[] = [
  idCreate, idShow, idCard,
  contactAdd, contactList, contactRemove,
  proxyStart, proxyStatus, proxyAdd,
  deviceStart,
  call, inbox, play, reply,
  conversationList, conversationShow
]
