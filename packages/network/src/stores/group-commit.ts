/** More than this is left for the next write, so that a long line does not make one huge batch. */
const MAX_GROUP_BYTES = 4 * 1024 * 1024

interface Commit<Change> {
  changes: Change[]
  durable: boolean
  sizeBytes: number
  resolve(): void
  reject(error: Error): void
}

/** Writes commits in the order in which they were asked for. */
export interface GroupCommit<Change> {
  commit(changes: Change[], durable: boolean): Promise<void>
  /** Resolves when nothing is being written or waits. */
  idle(): Promise<void>
}

/**
 * Creates a line in which commits that arrive during a write are written
 * together next: they share one flush of the disk, and each stays whole
 * because the group is one batch.
 */
export function createGroupCommit<Change> (write: (changes: Change[], options: { durable: boolean, sizeBytes: number }) => Promise<void>, sizeOf: (change: Change) => number): GroupCommit<Change> {
  const line: Commit<Change>[] = []
  let running: Promise<void> | undefined

  const nextGroup = (): Commit<Change>[] => {
    let sizeBytes = 0
    let count = 0
    for (const commit of line) {
      if (count > 0 && sizeBytes + commit.sizeBytes > MAX_GROUP_BYTES) break
      sizeBytes += commit.sizeBytes
      count++
    }
    return line.splice(0, count)
  }
  const run = async (): Promise<void> => {
    while (line.length > 0) {
      const group = nextGroup()
      const changes = group.length === 1 ? group[0]?.changes ?? [] : group.flatMap(commit => commit.changes)
      try {
        await write(changes, {
          durable: group.some(commit => commit.durable),
          sizeBytes: group.reduce((sum, commit) => sum + commit.sizeBytes, 0)
        })
        for (const commit of group) commit.resolve()
      } catch (error) {
        for (const commit of group) commit.reject(error as Error)
      }
    }
    running = undefined
  }
  return {
    commit: (changes, durable) => new Promise((resolve, reject) => {
      line.push({ changes, durable, sizeBytes: changes.reduce((sum, change) => sum + sizeOf(change), 0), resolve, reject })
      running ??= run()
    }),
    async idle () { await running }
  }
}
