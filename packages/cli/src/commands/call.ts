import type { CommandDefinition } from '../command.ts'
import { audioOptions, spokenInput } from './audio-input.ts'
import { followCall } from './speak.ts'

export const call: CommandDefinition = {
  usage: 'call <who>',
  summary: 'call a contact or a DID and speak; when nobody is home it is kept for them',
  options: [...audioOptions, { flags: '--subject <text>', description: 'subject, when this begins a conversation' }],
  examples: ['parley call Bob --audio hello.wav', 'arecord -f S16_LE -r 48000 -t raw | parley call Bob --audio -', 'parley call did:key:z6Mk… --audio hello.ogg --json'],
  async action (context, [who = ''], options) {
    return await context.withParley(async parley => {
      // A wrong name is told before a long file is opened.
      if (!who.startsWith('did:')) await parley.contacts.find(who)
      const input = await spokenInput(context, options)
      context.output.say(`Calling ${who} …`)
      const spoken = await parley.call(who, input.packets, {
        ...(options['subject'] === undefined ? {} : { subject: options['subject'] as string }),
        ...(input.live ? { listenFirstMs: 0 } : {})
      })
      return await followCall(context, spoken, who, input)
    })
  }
}

export const reply: CommandDefinition = {
  usage: 'reply <n>',
  summary: 'answer message n of the inbox by speaking, in the same conversation',
  options: audioOptions,
  examples: ['parley reply 3 --audio answer.wav'],
  async action (context, [n = ''], options) {
    return await context.withParley(async parley => {
      const entry = await parley.entry(messageNumber(n))
      const input = await spokenInput(context, options)
      context.output.say(`Answering ${entry.fromName} …`)
      const spoken = await parley.reply(entry.n, input.packets, input.live ? { listenFirstMs: 0 } : {})
      return await followCall(context, spoken, entry.fromName, input)
    })
  }
}

/** Reads the number of a message; anything else than a whole number is no message. */
export function messageNumber (text: string): number {
  const n = Number(text)
  return Number.isSafeInteger(n) && n > 0 ? n : -1
}
