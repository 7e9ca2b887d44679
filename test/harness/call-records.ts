import { createSystemClock } from '@parley/core'
import { openLevelStore } from '@parley/network/node'
import { openCallJournal, toRecord, type CallRecord } from 'parley'
import type { ParleyProcess } from './parley-process.ts'

/** Reads the calls that a stopped device or proxy has in its store, under its journal's prefix. */
export async function recordsOf (storeFolder: string, prefix: string): Promise<CallRecord[]> {
  const store = await openLevelStore(storeFolder)
  try {
    const records: CallRecord[] = []
    for await (const call of (await openCallJournal({ store, clock: createSystemClock() }, prefix)).all()) records.push(toRecord(call, undefined))
    return records
  } finally {
    await store.close()
  }
}

/** Waits until nobody is being kept by a proxy any more: all are stored or cut off. */
export async function waitForEnds (proxy: ParleyProcess): Promise<void> {
  const { statusUrl } = await proxy.event('ready')
  for (;;) {
    const status = await (await fetch(new URL('/status.json', String(statusUrl)))).json() as { captures: unknown[] }
    if (status.captures.length === 0) return
    await new Promise(resolve => { setTimeout(resolve, 50) })
  }
}
