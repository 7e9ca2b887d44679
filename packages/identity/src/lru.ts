/** A map that forgets what was not asked for longest once it holds more than `capacity`. */
export interface Lru<K, V> {
  get(key: K): V | undefined
  set(key: K, value: V): void
  delete(key: K): void
}

/** Creates an empty one. */
export function createLru<K, V> (capacity: number): Lru<K, V> {
  const entries = new Map<K, V>()
  return {
    get (key) {
      const value = entries.get(key)
      if (value === undefined) return undefined
      // A Map keeps insertion order, so putting it back makes it the newest.
      entries.delete(key)
      entries.set(key, value)
      return value
    },
    set (key, value) {
      entries.delete(key)
      entries.set(key, value)
      if (entries.size <= capacity) return
      for (const oldest of entries.keys()) {
        entries.delete(oldest)
        break
      }
    },
    delete (key) { entries.delete(key) }
  }
}
