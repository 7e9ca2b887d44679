import { UnknownPersonError, type Content } from '@parley/conversations'
import { systemRandom } from '@parley/core'
import { publicKeyFromDid } from '@parley/identity'
import { toString } from 'uint8arrays'
import { asUsage } from '../as-usage.ts'
import type { CommandDefinition } from '../command.ts'
import { tellWritten } from '../conversation/in-conversation.ts'
import { peopleNamed, permissionOf } from '../conversation/people.ts'
import { readText } from '../conversation/read-text.ts'
import { readTime } from '../conversation/time.ts'
import { UsageError } from '../errors.ts'
import { oneLine } from '../terminal-text.ts'

export const conversationNew: CommandDefinition = {
  usage: 'conversation new',
  summary: 'begin a conversation with people you know, or with yourself alone',
  options: [
    { flags: '--with <who...>', description: 'who takes part: names, DIDs, groups' },
    { flags: '--subject <text>', description: 'what it is about' },
    { flags: '--permission <what>', description: 'what they may do: read, comment, write or full', default: 'write' },
    { flags: '--message <text>', description: 'the first message; - reads it from standard input' },
    { flags: '--markdown', description: 'the message is Markdown' },
    { flags: '--expires <when>', description: 'when it ends: a date, or 2h, 7d' }
  ],
  examples: ['parley conversation new --with Bob Carol --subject Dinner --message "Are you hungry?"', 'parley conversation new --with Chess --permission comment --subject Rules --message - < rules.md --markdown'],
  async action (context, _args, options) {
    const { with: who = [], subject = '', permission: given, message, markdown, expires } = options as { with?: string[], subject?: string, permission?: string, message?: string, markdown?: boolean, expires?: string }
    const permission = permissionOf('--permission', given) ?? 'write'
    if (who.length === 0 && message === undefined && subject === '') throw new UsageError('Say who takes part with --with, or what it is about with --subject')
    if (markdown === true && message === undefined) throw new UsageError('--markdown goes with --message')
    const expiresAt = expires === undefined ? undefined : readTime('--expires', expires, { now: context.io.clock.now() })
    const body = message === undefined ? undefined : await readText(context.io, message)
    return await context.withParley(async parley => {
      const people = await peopleNamed(parley, who)
      const id = systemRandom(16)
      const contents: Content[] = [
        ...(await Promise.all(people.map(async (did): Promise<Content> => {
          const list = await parley.people.list(did)
          if (list === undefined) throw new UnknownPersonError(did)
          return { verb: 'add', thing: 'participant', person: publicKeyFromDid(did), permission, history: 'all', ...(list.name === '' ? {} : { name: list.name }) }
        }))),
        ...(expiresAt === undefined ? [] : [{ verb: 'modify', thing: 'expiry', expiresAt, follows: null } satisfies Content]),
        ...(body === undefined ? [] : [{ verb: 'add', thing: 'message', message: id, body, format: markdown === true ? 'markdown' : 'plain' } satisfies Content])
      ]
      const conversation = await asUsage('A conversation cannot be like that', async () => await parley.conversations.create({ subject, participants: [], contents }, { durable: true }))
      return await tellWritten(context, parley, conversation.id, {
        value: { subject, participants: people, message: body === undefined ? null : toString(id, 'hex') },
        words: `Began ${subject === '' ? 'a conversation' : `“${oneLine(subject)}”`}: ${conversation.id.toString()}`
      })
    })
  }
}
