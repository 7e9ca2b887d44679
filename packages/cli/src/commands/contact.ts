import type { Contact } from '@parley/identity'
import type { CommandDefinition } from '../command.ts'
import { table } from '../output.ts'

export const contactAdd: CommandDefinition = {
  usage: 'contact add <card>',
  summary: 'add somebody by the URL of their contact card',
  options: [{ flags: '--name <name>', description: 'the name you give them (default: the name on their card)' }],
  examples: ['parley contact add parley:contact/1/uqfa…', 'parley contact add parley:contact/1/uqfa… --name "Bob from work"'],
  async action ({ output, withParley }, [card = ''], { name }) {
    await withParley(async parley => {
      const contact = await parley.addContact(card, name === undefined ? {} : { name: name as string })
      output.result(contact, `Added ${contact.name}, ${contact.did}\n`)
    })
    return undefined
  }
}

export const contactList: CommandDefinition = {
  usage: 'contact list',
  summary: 'list the people you know',
  examples: ['parley contact list', 'parley contact list --json'],
  async action ({ output, withParley }) {
    await withParley(async parley => {
      const contacts: Contact[] = []
      for await (const contact of parley.contacts.list()) contacts.push(contact)
      output.result(
        contacts,
        contacts.length === 0 ? 'Nobody yet. Add somebody with: parley contact add <card>\n' : table(['NAME', 'DID'], contacts.map(({ name, did }) => [name, did]))
      )
    })
    return undefined
  }
}

export const contactRemove: CommandDefinition = {
  usage: 'contact remove <who>',
  summary: 'take somebody off the list; conversations stay',
  examples: ['parley contact remove Bob'],
  async action ({ output, withParley }, [who = '']) {
    await withParley(async parley => {
      const contact = await parley.contacts.find(who)
      await parley.contacts.remove(contact.did)
      output.result({ removed: contact.did }, `Removed ${contact.name}\n`)
    })
    return undefined
  }
}
