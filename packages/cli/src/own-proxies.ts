import { TimeoutError, type AbortOptions } from '@parley/core'
import { devicesWith, type DeviceRoute, type Parley } from 'parley'
import type { CommandContext } from './command.ts'

/** How long a command waits for one proxy. */
const PROXY_MS = 5000

export interface MissedProxy { who: string, reason: string }

/** Does something with each of our proxies and returns those with which it could not be done; says so too. */
export async function withOwnProxies ({ io, output }: CommandContext, parley: Parley, work: (proxy: DeviceRoute, options: AbortOptions) => Promise<unknown>): Promise<MissedProxy[]> {
  const proxies = await devicesWith(parley.people, parley.person, 'proxy', io.clock.now())
  const missed: MissedProxy[] = []
  await Promise.all(proxies.map(async proxy => {
    const late = new AbortController()
    const cancel = io.clock.setTimer(() => { late.abort(new TimeoutError(proxy.name, PROXY_MS)) }, PROXY_MS)
    await work(proxy, { signal: AbortSignal.any([io.signal, late.signal]) }).catch((error: unknown) => {
      io.signal.throwIfAborted()
      missed.push({ who: proxy.name, reason: (error as Error).message })
    }).finally(cancel)
  }))
  for (const { who, reason } of missed) output.say(`${who} could not be reached: ${reason}`)
  return missed
}
