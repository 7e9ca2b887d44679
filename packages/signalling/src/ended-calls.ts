import { countSchema, createCodec, type Change, type Clock, type Logger, type Store } from '@parley/core'
import * as z from 'zod/mini'
import { CLOCK_WINDOW_MS } from './freshness.ts'

/** An offer could pass the clock window for this long. */
const MEMORY_MS = 2 * CLOCK_WINDOW_MS
const MAX_ENDED = 4096
const PREFIX = '/signalling/ended/'

const codec = createCodec('ended call', z.strictObject({ v: z.literal(1), until: countSchema() }), { maxBytes: 32 })

/** Incoming calls that are over, or were withdrawn before they came: they never ring again. */
export interface EndedCalls {
  has(key: string): boolean
  add(key: string): void
}

/** Reads what a previous process left in `store`, when there is one. The oldest makes room. */
export async function createEndedCalls ({ store, clock, logger }: { store?: Store | undefined, clock: Clock, logger: Logger }): Promise<EndedCalls> {
  const until = new Map<string, number>()
  const pathOf = (key: string): string => `${PREFIX}${key.replaceAll('/', '_')}`

  const forget = (): Change[] => {
    const gone: string[] = []
    const now = clock.now()
    // The first added end first.
    for (const [path, time] of until) {
      if (time > now && until.size - gone.length <= MAX_ENDED) break
      gone.push(path)
    }
    for (const path of gone) until.delete(path)
    return gone.map(key => ({ type: 'delete', key }))
  }

  if (store !== undefined) {
    const kept: Array<[string, number]> = []
    for await (const { key, value } of store.entries(PREFIX)) {
      try {
        kept.push([key, codec.decode(value).until])
      } catch (error) {
        logger.warn('a record of an ended call is damaged', { key, error })
      }
    }
    for (const [key, time] of kept.toSorted(([, a], [, b]) => a - b)) until.set(key, time)
    await store.commit(forget())
  }

  return {
    has: key => (until.get(pathOf(key)) ?? 0) > clock.now(),
    add (key) {
      const time = Math.floor(clock.now()) + MEMORY_MS
      until.delete(pathOf(key))
      until.set(pathOf(key), time)
      const forgotten = forget()
      // Losing this record can make an answered call ring once more after a crash: not worth a wait.
      store?.commit([{ type: 'put', key: pathOf(key), value: codec.encode({ v: 1, until: time }) }, ...forgotten])
        .catch((error: unknown) => { logger.warn('an ended call could not be recorded', { error }) })
    }
  }
}
