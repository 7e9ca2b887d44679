import { cidOf, type CID } from '@parley/core'
import type { BatchFrame, HelloFrame } from '../../src/sync/frames.ts'
import { syncFrameCodec } from '../../src/sync/frames.ts'
import { createSyncState, step, type SyncInput, type SyncOutput, type SyncState } from '../../src/sync/sync-machine.ts'

export const CONVERSATION = cidOf(new Uint8Array([1]))

/** A log reduced to what the protocol sees of it: how many actions of each author (0 to 9) there are. */
export type ModelLog = Map<number, number>

export function authorKey (author: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(32).fill(author)
}

function cidFor (author: number, seq: number): CID {
  return cidOf(new Uint8Array([author, seq >> 8, seq & 255]))
}

export function helloOf (log: ModelLog, { live = false } = {}): HelloFrame {
  return {
    v: 1, type: 'hello', conversation: CONVERSATION, live, cards: [],
    frontier: [...log].filter(([, count]) => count > 0).map(([author, count]) => [authorKey(author), count - 1, cidFor(author, count - 1)])
  }
}

/** Blocks of the model are `[author, seq]` in three bytes. */
function blocksBeyond (log: ModelLog, hello: HelloFrame): Uint8Array<ArrayBuffer>[] {
  const theirs = new Map(hello.frontier.map(([author, seq]) => [author[0] ?? 0, seq + 1]))
  const blocks: Uint8Array<ArrayBuffer>[] = []
  for (const [author, count] of log) {
    for (let seq = theirs.get(author) ?? 0; seq < count; seq++) blocks.push(new Uint8Array([author, seq >> 8, seq & 255]))
  }
  return blocks
}

function mergeInto (log: ModelLog, batch: BatchFrame): { fresh: number, refused: number } {
  let fresh = 0
  let refused = 0
  for (const [author = 0, high = 0, low = 0] of batch.blocks) {
    const seq = high * 256 + low
    const count = log.get(author) ?? 0
    if (seq === count) {
      log.set(author, count + 1)
      fresh++
    } else if (seq > count) {
      refused++
    }
  }
  return { fresh, refused }
}

/** One simulated side: the machine, its log, and what its shell still has to do. */
export interface Side {
  state: SyncState
  log: ModelLog
  /** Frames on their way to the other side, as bytes. */
  outbox: Uint8Array[]
  /** What the shell does some time later. */
  tasks: (() => void)[]
  ended: SyncOutput[]
  current: boolean
  closed: boolean
  input: (input: SyncInput) => void
}

export interface SideInit { log: ModelLog, perBatch: number, initiator: boolean, live?: boolean }

export function createSide ({ log, perBatch, initiator, live = false }: SideInit): Side {
  let rest: Uint8Array<ArrayBuffer>[] = []
  let told = false
  const side: Side = {
    state: createSyncState(CONVERSATION), log, outbox: [], tasks: [], ended: [], current: false, closed: false,
    input (input) {
      const { state, outputs } = step(side.state, input)
      side.state = state
      for (const output of outputs) perform(output)
    }
  }
  const page = (): void => {
    const blocks = rest.splice(0, perBatch)
    if (blocks.length > 0) {
      side.input({ type: 'page', blocks })
    } else if (!told) {
      told = true
      side.input({ type: 'page', blocks: undefined })
    }
  }
  const perform = (output: SyncOutput): void => {
    switch (output.type) {
      case 'send': side.outbox.push(syncFrameCodec.encode(output.frame)); break
      case 'heard': if (!initiator) side.tasks.push(() => { side.input({ type: 'start', hello: helloOf(log, { live }) }) }); break
      case 'open': rest = blocksBeyond(log, output.peer); break
      case 'pull': side.tasks.push(page); break
      case 'merge': side.tasks.push(() => { side.input({ type: 'merged', through: output.batch.n + 1, ...mergeInto(log, output.batch) }) }); break
      case 'compare': side.tasks.push(() => { side.input({ type: 'compared' }) }); break
      case 'current': side.current = true; break
      case 'learn': break
      default: side.ended.push(output)
    }
  }
  if (initiator) side.input({ type: 'start', hello: helloOf(log, { live }) })
  return side
}

/**
 * Runs two sides until neither has anything to do, or `cutAfter` frames were
 * delivered; `choose(n)` picks which of `n` possible things happens next.
 * Returns how many frames were delivered.
 */
export function run (a: Side, b: Side, choose: (n: number) => number, cutAfter = Infinity): number {
  let delivered = 0
  for (;;) {
    const possible: (() => void)[] = []
    for (const [from, to] of [[a, b], [b, a]] as const) {
      if (from.outbox.length > 0) {
        possible.push(() => {
          const frame = from.outbox.shift()
          if (frame === undefined) return
          delivered++
          to.input({ type: 'frame', frame: syncFrameCodec.decode(frame) })
        })
      } else if (from.ended.length > 0 && to.ended.length === 0 && !to.closed) {
        possible.push(() => {
          to.closed = true
          to.input({ type: 'closed' })
        })
      }
      if (from.tasks.length > 0) possible.push(() => { from.tasks.shift()?.() })
    }
    if (possible.length === 0) return delivered
    possible[choose(possible.length)]?.()
    if (delivered >= cutAfter) {
      // Frames in flight are lost; merges that had begun still finish.
      for (const side of [a, b]) {
        side.outbox.length = 0
        side.input({ type: 'closed' })
        for (let task = side.tasks.shift(); task !== undefined; task = side.tasks.shift()) task()
      }
      return delivered
    }
  }
}

/** Returns the union of two model logs. */
export function union (a: ModelLog, b: ModelLog): ModelLog {
  return new Map([...new Set([...a.keys(), ...b.keys()])].map(author => [author, Math.max(a.get(author) ?? 0, b.get(author) ?? 0)]))
}

/** Orders a model log so that two of them can be compared. */
export function sorted (log: ModelLog): [number, number][] {
  return [...log].filter(([, count]) => count > 0).sort(([a], [b]) => a - b)
}
