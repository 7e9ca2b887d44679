/** Runs work with so much at a time, all together and for one key. */
export interface AttemptSlots {
  run<T>(key: string, work: () => Promise<T>): Promise<T>
}

interface Waiting { key: string, begin: () => void }

/** Creates slots; who waits is served in their order, as far as their key has room. */
export function createAttemptSlots ({ atOnce, perKey }: { atOnce: number, perKey: number }): AttemptSlots {
  const busy = new Map<string, number>()
  const waiting: Waiting[] = []
  let running = 0

  const pump = (): void => {
    for (let index = 0; index < waiting.length && running < atOnce;) {
      const next = waiting[index]
      if (next === undefined) return
      const count = busy.get(next.key) ?? 0
      if (count >= perKey) {
        index++
        continue
      }
      waiting.splice(index, 1)
      busy.set(next.key, count + 1)
      running++
      next.begin()
    }
  }
  const release = (key: string): void => {
    const count = (busy.get(key) ?? 1) - 1
    if (count === 0) busy.delete(key)
    else busy.set(key, count)
    running--
    pump()
  }
  return {
    async run (key, work) {
      await new Promise<void>(resolve => {
        waiting.push({ key, begin: resolve })
        pump()
      })
      try {
        return await work()
      } finally {
        release(key)
      }
    }
  }
}
