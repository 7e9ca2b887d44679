import type { Contact, Did } from '@parley/identity'
import type { Parley } from 'parley'
import { asUsage } from '../as-usage.ts'
import type { CommandDefinition } from '../command.ts'
import { jsonContact, memberNames } from '../contact-text.ts'
import { UsageError } from '../errors.ts'
import { table } from '../output.ts'
import { createQuestions } from '../questions.ts'
import { checkNameIsFree, checkNoCircle } from '../who.ts'

const UNFIT = 'A group cannot be like that'

export const groupCreate: CommandDefinition = {
  usage: 'group create <name>',
  summary: 'make a name of your own for several contacts',
  options: [
    { flags: '--member <who...>', description: 'who belongs to it: contacts, also other groups' },
    { flags: '--team', description: 'they work together: show it as a team' },
    { flags: '--note <text>', description: 'a note of your own' }
  ],
  examples: ['parley group create Chess --member Bob Carol', 'parley group create Support --member Bob Carol --team'],
  async action ({ output, withParley }, [name = ''], options) {
    const { member = [], team, note } = options as { member?: string[], team?: boolean, note?: string }
    await withParley(async parley => {
      await checkNameIsFree(parley, name)
      const members = await membersOf(parley, member)
      const group = await asUsage(UNFIT, async () => await parley.contacts.create({ type: team === true ? 'team' : 'group', name, members, ...(note === undefined ? {} : { note }) }))
      output.result(jsonContact(group), `${group.name}: ${memberNames(parley, group) || 'nobody yet'}\n`)
    })
    return undefined
  }
}

export const groupAdd: CommandDefinition = {
  usage: 'group add <group> <who...>',
  summary: 'put contacts into a group, a team or among those who act for a shared account',
  examples: ['parley group add Chess Dave'],
  async action ({ output, withParley }, [name = '', ...who]) {
    await withParley(async parley => {
      const group = await groupCalled(parley, name)
      const members = await membersOf(parley, who)
      for (const member of members) checkNoCircle(parley, group, member)
      await saveMembers(parley, group, [...group.members, ...members], output)
    })
    return undefined
  }
}

export const groupRemove: CommandDefinition = {
  usage: 'group remove <group> <who...>',
  summary: 'take contacts out of a group; they stay contacts',
  examples: ['parley group remove Chess Dave'],
  async action ({ output, withParley }, [name = '', ...who]) {
    await withParley(async parley => {
      const group = await groupCalled(parley, name)
      const gone = await Promise.all(who.map(async one => one.startsWith('did:') ? one : (await parley.contacts.find(one, { status: ['active', 'removed', 'blocked'] })).did))
      const stranger = who.find((_one, index) => !group.members.includes(gone[index] as Did))
      if (stranger !== undefined) throw new UsageError(`${stranger} is not in ${group.name}, which has: ${memberNames(parley, group) || 'nobody'}`)
      await saveMembers(parley, group, group.members.filter(member => !gone.includes(member)), output)
    })
    return undefined
  }
}

export const groupList: CommandDefinition = {
  usage: 'group list',
  summary: 'list your groups and teams with their members',
  examples: ['parley group list', 'parley group list --json'],
  async action ({ output, withParley }) {
    await withParley(async parley => {
      const groups: Contact[] = []
      for await (const contact of parley.contacts.list()) if (contact.type === 'group' || contact.type === 'team') groups.push(contact)
      output.result(groups.map(jsonContact), groups.length === 0
        ? 'No groups yet. Make one with: parley group create <name> --member <who…>\n'
        : table(['NAME', 'KIND', 'MEMBERS'], groups.map(group => [group.name, group.type, memberNames(parley, group)])))
    })
    return undefined
  }
}

export const groupDelete: CommandDefinition = {
  usage: 'group delete <group>',
  summary: 'delete a group; its members stay contacts',
  options: [{ flags: '--yes', description: 'do not ask' }],
  examples: ['parley group delete Chess --yes'],
  async action ({ io, output, withParley }, [name = ''], { yes }) {
    await withParley(async parley => {
      const group = await groupCalled(parley, name)
      if (group.type === 'shared') throw new UsageError(`${group.name} is a contact of its own: parley contact delete`)
      if (yes !== true && !await createQuestions(io).confirm(`Delete the group ${group.name}? Its members stay contacts.`)) throw new UsageError('Nothing was deleted')
      await parley.contacts.delete(group.did)
      output.result({ deleted: group.did }, `Deleted the group ${group.name}\n`)
    })
    return undefined
  }
}

export const contactAlias: CommandDefinition = {
  usage: 'contact alias <name> <who>',
  summary: 'make another name for somebody, or for a group',
  examples: ['parley contact alias Mum "Eve Example"'],
  async action ({ output, withParley }, [name = '', who = '']) {
    await withParley(async parley => {
      await checkNameIsFree(parley, name)
      const members = await membersOf(parley, [who])
      const alias = await asUsage('An alias cannot be like that', async () => await parley.contacts.create({ type: 'alias', name, members }))
      output.result(jsonContact(alias), `${alias.name} stands for ${memberNames(parley, alias)}. Take it back with: parley contact delete ${JSON.stringify(alias.name)}\n`)
    })
    return undefined
  }
}

async function groupCalled (parley: Parley, name: string): Promise<Contact> {
  const group = await parley.contacts.find(name)
  if (group.type === 'group' || group.type === 'team' || group.type === 'shared') return group
  throw new UsageError(`${group.name} is no group but ${group.type === 'alias' ? 'an alias' : `a ${group.type}`}; list groups with: parley group list`)
}

async function membersOf (parley: Parley, who: string[]): Promise<Did[]> {
  return await Promise.all(who.map(async one => (await parley.contacts.find(one)).did))
}

async function saveMembers (parley: Parley, group: Contact, members: Did[], output: { result(value: unknown, text: string): void }): Promise<void> {
  const changed = await asUsage(UNFIT, async () => await parley.contacts.edit(group.did, { members }))
  output.result(jsonContact(changed), `${changed.name}: ${memberNames(parley, changed) || 'nobody'}\n`)
}
