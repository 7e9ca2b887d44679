import { contactUrl, decodeContactCard, type Contact, type ContactFilter, type ContactType } from '@parley/identity'
import type { Parley } from 'parley'
import { cardOf } from '../card-input.ts'
import type { CommandDefinition } from '../command.ts'
import { contactMarks, didWords, jsonContact, memberNames, verifiedWords } from '../contact-text.ts'
import { UsageError } from '../errors.ts'
import { moment, table } from '../output.ts'
import { profileLines, jsonProfile } from '../profile-text.ts'
import { anyContact } from '../who.ts'

const TYPES: ContactType[] = ['person', 'group', 'team', 'shared', 'alias', 'bot']

export const contactAdd: CommandDefinition = {
  usage: 'contact add <card>',
  summary: 'add somebody: by the URL of their card, a .parley-card file, a picture of its QR code, or their DID',
  options: [
    { flags: '--name <name>', description: 'the name you give them (default: the name on their card)' },
    { flags: '--expect <did>', description: 'whose card it should be; that of anybody else is refused' },
    { flags: '--from <multiaddr>', description: 'for a DID: the address of a proxy that serves them, with its /p2p/… at the end' }
  ],
  examples: [
    'parley contact add parley:contact/1/uqfa…', 'parley contact add bob.parley-card --name "Bob from work"', 'parley contact add code.png --expect did:key:z6Mk…',
    'parley contact add did:key:z6Mk… --from /dns4/proxy.example/tcp/4001/p2p/12D3KooW…', 'xclip -o | parley contact add -'
  ],
  async action (context, [text = ''], options) {
    const { name, expect, from } = options as { name?: string, expect?: string, from?: string }
    await context.withParley(async parley => {
      const card = await cardOf(context, parley, text, { from, expect })
      if (card.list.person === parley.person) throw new UsageError('This is your own card')
      const contact = await parley.addContact(contactUrl(card), { name, expect })
      const note = contact.status === 'blocked' ? '. They are blocked still: parley contact unblock' : ''
      context.output.result(jsonContact(contact), `Added ${contact.name}, ${contact.did}${note}\n`)
    })
    return undefined
  }
}

export const contactList: CommandDefinition = {
  usage: 'contact list',
  summary: 'list the people you know',
  options: [
    { flags: '--all', description: 'also those who are removed or blocked' },
    { flags: '--blocked', description: 'those who are blocked' },
    { flags: '--verified', description: 'those whose key you compared' },
    { flags: '--type <type>', description: `only ${TYPES.join(', ')}` },
    { flags: '--label <label>', description: 'only those with this label' },
    { flags: '--text <text>', description: 'only those whose name or note has this in it' }
  ],
  examples: ['parley contact list', 'parley contact list --label work', 'parley contact list --blocked --json'],
  async action ({ output, withParley }, _args, options) {
    const filter = filterOf(options)
    await withParley(async parley => {
      const contacts: Contact[] = []
      for await (const contact of parley.contacts.list(filter)) contacts.push(contact)
      const nobody = Object.keys(filter).length === 0 ? 'Nobody yet. Add somebody with: parley contact add <card>\n' : 'Nobody like that. Everybody: parley contact list --all\n'
      output.result(
        contacts.map(jsonContact),
        contacts.length === 0 ? nobody : table(['NAME', 'DID', ''], contacts.map(contact => [contact.name, didWords(contact), contactMarks(parley, contact)]))
      )
    })
    return undefined
  }
}

function filterOf (options: Record<string, unknown>): ContactFilter {
  const { all, blocked, verified, type, label, text } = options as { all?: boolean, blocked?: boolean, verified?: boolean, type?: string, label?: string, text?: string }
  if (all === true && blocked === true) throw new UsageError('Give either --all or --blocked')
  const known = TYPES.find(other => other === type)
  if (type !== undefined && known === undefined) throw new UsageError(`--type takes one of ${TYPES.join(', ')}, not "${type}"`)
  return {
    ...(all === true ? { status: ['active', 'removed', 'blocked'] } : blocked === true ? { status: ['blocked'] } : {}),
    ...(verified === true ? { verified } : {}),
    ...(known === undefined ? {} : { type: known }),
    ...(label === undefined ? {} : { label }),
    ...(text === undefined ? {} : { text })
  }
}

