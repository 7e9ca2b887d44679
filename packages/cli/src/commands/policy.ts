import type { PolicySettings, StrangerLimits, StrangerRule } from '@parley/identity'
import type { Parley } from 'parley'
import { asUsage } from '../as-usage.ts'
import type { CommandContext, CommandDefinition } from '../command.ts'
import { UsageError } from '../errors.ts'
import { withOwnProxies } from '../own-proxies.ts'
import { wholeNumber } from '../whole-number.ts'

const RULES: Record<StrangerRule, string> = {
  requests: 'may leave a request, which waits for your answer',
  ring: 'may leave a request, and ring',
  refuse: 'are refused'
}

/** The limits as flags; `most` is what the format allows. */
const LIMITS: Array<{ limit: keyof StrangerLimits, flag: string, value: string, words: string, most: number }> = [
  { limit: 'requestsPerStranger', flag: 'requests-per-stranger', value: 'n', words: 'messages of one stranger that may wait', most: 100 },
  { limit: 'requestsTotal', flag: 'requests-total', value: 'n', words: 'messages of all strangers that may wait', most: 10_000 },
  { limit: 'requestSeconds', flag: 'request-seconds', value: 'seconds', words: 'length of one in seconds', most: 21_600 },
  { limit: 'requestBytes', flag: 'request-bytes', value: 'bytes', words: 'size of one in bytes', most: 268_435_456 }
]

export const policyShow: CommandDefinition = {
  usage: 'policy show',
  summary: 'show what people you do not know may do, and whom you shut out',
  examples: ['parley policy show', 'parley policy show --json'],
  async action (context) {
    await context.withParley(async parley => { await show(context, parley) })
    return undefined
  }
}

export const policySet: CommandDefinition = {
  usage: 'policy set',
  summary: 'decide what people you do not know may do; your proxies act by it',
  options: [
    { flags: '--strangers <rule>', description: 'requests (they may leave a request), ring (they may also ring) or refuse' },
    ...LIMITS.map(({ flag, value, words, most }) => ({ flags: `--${flag} <${value}>`, description: `${words}, ${most} at most` }))
  ],
  examples: ['parley policy set --strangers refuse', 'parley policy set --strangers requests --requests-total 50 --request-seconds 30'],
  async action (context, _args, options) {
    const strangers = ruleOf(options['strangers'])
    const limits: Partial<StrangerLimits> = {}
    for (const { limit, flag, most } of LIMITS) if (options[limit] !== undefined) limits[limit] = wholeNumber(`--${flag}`, options[limit], 0, most)
    if (strangers === undefined && Object.keys(limits).length === 0) throw new UsageError('Nothing to decide: give --strangers or one of the limits')
    await context.withParley(async parley => {
      // Another device of ours may have decided something since; the newest policy replaces the whole.
      await exchange({ ...context, output: { ...context.output, say () {} } }, parley)
      await asUsage('A policy cannot be like that', async () => {
        await parley.policy.change(settings => ({ ...settings, ...(strangers === undefined ? {} : { strangers }), limits: { ...settings.limits, ...limits } }))
      })
      await show(context, parley, { unreachable: await exchange(context, parley) })
    })
    return undefined
  }
}

async function exchange (context: CommandContext, parley: Parley): Promise<Array<{ who: string, reason: string }>> {
  return await withOwnProxies(context, parley, async (proxy, options) => { await parley.policy.exchange(proxy, options) })
}

async function show ({ output }: CommandContext, parley: Parley, more: Record<string, unknown> = {}): Promise<void> {
  const settings: PolicySettings = parley.policy.settings()
  const named = async (dids: string[]): Promise<Array<{ did: string, name: string }>> => await Promise.all(dids.map(async did => ({ did, name: await parley.nameOf(did) })))
  const [blocked, declined] = [await named(settings.blocked), await named(settings.declined)]
  const list = (title: string, people: Array<{ did: string, name: string }>): string[] => people.length === 0 ? [] : ['', title, ...people.map(({ did, name }) => name === did ? did : `${name}  ${did}`)]
  output.result({ strangers: settings.strangers, limits: settings.limits, contacts: settings.contacts.length, blocked, declined, ...more }, [
    `People you do not know ${RULES[settings.strangers]}.`,
    '',
    ...LIMITS.map(({ limit, words }) => `${String(settings.limits[limit]).padStart(9)}  ${words}`),
    ...list('BLOCKED', blocked),
    ...list('DECLINED', declined),
    ''
  ].join('\n'))
}

function ruleOf (text: unknown): StrangerRule | undefined {
  if (text === undefined) return undefined
  const rule = (Object.keys(RULES) as StrangerRule[]).find(one => one === text)
  if (rule === undefined) throw new UsageError(`--strangers takes one of ${Object.keys(RULES).join(', ')}, not "${String(text)}"`)
  return rule
}
