import type { Contact, ContactEdit } from '@parley/identity'
import { asUsage } from '../as-usage.ts'
import type { CommandDefinition } from '../command.ts'
import { jsonContact } from '../contact-text.ts'
import { UsageError } from '../errors.ts'
import { createQuestions } from '../questions.ts'
import { anyContact, isMadeUp } from '../who.ts'

const TYPES = ['person', 'shared', 'bot'] as const

export const contactEdit: CommandDefinition = {
  usage: 'contact edit <who>',
  summary: 'change what you call somebody and what you note of them',
  options: [
    { flags: '--name <name>', description: 'what you call them' },
    { flags: '--note <text>', description: 'a note of your own; "" takes it away' },
    { flags: '--label <label...>', description: 'labels to add' },
    { flags: '--unlabel <label...>', description: 'labels to take away' },
    { flags: '--type <type>', description: 'what they are: person, shared (an account that several act for) or bot' }
  ],
  examples: ['parley contact edit Bob --name "Bob from work" --label work chess', 'parley contact edit Bob --note "Met in Rome" --unlabel chess', 'parley contact edit Helpdesk --type shared'],
  async action ({ output, withParley }, [who = ''], options) {
    const { name, note, label, unlabel, type } = options as { name?: string, note?: string, label?: string[], unlabel?: string[], type?: string }
    if ([name, note, label, unlabel, type].every(value => value === undefined)) throw new UsageError('Nothing to change: give --name, --note, --label, --unlabel or --type')
    await withParley(async parley => {
      const before = await anyContact(parley, who)
      const contact = await asUsage('A contact cannot be like that', async () => await parley.contacts.edit(before.did, {
        ...(name === undefined ? {} : { name }),
        ...(note === undefined ? {} : { note }),
        ...(label === undefined && unlabel === undefined ? {} : { labels: [...before.labels, ...label ?? []].filter(one => unlabel?.includes(one) !== true) }),
        ...typeEdit(before, type)
      }))
      output.result(jsonContact(contact), `Changed ${contact.name}\n`)
    })
    return undefined
  }
}

function typeEdit (before: Contact, text: string | undefined): ContactEdit {
  if (text === undefined) return {}
  const type = TYPES.find(one => one === text)
  if (type === undefined) throw new UsageError(`--type takes one of ${TYPES.join(', ')}, not "${text}"`)
  if (isMadeUp(before)) throw new UsageError(`${before.name} only stands for others and stays ${before.type === 'alias' ? 'an' : 'a'} ${before.type}`)
  return { type, ...(type === 'shared' ? {} : { members: [] }) }
}

export const contactRemove: CommandDefinition = {
  usage: 'contact remove <who>',
  summary: 'take somebody off the list; what you know of them and conversations stay',
  examples: ['parley contact remove Bob'],
  async action ({ output, withParley }, [who = '']) {
    await withParley(async parley => {
      const contact = await parley.contacts.find(who)
      await parley.contacts.remove(contact.did)
      output.result({ removed: contact.did }, `Removed ${contact.name}. Take them back with: parley contact restore ${JSON.stringify(contact.name)}\n`)
    })
    return undefined
  }
}

export const contactRestore: CommandDefinition = {
  usage: 'contact restore <who>',
  summary: 'take somebody back whom you removed',
  examples: ['parley contact restore Bob'],
  async action ({ output, withParley }, [who = '']) {
    await withParley(async parley => {
      const contact = await parley.contacts.find(who, { status: ['active', 'removed'] })
      output.result(jsonContact(await parley.contacts.restore(contact.did)), `${contact.name} is a contact again; their key is not verified\n`)
    })
    return undefined
  }
}

export const contactDelete: CommandDefinition = {
  usage: 'contact delete <who>',
  summary: 'erase what is kept of somebody: card, note, profile; of somebody blocked the block stays',
  options: [{ flags: '--yes', description: 'do not ask' }],
  examples: ['parley contact delete Bob', 'parley contact delete did:key:z6Mk… --yes'],
  async action ({ io, output, withParley }, [who = ''], { yes }) {
    await withParley(async parley => {
      const contact = await anyContact(parley, who)
      if (yes !== true && !await createQuestions(io).confirm(`Erase what is kept of ${contact.name}? Conversations stay.`)) throw new UsageError('Nothing was deleted')
      await parley.contacts.delete(contact.did)
      output.result({ deleted: contact.did }, `Deleted ${contact.name}${contact.status === 'blocked' ? '; they stay blocked: parley contact unblock' : ''}\n`)
    })
    return undefined
  }
}
