import type { AbortOptions, Change, CID, Clock, Store } from '@parley/core'
import type { Did } from '@parley/identity'
import { decodeCall, encodeCall, type StoredCall } from './codec.ts'
import { stepCall, type CallInput, type CallOutput } from './machine.ts'

/** Calls and how each ended, kept so that each ends once, also over kills and restarts. */
export interface CallJournal {
  /** Begins a record; one that exists already stays as it is. */
  begin(call: { call: string, from: Did, to: Did, conversation?: CID | undefined }): Promise<void>
  /** Steps a call and commits what came of it; calls that were never begun are ignored. */
  step(call: string, input: CallInput): Promise<CallOutput[]>
  /**
   * Steps a call and returns the changes for a commit that somebody else
   * makes; `committed` must be called once they are on the disk.
   */
  plan(call: string, input: CallInput): { changes: Change[], outputs: CallOutput[], committed(): void }
  get(call: string): StoredCall | undefined
  /** Reads a call, ended or not. */
  read(call: string): Promise<StoredCall | undefined>
  /** Calls that have not ended. */
  open(): StoredCall[]
  /** Yields every call, oldest first. */
  all(options?: AbortOptions): AsyncGenerator<StoredCall>
}

/** Opens the journal under `prefix` (with slashes at both ends); calls that have ended are read only when asked for. */
export async function openCallJournal ({ store, clock }: { store: Store, clock: Clock }, prefix: string): Promise<CallJournal> {
  const open = new Map<string, StoredCall>()
  for await (const { value } of store.entries(prefix)) {
    const record = decodeCall(value)
    if (record.state.status !== 'ended') open.set(record.call, record)
  }
  const key = (call: string): string => `${prefix}${call}`
  const plan: CallJournal['plan'] = (call, input) => {
    const record = open.get(call)
    if (record === undefined) return { changes: [], outputs: [], committed () {} }
    const { state, outputs } = stepCall(record.state, input)
    if (state === record.state) return { changes: [], outputs, committed () {} }
    const now = Math.floor(clock.now())
    const next: StoredCall = {
      ...record,
      state,
      events: [...record.events, ...outputs.map(output => ({ at: now, event: output.type === 'ended' ? output.end : output.type }))],
      ...(state.status === 'ended' ? { endedAt: now } : {})
    }
    return {
      changes: [{ type: 'put', key: key(call), value: encodeCall(next) }],
      outputs,
      committed () {
        if (state.status === 'ended') open.delete(call)
        else open.set(call, next)
      }
    }
  }
  return {
    async begin ({ call, from, to, conversation }) {
      if (open.has(call) || await store.get(key(call)) !== undefined) return
      const now = Math.floor(clock.now())
      const record: StoredCall = { call, from, to, startedAt: now, state: { status: 'offered' }, events: [{ at: now, event: 'offered' }], ...(conversation === undefined ? {} : { conversation }) }
      await store.commit([{ type: 'put', key: key(call), value: encodeCall(record) }])
      open.set(call, record)
    },
    async step (call, input) {
      const { changes, outputs, committed } = plan(call, input)
      if (changes.length > 0) await store.commit(changes, { durable: true })
      committed()
      return outputs
    },
    plan,
    get: call => open.get(call),
    async read (call) {
      const bytes = await store.get(key(call))
      return bytes === undefined ? undefined : decodeCall(bytes)
    },
    open: () => [...open.values()],
    async * all (options) {
      const records: StoredCall[] = []
      for await (const { value } of store.entries(prefix, options)) records.push(decodeCall(value))
      yield * records.sort((a, b) => a.startedAt - b.startedAt)
    }
  }
}
