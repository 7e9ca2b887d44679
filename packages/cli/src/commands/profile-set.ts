import { TIERS, type ProfileFields, type Tier } from '@parley/identity'
import type { Parley, ProfileSettings } from 'parley'
import { asUsage } from '../as-usage.ts'
import type { CommandContext, CommandDefinition } from '../command.ts'
import { UsageError } from '../errors.ts'
import { PROFILE_OPTIONS, statusOf } from '../profile-options.ts'
import { FIELDS, FIELD_WORDS } from '../profile-text.ts'
import { readInput } from '../read-input.ts'
import { exchange, showOwn } from './profile.ts'

const TIER_OPTION = { flags: '--tier <tier>', description: 'whom it is for: public, correspondents (those you wrote with) or contacts (default: as before, else contacts)' }

export const profileSet: CommandDefinition = {
  usage: 'profile set',
  summary: 'say something of yourself; each field given replaces what it said, the others stay',
  options: [
    ...PROFILE_OPTIONS.map(({ flags, description }) => ({ flags, description })),
    { flags: '--status <status>', description: 'active, out-of-office or dormant' },
    { flags: '--message <text>', description: 'what goes with the status' },
    { flags: '--until <date>', description: 'when you are back in the office' },
    TIER_OPTION
  ],
  examples: [
    'parley profile set --common-name Bob --description "Climbs" --tier public', 'parley profile set --email bob@example.org --phone "+39 06 1234567"',
    'parley profile set --status out-of-office --until 2031-05-20 --message "On the mountain"', 'parley profile set --organisation "Example Ltd / Support / Lead" --link "https://example.org/bob My page"'
  ],
  async action (context, _args, options) {
    const tier = tierOf(options['tier'])
    const status = statusOf(options)
    const fields: ProfileFields = status === undefined ? {} : { status }
    for (const { key, read } of PROFILE_OPTIONS) {
      const given = options[key] as string | string[] | undefined
      if (given !== undefined) Object.assign(fields, await read(given, context.io))
    }
    if (Object.keys(fields).length === 0) throw new UsageError('Nothing to say: give at least one field, see parley profile set --help')
    await context.withParley(async parley => { await say(context, parley, async mine => ({ ...mine, ...tiered(fields, mine, tier) })) })
    return undefined
  }
}

export const profilePhoto: CommandDefinition = {
  usage: 'profile photo <file>',
  summary: 'show a picture of yourself: PNG, JPEG or WebP, 256 KiB and 1024 by 1024 pixels at most',
  options: [TIER_OPTION],
  examples: ['parley profile photo me.jpg', 'parley profile photo me.png --tier public'],
  async action (context, [file = ''], options) {
    const given = tierOf(options['tier'])
    const bytes = await readInput(context.io, file)
    await context.withParley(async parley => {
      await say(context, parley, async mine => {
        const tier = given ?? mine.photo?.tier ?? 'contacts'
        return { ...mine, photo: { value: await parley.profiles.addPhoto(bytes, tier), tier } }
      })
    })
    return undefined
  }
}

export const profileClear: CommandDefinition = {
  usage: 'profile clear <field...>',
  summary: `do not say something of yourself any more: ${Object.values(FIELD_WORDS).join(', ')}`,
  examples: ['parley profile clear phone', 'parley profile clear status photo'],
  async action (context, words) {
    const gone = words.map(word => {
      const field = FIELDS.find(field => FIELD_WORDS[field] === word || field === word)
      if (field === undefined) throw new UsageError(`A profile has no field "${word}" but ${Object.values(FIELD_WORDS).join(', ')}`)
      return field
    })
    await context.withParley(async parley => {
      await say(context, parley, async mine => Object.fromEntries(Object.entries(mine).filter(([field]) => !gone.includes(field as keyof ProfileFields))))
    })
    return undefined
  }
}

/** Changes the profile on top of what our other devices said, and hands it to our proxies. */
async function say (context: CommandContext, parley: Parley, edit: (mine: ProfileSettings) => Promise<ProfileSettings>): Promise<void> {
  await exchange({ ...context, output: { ...context.output, say () {} } }, parley)
  const next = await edit(await parley.profiles.mine())
  await asUsage('A profile cannot say that', async () => { await parley.profiles.set(next) })
  const unreachable = await exchange(context, parley)
  showOwn(context, parley, await parley.profiles.mine(), { unreachable })
}

function tiered (fields: ProfileFields, mine: ProfileSettings, tier: Tier | undefined): ProfileSettings {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => {
    // Names count in the public part alone: whoever checks one may be anybody.
    const usual = name === 'names' ? 'public' : tier ?? mine[name as keyof ProfileFields]?.tier ?? 'contacts'
    return [name, { value: value as unknown, tier: usual }]
  }))
}

function tierOf (text: unknown): Tier | undefined {
  if (text === undefined) return undefined
  const tier = TIERS.find(one => one === text)
  if (tier === undefined) throw new UsageError(`--tier takes one of ${TIERS.join(', ')}, not "${String(text)}"`)
  return tier
}
