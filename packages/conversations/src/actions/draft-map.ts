/** What was changed in a draft, in order, so that it can be taken back. */
export interface Journal {
  /** How many changes there were. */
  readonly length: number
  /** Takes back all changes but the first `length`. */
  undoTo(length: number): void
  /** Makes the first `length` changes final. */
  forget(length: number): void
  add(undo: Undo): void
}

interface Undo { map: Map<unknown, unknown>, key: unknown, before: unknown }

/** Stands for a key that was not there. */
const NOTHING = Symbol('nothing')

export function createJournal (): Journal {
  const changes: Undo[] = []
  return {
    get length () { return changes.length },
    forget (length) { changes.splice(0, length) },
    add (undo) { changes.push(undo) },
    undoTo (length) {
      while (changes.length > length) {
        const change = changes.pop()
        if (change === undefined) return
        const { map, key, before } = change
        // Not by the map's own `set`, which would note it.
        if (before === NOTHING) map.delete(key)
        else Map.prototype.set.call(map, key, before)
      }
    }
  }
}

/**
 * A map that remembers what it was, so that going back costs what was changed
 * since, and nothing is copied. Nothing is deleted from it but by going back:
 * a key that came again would stand at the end, and the order of the keys would
 * tell how the draft came to be.
 */
export interface DraftMap<K, V> extends ReadonlyMap<K, V> {
  set(key: K, value: V): void
}

export function createDraftMap<K, V> (journal: Journal): DraftMap<K, V> {
  return new JournaledMap<K, V>(journal)
}

class JournaledMap<K, V> extends Map<K, V> {
  readonly #journal: Journal

  constructor (journal: Journal) {
    super()
    this.#journal = journal
  }

  override set (key: K, value: V): this {
    this.#journal.add({ map: this, key, before: this.has(key) ? this.get(key) : NOTHING })
    return super.set(key, value)
  }
}

/** One value of a draft. */
export interface DraftCell<V> {
  get(): V | undefined
  set(value: V): void
}

export function createDraftCell<V> (journal: Journal): DraftCell<V> {
  const map = createDraftMap<'', V>(journal)
  return { get: () => map.get(''), set (value) { map.set('', value) } }
}
