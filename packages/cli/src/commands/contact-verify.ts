import { compareVerification, parseVerificationUrl, qrTerminal, readQr, decodePng, safetyNumber, verificationUrl, type Contact } from '@parley/identity'
import { sourceOf } from '../card-input.ts'
import type { CommandContext, CommandDefinition } from '../command.ts'
import { jsonContact, verifiedWords } from '../contact-text.ts'
import { UsageError } from '../errors.ts'
import { anyContact, personContact } from '../who.ts'

export const contactVerify: CommandDefinition = {
  usage: 'contact verify <who>',
  summary: 'compare keys with somebody: prints the safety number and your code; marks them once it is the same',
  options: [
    { flags: '--scanned <url>', description: 'what their screen shows: the parley:verify/… URL, or a PNG of its QR code' },
    { flags: '--yes', description: 'you two compared the safety number and it is the same' },
    { flags: '--no-qr', description: 'print your code without its QR code' }
  ],
  examples: ['parley contact verify Bob', 'parley contact verify Bob --scanned parley:verify/1/uqfa…', 'parley contact verify Bob --yes'],
  async action (context, [who = ''], options) {
    const { scanned, yes, qr } = options as { scanned?: string, yes?: boolean, qr?: boolean }
    if (scanned !== undefined && yes === true) throw new UsageError('Give either --scanned or --yes')
    await context.withParley(async parley => {
      const { output } = context
      const contact = await personContact(parley, who)
      const own = { person: parley.person, contact: contact.did }
      if (scanned !== undefined) compareVerification(own, parseVerificationUrl(await textOf(context, scanned)))
      const marked = scanned === undefined && yes !== true ? contact : await parley.contacts.verify(contact.did, scanned === undefined ? 'safety-number' : 'code')
      const number = safetyNumber(parley.person, contact.did)
      const url = verificationUrl(own)
      output.result({ contact: jsonContact(marked), ...number, url }, marked === contact
        ? comparison(contact, number, qr === false ? url : `${qrTerminal(url)}${url}`)
        : `${contact.name} is ${verifiedWords(marked)}: ${contact.did}\n`)
    })
    return undefined
  }
}

function comparison (contact: Contact, { groups, words }: { groups: string[], words: string[] }, code: string): string {
  const name = JSON.stringify(contact.name)
  const row = (parts: string[], width: number): string => `    ${parts.map(part => part.padEnd(width)).join(' ').trimEnd()}`
  return [
    `${contact.name} is ${verifiedWords(contact)}: ${contact.did}`,
    '',
    'Read this to each other, the digits or the words. It is the same at both ends, or somebody stands between you.',
    '',
    ...[0, 4, 8].map(from => row(groups.slice(from, from + 4), 5)),
    '',
    ...[0, 4, 8].map(from => row(words.slice(from, from + 4), 9)),
    '',
    `The same:     parley contact verify ${name} --yes`,
    `Or read the code on their screen: parley contact verify ${name} --scanned <url>. Yours, for them:`,
    '',
    code,
    ''
  ].join('\n')
}

/** What was scanned: the text itself, or a picture that shows it. */
async function textOf (context: CommandContext, scanned: string): Promise<string> {
  const source = await sourceOf(context, scanned)
  if ('text' in source) return source.text
  if ('picture' in source) return readQr(await decodePng(source.picture))
  throw new UsageError(`${scanned} is neither a verification URL nor a picture of one`)
}

export const contactUnverify: CommandDefinition = {
  usage: 'contact unverify <who>',
  summary: 'take back that you compared keys with somebody',
  examples: ['parley contact unverify Bob'],
  async action ({ output, withParley }, [who = '']) {
    await withParley(async parley => {
      const { did } = await anyContact(parley, who)
      const contact = await parley.contacts.unverify(did)
      output.result(jsonContact(contact), `${contact.name} is not verified any more\n`)
    })
    return undefined
  }
}

export const contactFollow: CommandDefinition = {
  usage: 'contact follow <who>',
  summary: 'move somebody to the new DID that their device list names, with name, note, labels and groups',
  examples: ['parley contact follow Bob'],
  async action ({ io, output, withParley }, [who = '']) {
    await withParley(async parley => {
      const { did } = await anyContact(parley, who)
      // That they moved may be news that only their proxies tell.
      if ((await parley.people.list(did))?.successor === undefined) await parley.sync({ signal: io.signal })
      const { contact, mustVerify } = await parley.contacts.follow(did)
      output.result({ contact: jsonContact(contact), from: did, mustVerify }, [
        `${contact.name} is ${contact.did} now`,
        ...(mustVerify ? [`You had verified the old key; that says nothing of the new one. Compare again: parley contact verify ${JSON.stringify(contact.name)}`] : []),
        ''
      ].join('\n'))
    })
    return undefined
  }
}
