/** Callers that wait in line, each with what it wants done. */
export interface Waiting<Item, Result> {
  readonly size: number
  /** What the first in line wants. */
  first(): Item | undefined
  /** Joins the line; leaves it when the signal aborts. */
  wait(item: Item, signal: AbortSignal | undefined): Promise<Result>
  /** Serves the first in line; false when nobody waits. */
  resolveNext(value: Result): boolean
  rejectAll(error: Error): void
}

interface Waiter<Item, Result> {
  item: Item
  resolve(value: Result): void
  reject(error: Error): void
}

/** Creates an empty line. */
export function createWaiting<Item, Result> (): Waiting<Item, Result> {
  const line = new Set<Waiter<Item, Result>>()
  const first = (): Waiter<Item, Result> | undefined => line.values().next().value
  return {
    get size () { return line.size },
    first: () => first()?.item,
    wait: (item, signal) => new Promise<Result>((resolve, reject) => {
      const leave = (): void => {
        line.delete(waiter)
        signal?.removeEventListener('abort', onAbort)
      }
      const onAbort = (): void => { waiter.reject(signal?.reason as Error) }
      const waiter: Waiter<Item, Result> = {
        item,
        resolve (value) {
          leave()
          resolve(value)
        },
        reject (error) {
          leave()
          reject(error)
        }
      }
      line.add(waiter)
      signal?.addEventListener('abort', onAbort, { once: true })
    }),
    resolveNext (value) {
      const waiter = first()
      waiter?.resolve(value)
      return waiter !== undefined
    },
    rejectAll (error) {
      for (const waiter of [...line]) waiter.reject(error)
    }
  }
}
