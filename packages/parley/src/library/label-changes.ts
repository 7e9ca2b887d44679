import type { CID } from '@parley/core'

/** Tells changed labels from other changes of a conversation's marks. */
export interface LabelChanges {
  /** Tells whether these are others than the last ones; of the first it is not known, so they are. */
  changed(conversation: CID, labels: readonly string[]): boolean
}

/** Marks change with everything that is read; only labels are words to search for. */
export function createLabelChanges (): LabelChanges {
  const known = new Map<string, string>()
  return {
    changed (conversation, labels) {
      const [name, value] = [conversation.toString(), JSON.stringify(labels)]
      if (known.get(name) === value) return false
      known.set(name, value)
      return true
    }
  }
}
