import type { StoredAction } from '@parley/conversations'
import type { CommandDefinition } from '../command.ts'
import { openConversation, tellWritten, writeIn } from '../conversation/in-conversation.ts'
import { namesIn, participantNamed, peopleNamed, permissionOf } from '../conversation/people.ts'
import { asUsage } from '../as-usage.ts'
import { UsageError } from '../errors.ts'
import { createQuestions } from '../questions.ts'

const DURABLE = { durable: true }
const HISTORIES = ['all', 'from-now'] as const

export const conversationInvite: CommandDefinition = {
  usage: 'conversation invite <id> <who...>',
  summary: 'let people into a conversation',
  options: [
    { flags: '--permission <what>', description: 'what they may do: read, comment, write or full; never more than you', default: 'write' },
    { flags: '--history <part>', description: 'what they may read: all, or from-now', default: 'all' }
  ],
  examples: ['parley conversation invite bafy… Carol', 'parley conversation invite bafy… Chess --permission comment --history from-now'],
  async action (context, [id = '', ...who], options) {
    const permission = permissionOf('--permission', options['permission'] as string)
    const history = HISTORIES.find(one => one === options['history'])
    if (history === undefined) throw new UsageError(`--history takes one of ${HISTORIES.join(', ')}, not "${String(options['history'])}"`)
    return await writeIn(context, id, async ({ parley, conversation, state }) => {
      const known = new Set(state.participants.map(({ did }) => did))
      const people = (await peopleNamed(parley, who)).filter(did => !known.has(did))
      if (people.length === 0) throw new UsageError('Everybody who is named is in this conversation already')
      const actions: StoredAction[] = []
      for (const did of people) actions.push(await conversation.invite(did, { permission, history }, DURABLE))
      const names = await Promise.all(people.map(async did => await parley.nameOf(did)))
      return { value: { invited: people, permission, history, actions: actions.map(({ cid }) => cid.toString()) }, words: `${names.join(', ')}: in this conversation now, may ${permission ?? 'write'}` }
    })
  }
}

export const conversationPermission: CommandDefinition = {
  usage: 'conversation permission <id> <who> <permission>',
  summary: 'change what somebody may do: read, comment, write or full; needs full permission of your own',
  examples: ['parley conversation permission bafy… Carol comment'],
  async action (context, [id = '', who = '', given = '']) {
    const permission = permissionOf('The permission', given)
    if (permission === undefined) throw new UsageError('Say what they may do')
    return await writeIn(context, id, async ({ parley, conversation, state }) => {
      const did = await participantNamed(parley, state, who)
      const { cid } = await conversation.setPermission(did, permission, DURABLE)
      return { value: { did, permission, action: cid.toString() }, words: `${await parley.nameOf(did)} may ${permission} from now on` }
    })
  }
}

export const conversationRemove: CommandDefinition = {
  usage: 'conversation remove <id> <who>',
  summary: 'take somebody out of a conversation; they keep what was said until then; needs full permission',
  examples: ['parley conversation remove bafy… Carol'],
  async action (context, [id = '', who = '']) {
    return await writeIn(context, id, async ({ parley, conversation, state }) => {
      const did = await participantNamed(parley, state, who)
      if (did === parley.person) throw new UsageError('To go yourself: parley conversation leave')
      const name = (await namesIn(parley, state))(did)
      const { cid } = await conversation.remove(did, DURABLE)
      return { value: { removed: did, action: cid.toString() }, words: `${name} is out of this conversation` }
    })
  }
}

export const conversationLeave: CommandDefinition = {
  usage: 'conversation leave <id>',
  summary: 'go out of a conversation; you keep what was said until now, and come back only if somebody lets you in',
  options: [{ flags: '--yes', description: 'do not ask' }],
  examples: ['parley conversation leave bafy… --yes'],
  async action (context, [text = ''], { yes }) {
    return await context.withParley(async parley => {
      const { conversation, state, id } = await openConversation(parley, text)
      if (yes !== true && !await createQuestions(context.io).confirm(`Leave “${state.subject ?? ''}”?`)) throw new UsageError('You are in it still')
      const { cid } = await asUsage('You cannot leave', async () => await conversation.leave(DURABLE))
      return await tellWritten(context, parley, id, { value: { left: true, action: cid.toString() }, words: 'You left this conversation' })
    })
  }
}
