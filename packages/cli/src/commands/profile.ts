import { createDidResolver, didWebMethod, verifyName, type ProfileFields, type Tier } from '@parley/identity'
import type { Parley, ProfileSettings } from 'parley'
import type { CommandContext, CommandDefinition } from '../command.ts'
import { UsageError } from '../errors.ts'
import { table } from '../output.ts'
import { withOwnProxies } from '../own-proxies.ts'
import { FIELDS, FIELD_WORDS, fieldText, jsonFields, jsonProfile, profileLines } from '../profile-text.ts'
import { didOf } from '../who.ts'

export const profileShow: CommandDefinition = {
  usage: 'profile show [who]',
  summary: 'show your profile and whom each field is for, or what somebody tells you of themselves',
  options: [
    { flags: '--offline', description: 'show what is on this device without asking anybody' },
    { flags: '--refresh', description: 'ask anew, however new the copy is' }
  ],
  examples: ['parley profile show', 'parley profile show Bob', 'parley profile show Bob --refresh --json'],
  async action (context, [who], { offline, refresh }) {
    const { io, output, withParley } = context
    if (offline === true && refresh === true) throw new UsageError('Give either --offline or --refresh')
    await withParley(async parley => {
      if (who === undefined) {
        if (offline !== true) await exchange(context, parley)
        showOwn(context, parley, await parley.profiles.mine())
        return
      }
      const did = await didOf(parley, who)
      const profile = await parley.profiles.of(did, { refresh: offline === true ? 'never' : refresh === true ? 'always' : 'if-stale', signal: io.signal })
      const name = await parley.nameOf(did)
      output.result(profile === undefined ? { person: did, fields: null } : { name, ...jsonProfile(profile) },
        profile === undefined ? `${name} tells nothing of themselves${offline === true ? ', as far as this device knows' : ''}.\n` : `${name}\n${did}\n\n${profileLines(profile).join('\n')}\n`)
    })
    return undefined
  }
}

/** Prints the person's own profile. */
export function showOwn ({ output }: CommandContext, parley: Parley, settings: ProfileSettings, more: Record<string, unknown> = {}): void {
  const said = FIELDS.filter(field => settings[field] !== undefined)
  const values = Object.fromEntries(said.map(field => [field, settings[field]?.value])) as ProfileFields
  const shown = jsonFields(values)
  output.result(
    { person: parley.person, fields: Object.fromEntries(said.map(field => [field, { tier: settings[field]?.tier, value: shown[field] }])), ...more },
    said.length === 0
      ? 'You tell nothing of yourself. Say something with: parley profile set --help\n'
      : table(['FIELD', 'FOR', ''], said.flatMap(field => fieldText(values, field).map((line, index) => index === 0 ? [FIELD_WORDS[field], audience(settings[field]?.tier), line] : ['', '', line])))
  )
}

function audience (tier: Tier | undefined): string {
  return tier === 'public' ? 'everybody' : tier ?? ''
}

/** Brings our profile here and at our proxies to the same: what another device of ours said comes, what we said goes. */
export async function exchange (context: CommandContext, parley: Parley): Promise<Array<{ who: string, reason: string }>> {
  return await withOwnProxies(context, parley, async (proxy, options) => { await parley.profiles.hand(proxy, options) })
}

export const profileVerifyName: CommandDefinition = {
  usage: 'profile verify-name <name>',
  summary: 'check that a did:web name and a person name each other',
  options: [
    { flags: '--allow-web', description: 'fetch the name\'s document from its host, which learns your address; nothing is fetched without this' },
    { flags: '--expect <who>', description: 'whose name it should be' }
  ],
  examples: ['parley profile verify-name did:web:bob.example --allow-web', 'parley profile verify-name did:web:bob.example --allow-web --expect Bob'],
  async action ({ io, output, withParley }, [name = ''], { allowWeb, expect }) {
    if (allowWeb !== true) throw new UsageError('This asks the host of the name, which then knows your address. Allow it with --allow-web')
    await withParley(async parley => {
      const resolver = createDidResolver({ methods: [didWebMethod({ fetch: async (url, init) => await fetch(url, init), clock: io.clock })] })
      const verified = await verifyName({ resolver, clock: io.clock, namesOf: parley.profiles.namesOf }, name, {
        signal: io.signal,
        ...(expect === undefined ? {} : { expect: await didOf(parley, expect as string) })
      })
      output.result({ ...verified, checkedAt: new Date(verified.checkedAt).toISOString() }, `${verified.name} is ${await parley.nameOf(verified.did)}, ${verified.did}\n`)
    })
    return undefined
  }
}
