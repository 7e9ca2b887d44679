import { createSeededRandom, type Store, type VirtualClock } from '@parley/core'

export const KEY = new Uint8Array(32).fill(9)

/** Bytes of a file: any, and the same for the same length and seed. */
export function contentOf (sizeBytes: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(sizeBytes)
  let word = seed * 2654435761 >>> 0
  for (let index = 0; index < sizeBytes; index++) {
    word = Math.imul(word ^ word >>> 13, 0x5bd1e995) + index >>> 0
    bytes[index] = word >>> 24
  }
  return bytes
}

/** Gives bytes in pieces of any size. */
export async function * inPieces (bytes: Uint8Array, pieceBytes = 100_003): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes)
}

export async function listOf<T> (source: AsyncIterable<T> | Iterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of source) list.push(item)
  return list
}

export async function gather (source: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  return new Uint8Array(Buffer.concat(await listOf(source)))
}

/** Runs what must fail and returns the error. */
export async function failureOf (work: Promise<unknown> | AsyncGenerator<unknown>): Promise<Error & { reason?: string }> {
  try {
    if (Symbol.asyncIterator in work) for await (const _ of work);
    else await work
  } catch (error) {
    return error as Error
  }
  throw new Error('nothing was thrown')
}

/** What a store holds: how many blocks, and the keys of its entries. */
export async function inventory (store: Store): Promise<{ blocks: number, keys: string[] }> {
  const keys: string[] = []
  for await (const { key } of store.entries('/files/')) keys.push(key)
  const blocks = await listOf(store.blockstore.getAll())
  return { blocks: blocks.length, keys }
}

/** Calls `judge` with `count` copies of `bytes`, each with one byte changed. */
export function mutate (bytes: Uint8Array, count: number, seed: number, judge: (altered: Uint8Array) => void): void {
  const random = createSeededRandom(seed)
  for (let run = 0; run < count; run++) {
    const view = new DataView(new Uint8Array(random(8)).buffer)
    const altered = bytes.slice()
    const at = view.getUint32(0) % bytes.byteLength
    altered[at] = (altered[at] ?? 0) ^ (1 + view.getUint8(4) % 255)
    judge(altered)
  }
}

/** The smallest picture header that says a size. */
export const PNG = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 32, 0, 0, 0, 24, 8, 2, 0, 0, 0, 1, 2, 3, 4])

/** Lets virtual time pass until the work is over, however it ends. */
export async function driven<T> (clock: VirtualClock, work: Promise<T>): Promise<T> {
  let isOver = false
  const finish = (): void => { isOver = true }
  work.then(finish, finish)
  while (!isOver) await clock.advance(500)
  return await work
}
