import type { Did } from '@parley/identity'
import type { Parley } from 'parley'
import type { CommandContext, CommandDefinition } from '../command.ts'
import { jsonContact } from '../contact-text.ts'
import { UsageError } from '../errors.ts'
import { didOf, isMadeUp } from '../who.ts'

export const contactBlock: CommandDefinition = {
  usage: 'contact block <who>',
  summary: 'shut somebody out, contact or not: no calls, no messages, and they see nothing of you',
  examples: ['parley contact block Mallory', 'parley contact block did:key:z6Mk…'],
  async action (context, [who = '']) {
    const { output, withParley } = context
    await withParley(async parley => {
      const did = await didOf(parley, who)
      if (did === parley.person) throw new UsageError('This is your own DID')
      const known = parley.contacts.get(did)
      if (known !== undefined && isMadeUp(known)) throw new UsageError(`${known.name} is a ${known.type}; block its members one by one`)
      const contact = await parley.contacts.block(did)
      await inPolicy(context, parley, did, true)
      output.result(jsonContact(contact), `Blocked ${contact.name}. Your proxies refuse them as soon as they hear of it.\n`)
    })
    return undefined
  }
}

export const contactUnblock: CommandDefinition = {
  usage: 'contact unblock <who>',
  summary: 'let somebody be what they were before you blocked them',
  examples: ['parley contact unblock Mallory'],
  async action (context, [who = '']) {
    const { output, withParley } = context
    await withParley(async parley => {
      const { did, name } = await parley.contacts.find(who, { status: ['blocked'] })
      await parley.contacts.unblock(did)
      await inPolicy(context, parley, did, false)
      const status = parley.contacts.get(did)?.status ?? 'removed'
      output.result({ unblocked: did, status }, `${name} is not blocked any more, and ${status === 'active' ? 'a contact' : 'no contact'}\n`)
    })
    return undefined
  }
}

/** The policy follows the contacts at once, but after them; it is given up on when it does not. */
const POLICY_MS = 2000

/** Waits until the policy, which the proxies are given, says what the contacts say. */
async function inPolicy ({ io }: CommandContext, parley: Parley, did: Did, isBlocked: boolean): Promise<void> {
  const holds = (): boolean => parley.policy.settings().blocked.includes(did) === isBlocked
  if (holds()) return
  await new Promise<void>(resolve => {
    const end = (): void => {
      off()
      cancel()
      resolve()
    }
    const off = parley.policy.on('changed', () => { if (holds()) end() })
    const cancel = io.clock.setTimer(end, POLICY_MS)
  })
}
