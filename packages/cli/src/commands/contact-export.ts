import { contactUrl, decodeContactCard } from '@parley/identity'
import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { CommandDefinition } from '../command.ts'
import { FileError, UsageError } from '../errors.ts'
import { anyContact } from '../who.ts'

export const contactExport: CommandDefinition = {
  usage: 'contact export <who>',
  summary: 'give somebody\'s newest card on: print its URL, or write it to a file',
  options: [{ flags: '--out <file>', description: 'write the card as it was signed, for example to bob.parley-card' }],
  examples: ['parley contact export Bob', 'parley contact export Bob --out bob.parley-card'],
  async action ({ io, output, withParley }, [who = ''], { out }) {
    await withParley(async parley => {
      const contact = await anyContact(parley, who)
      const bytes = await parley.contacts.card(contact.did)
      if (bytes === undefined) throw new UsageError(`There is no card of ${contact.name} to give on`)
      const card = await decodeContactCard(bytes)
      const told = { did: contact.did, name: card.list.name, url: contactUrl(card), issued: new Date(card.issued).toISOString(), expires: new Date(card.expires).toISOString() }
      if (io.clock.now() >= card.expires) output.say(`This card expired at ${told.expires}; whoever gets it cannot use it. A newer one comes with the next: parley inbox`)
      if (out === undefined) {
        output.result(told, `${told.url}\n`)
        return
      }
      const path = resolve(io.cwd, out as string)
      await writeFile(path, bytes).catch((cause: unknown) => { throw new FileError(`${path} cannot be written`, { cause }) })
      output.result({ ...told, out: path }, `Wrote the card of ${contact.name} to ${path}\n`)
    })
    return undefined
  }
}
