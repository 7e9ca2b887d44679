import type { AbortOptions } from '@parley/core'
import { refsBelow, type DagRef, type DagWalk } from './dag-walk.ts'

/** A block of a file, in its place. */
export interface PlacedBlock extends DagRef { bytes: Uint8Array }

export interface OrderedBlocksInit extends AbortOptions {
  walk: DagWalk
  /** Blocks that are asked for at once. */
  window: number
  /** `signal` aborts when the block is wanted no more. */
  get: (ref: DagRef, options: { signal: AbortSignal }) => Promise<Uint8Array>
  /** Blocks in front that are not yielded; leaves among them are not even got. @default 0 */
  skip?: number | undefined
}

/**
 * Yields a file's blocks in their order, each checked, asking for some ahead:
 * leaves as far as the window reaches, nothing beyond a node that is not here.
 *
 * @throws {DamagedFileError}, and what `get` throws
 */
export async function * orderedBlocks ({ walk, window, get, skip = 0, signal: outer }: OrderedBlocksInit): AsyncGenerator<PlacedBlock> {
  const ahead: DagRef[] = [...walk.ahead]
  const asked: { ref: DagRef, isSkipped: boolean, bytes: Promise<Uint8Array> }[] = []
  const over = new AbortController()
  const signal = outer === undefined ? over.signal : AbortSignal.any([outer, over.signal])
  let place = 0
  const ask = (): void => {
    // What is below a node that is not here is not known.
    while (asked.length < window && !asked.some(({ ref }) => ref.level > 0)) {
      const ref = ahead.pop()
      if (ref === undefined) return
      const isSkipped = place++ < skip
      if (isSkipped && ref.level === 0) continue
      const bytes = get(ref, { signal })
      // It is waited for in its turn; until then its failure is nobody's.
      bytes.catch(() => {})
      asked.push({ ref, isSkipped, bytes })
    }
  }
  try {
    for (ask(); asked.length > 0; ask()) {
      const first = asked.shift()
      if (first === undefined) return
      const { ref, isSkipped } = first
      const bytes = await first.bytes
      ahead.push(...refsBelow(walk, ref, bytes).reverse())
      if (!isSkipped) yield { ...ref, bytes }
    }
  } finally {
    // What is still on its way must not arrive after its file was dropped.
    over.abort(new DOMException('The block is wanted no more', 'AbortError'))
    await Promise.allSettled(asked.map(({ bytes }) => bytes))
  }
}
