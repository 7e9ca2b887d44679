import type { Change, Store } from '@parley/core'
import { createMemoryStore } from '@parley/network'
import type { Choices } from './choices.ts'
import type { Timeline } from './timeline.ts'

/** Told to a process that is dead, which nobody hears. */
export class ProcessDeadError extends Error {
  override readonly name = 'ProcessDeadError'
}

interface Write { changes: Change[], durable: boolean }

/** How a process dies: it is killed, so that what was written stays, or with the power, so that what was not flushed may go. */
export type Death = 'killed' | 'power-cut'

/** The disk of a replica. It outlives the processes that use it. */
export interface Disk {
  /** The store for one process. */
  open(): Promise<Store>
  /** Ends the process. Of what was not flushed at a power cut a part stays, from the beginning on. */
  crash(death: Death): void
}

/** Creates a disk on which some writes take a while. */
export function createDisk ({ timeline, choices }: { timeline: Timeline, choices: Choices }, weather: () => { slowPercent: number }): Disk {
  let written: Write[] = []
  let process = 0
  let crashed: Death | undefined
  return {
    async open () {
      const mine = ++process
      crashed = undefined
      const inner = createMemoryStore()
      for (const { changes } of written) await inner.commit(changes)
      const alive = (): void => {
        if (mine !== process || crashed !== undefined) throw new ProcessDeadError('the process is dead')
      }
      return {
        ...inner,
        async commit (changes, { durable = false, signal } = {}) {
          alive()
          signal?.throwIfAborted()
          const write = { changes: changes.map(copyOf), durable }
          if (choices.percent(weather().slowPercent)) {
            await timeline.delay(choices.between(1, 40))
            alive()
          }
          written.push(write)
          await inner.commit(write.changes)
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
    },
    crash (death) {
      crashed = death
      if (death === 'killed') return
      const flushed = written.findLastIndex(({ durable }) => durable) + 1
      written = written.slice(0, choices.between(flushed, written.length))
    }
  }
}

function copyOf (change: Change): Change {
  if (change.type === 'delete') return change
  return change.type === 'put' ? { ...change, value: change.value.slice() } : { ...change, bytes: change.bytes.slice() }
}
