import type { ConversationDraft } from '@parley/conversations'
import type { Parley } from 'parley'
import { asUsage } from '../as-usage.ts'
import type { CommandContext, CommandDefinition } from '../command.ts'
import { draftChange, draftOptions } from '../conversation/draft-change.ts'
import { draftCalled, draftText, jsonDraft } from '../conversation/draft-text.ts'
import { tellKept, tellWritten } from '../conversation/in-conversation.ts'
import { UsageError } from '../errors.ts'
import { moment, table } from '../output.ts'
import { oneLine, shortened } from '../terminal-text.ts'

const DURABLE = { durable: true }
const UNFIT = 'A draft cannot be like that'
const ID_CHARS = 8

export const draftNew: CommandDefinition = {
  usage: 'draft new',
  summary: 'begin a conversation that nobody sees but your own devices, until you publish it',
  options: draftOptions,
  examples: ['parley draft new --with Bob --subject Dinner --message "Are you hungry?"', 'parley draft new --subject Rules --message - --markdown < rules.md'],
  action: async (context, _args, options) => await context.withParley(async parley => {
    const id = await asUsage(UNFIT, async () => await parley.drafts.create(await draftChange(context.io, parley, options), DURABLE))
    return await tellDraft(context, parley, await parley.drafts.get(id))
  })
}

export const draftEdit: CommandDefinition = {
  usage: 'draft edit <draft>',
  summary: 'change a draft: subject, people, messages, labels, when it ends',
  options: [
    ...draftOptions,
    { flags: '--without <who...>', description: 'who takes no part any more' },
    { flags: '--replace <item>', description: 'the message in the place of which --message comes' },
    { flags: '--remove <item...>', description: 'messages, labels and other items to take out' }
  ],
  examples: ['parley draft edit a1b2c3 --subject "Dinner on Friday" --with Carol', 'parley draft edit a1b2c3 --replace d4e5f6 --message "Are you very hungry?"'],
  async action (context, [text = ''], options) {
    if (![...draftOptions.map(({ flags }) => /^--(\w+)/.exec(flags)?.[1] ?? ''), 'without', 'remove'].some(name => options[name] !== undefined)) throw new UsageError('Nothing to change: see parley draft edit --help')
    return await context.withParley(async parley => {
      const draft = await draftCalled(parley, text)
      await asUsage(UNFIT, async () => { await parley.drafts.edit(draft.id, await draftChange(context.io, parley, options, draft), DURABLE) })
      return await tellDraft(context, parley, await parley.drafts.get(draft.id))
    })
  }
}

async function tellDraft (context: CommandContext, parley: Parley, draft: ConversationDraft): Promise<number> {
  return await tellKept(context, parley, { value: await jsonDraft(parley, draft), words: (await draftText(parley, draft)).trimEnd() })
}

export const draftList: CommandDefinition = {
  usage: 'draft list',
  summary: 'list your drafts, the oldest first',
  examples: ['parley draft list', 'parley draft list --json'],
  async action ({ output, withParley }) {
    await withParley(async parley => {
      const drafts: ConversationDraft[] = []
      for await (const draft of parley.drafts.list()) drafts.push(draft)
      drafts.sort((a, b) => a.begun - b.begun)
      const rows = await Promise.all(drafts.map(async ({ id, begun, subject, participants, items }) =>
        [id.slice(0, ID_CHARS), moment(begun), shortened(subject, 40), (await Promise.all(participants.map(async ({ did }) => await parley.nameOf(did)))).join(', '), String(items.length)]))
      output.result(await Promise.all(drafts.map(async draft => await jsonDraft(parley, draft))), drafts.length === 0
        ? 'No drafts. Begin one with: parley draft new\n'
        : table(['ID', 'BEGUN', 'SUBJECT', 'FOR', 'ITEMS'], rows))
    })
    return undefined
  }
}

export const draftShow: CommandDefinition = {
  usage: 'draft show <draft>',
  summary: 'show a draft',
  examples: ['parley draft show a1b2c3'],
  async action ({ output, withParley }, [text = '']) {
    await withParley(async parley => {
      const draft = await draftCalled(parley, text)
      output.result(await jsonDraft(parley, draft), await draftText(parley, draft))
    })
    return undefined
  }
}

export const draftPublish: CommandDefinition = {
  usage: 'draft publish <draft>',
  summary: 'make a conversation of a draft, and bring it to those who take part; repeat it when it was interrupted',
  examples: ['parley draft publish a1b2c3'],
  async action (context, [text = '']) {
    return await context.withParley(async parley => {
      const { id, subject } = await draftCalled(parley, text)
      const conversation = await asUsage('This cannot be published', async () => await parley.drafts.publish(id, { signal: context.io.signal }))
      return await tellWritten(context, parley, conversation.id, { value: { draft: id, subject }, words: `Published ${subject === '' ? 'the draft' : `“${oneLine(subject)}”`}: ${conversation.id.toString()}` })
    })
  }
}

export const draftDiscard: CommandDefinition = {
  usage: 'draft discard <draft>',
  summary: 'delete a draft on all your devices',
  examples: ['parley draft discard a1b2c3'],
  async action (context, [text = '']) {
    return await context.withParley(async parley => {
      const { id } = await draftCalled(parley, text)
      await parley.drafts.discard(id, DURABLE)
      return await tellKept(context, parley, { value: { discarded: id }, words: `Deleted the draft ${id}` })
    })
  }
}
