import { StorageUnavailableError, type CID, type Change, type Store } from '@parley/core'
import { createMemoryStore } from '@parley/network'

/**
 * What happens at one write: the process dies before it or just after it, the
 * power fails just after it, so that what was not flushed is gone, or the disk
 * is full for this write or from this write on.
 */
export type Fate = 'killed-before' | 'killed-after' | 'power-cut' | 'full-once' | 'full'

export const FATES: readonly Fate[] = ['killed-before', 'killed-after', 'power-cut', 'full-once', 'full']

/** Thrown at a process that is dead: nothing of it may be believed any more. */
export class ProcessDeadError extends Error {
  override readonly name = 'ProcessDeadError'
}

/** Blocks are removed one by one, and beside commits. */
type Step = Change | { type: 'remove', cid: CID }

interface Write { changes: Step[], durable: boolean }

/** A disk that remembers every write, and that a process may lose at any of them. */
export interface CrashStore {
  readonly store: Store
  /** Writes so far. */
  readonly writes: number
  /** Lets `fate` happen at the write with this number, counted from 0. */
  plan(write: number, fate: Fate): void
  /** Whether what was planned has happened. */
  readonly isHurt: boolean
  /** Whether the process that used the store is dead. */
  readonly isDead: boolean
  /** Returns what a process that starts now finds. The dead one finds nothing but its death. */
  restart(): Promise<CrashStore>
}

/** Creates a disk; every write to it is a commit, which is all or nothing. */
export async function createCrashStore (written: Write[] = []): Promise<CrashStore> {
  const inner = createMemoryStore()
  const log = [...written]
  const apply = async (steps: Step[]): Promise<void> => {
    for (const step of steps) if (step.type === 'remove') await inner.blockstore.delete(step.cid)
    await inner.commit(steps.filter(step => step.type !== 'remove'))
  }
  for (const { changes } of log) await apply(changes)
  let planned: { write: number, fate: Fate } | undefined
  let writes = 0
  let isDead = false
  let isPowerCut = false

  const alive = (): void => {
    if (isDead) throw new ProcessDeadError('the process is dead')
  }
  const write = async (changes: Step[], durable: boolean): Promise<void> => {
    // The store keeps copies, and so do we: what the caller reuses later is not what was written.
    log.push({ changes: changes.map(copyOf), durable })
    await apply(changes)
  }
  const attempt = async (changes: Step[], durable: boolean): Promise<void> => {
    const fate = planned === undefined || writes < planned.write || (writes > planned.write && planned.fate !== 'full') ? undefined : planned.fate
    writes++
    if (fate === 'full' || fate === 'full-once') throw new StorageUnavailableError('full', 'a test')
    if (fate === 'killed-before') isDead = true
    alive()
    await write(changes, durable)
    if (fate === undefined) return
    isDead = true
    isPowerCut = fate === 'power-cut'
    alive()
  }
  const store: Store = {
    ...inner,
    blockstore: new Proxy(inner.blockstore, {
      get (target, name) {
        if (name === 'delete') {
          return async (cid: CID) => {
            alive()
            await attempt([{ type: 'remove', cid }], false)
          }
        }
        const member: unknown = Reflect.get(target, name, target)
        return typeof member === 'function' ? member.bind(target) as unknown : member
      }
    }),
    async commit (changes, { durable = false, signal } = {}) {
      alive()
      signal?.throwIfAborted()
      await attempt(changes, durable)
    },
    async get (...args) {
      alive()
      return await inner.get(...args)
    },
    async getBlock (...args) {
      alive()
      return await inner.getBlock(...args)
    }
  }
  return {
    store,
    get writes () { return writes },
    get isDead () { return isDead },
    get isHurt () { return planned !== undefined && writes > planned.write },
    plan (at, fate) { planned = { write: at, fate } },
    async restart () {
      isDead = true
      const kept = isPowerCut ? log.slice(0, log.findLastIndex(({ durable }) => durable) + 1) : log
      return await createCrashStore(kept)
    }
  }
}

function copyOf (change: Step): Step {
  if (change.type === 'delete' || change.type === 'remove') return change
  return change.type === 'put' ? { ...change, value: change.value.slice() } : { ...change, bytes: change.bytes.slice() }
}