export const contactShow: CommandDefinition = {
  usage: 'contact show <who>',
  summary: 'show what you know of somebody: card, note, labels, verification, devices, profile; asks nobody',
  examples: ['parley contact show Bob', 'parley contact show did:key:z6Mk… --json'],
  async action ({ output, withParley }, [who = '']) {
    await withParley(async parley => {
      const contact = await anyContact(parley, who)
      const known = await knownOf(parley, contact)
      output.result({ ...jsonContact(contact), ...known.json }, [
        `${contact.name}${contact.cardName === '' || contact.cardName === contact.name ? '' : `, on their card: ${contact.cardName}`}`,
        ...(didWords(contact) === '' ? [] : [contact.did, '']),
        `Is           ${[contact.status === 'active' ? '' : contact.status, contact.type].filter(Boolean).join(' ')}${contact.members.length === 0 ? '' : `: ${memberNames(parley, contact)}`}`,
        ...(didWords(contact) === '' ? [] : [`Key          ${verifiedWords(contact)}${contact.verified === undefined ? `; compare it: parley contact verify ${JSON.stringify(contact.name)}` : ` on ${moment(contact.verified.at)}`}`]),
        ...(contact.successorOf === undefined ? [] : [`Before       ${contact.successorOf}`]),
        ...(contact.labels.length === 0 ? [] : [`Labels       ${contact.labels.join(', ')}`]),
        ...(contact.note === '' ? [] : [`Note         ${contact.note.replaceAll('\n', '\n             ')}`]),
        `Since        ${moment(contact.added)}`,
        ...known.lines
      ].join('\n') + '\n')
    })
    return undefined
  }
}

/** What is known of a person beyond our own record of them. */
async function knownOf (parley: Parley, { did }: Contact): Promise<{ json: Record<string, unknown>, lines: string[] }> {
  const list = await parley.people.list(did)
  const bytes = await parley.contacts.card(did)
  const card = bytes === undefined ? undefined : await decodeContactCard(bytes)
  const profile = list === undefined ? undefined : await parley.profiles.of(did, { refresh: 'never' })
  const reachability = parley.presence.getReachability(did)
  const isWatched = reachability.from.length > 0
  const routes = new Map((await parley.people.routes(did)).map(({ device, addresses }) => [device, addresses]))
  const devices = (list?.devices ?? []).map(({ device, name, platform, roles, revoked }) => ({ device, name, platform, roles, revoked: revoked !== undefined, addresses: routes.get(device) ?? [] }))
  return {
    json: {
      card: card === undefined ? null : { issued: new Date(card.issued).toISOString(), expires: new Date(card.expires).toISOString() },
      successor: list?.successor ?? null,
      devices,
      profile: profile === undefined ? null : jsonProfile(profile),
      presence: isWatched ? { reach: reachability.reach, since: new Date(reachability.since).toISOString() } : null
    },
    lines: [
      ...(card === undefined ? [] : [`Card         of ${moment(card.issued)}, good until ${moment(card.expires)}`]),
      ...(list?.successor === undefined ? [] : [`Moved        to ${list.successor}; go along: parley contact follow ${did}`]),
      ...(isWatched ? [`Presence     ${reachability.reach} since ${moment(reachability.since)}`] : []),
      ...devices.filter(({ revoked }) => !revoked).map(({ name, roles, addresses }) => `Device       ${name} (${roles.join(', ')}) ${addresses.length === 0 ? 'reachable only while it is connected' : addresses.join(' ')}`),
      ...(profile === undefined ? [] : ['', ...profileLines(profile)])
    ]
  }
}
