import type { CID, Change, Logger } from '@parley/core'
import type { Did } from '@parley/identity'
import { parseAction } from '../format/parse-action.ts'
import { comparePoints, pointOf, type LogPoint } from '../private/log-point.ts'
import type { Conversations, DecodedAction, StoredAction } from '../types.ts'
import type { ContentOpener } from './content-opener.ts'
import type { GrowthMarks } from './growth-marks.ts'
import { parentsOf } from './parents-of.ts'
import { isRead, summarize } from './summarize.ts'
import { step, type Gained } from './summary-machine.ts'
import type { SummaryStore } from './summary-store.ts'
import type { Summary } from './summary.ts'

/** Keeps the summaries of all conversations up to date, one conversation after the other. */
export interface ListKeeper {
  /** Takes in an action that was stored; actions are given as they were stored, each once. */
  gained(action: StoredAction): void
  /** Has a conversation read as a whole: it is new to the list, more of it opens, or something was missed. */
  whole(id: CID): void
  /** Has what is kept of a purged conversation removed. */
  gone(id: CID): void
  /** Says that the person read on. */
  read(id: CID): void
  /** Begins to work; what was given before waits for this. */
  start(): void
  /** Resolves once what was given is in the list, and on the store; false when something could not be brought there. */
  settled(): Promise<boolean>
  stop(): Promise<void>
}

export interface ListKeeperComponents {
  conversations: Pick<Conversations, 'open' | 'holder' | 'isPurged'>
  growth: GrowthMarks
  summaries: SummaryStore
  opener: ContentOpener
  person: Did
  logger: Logger
  /** Returns up to where the person has read. */
  readTo(conversation: string): LogPoint | undefined
  known(conversation: string): Summary | undefined
  /** Told of what is stored. */
  told(id: CID, summary: Summary): void
}

interface Job {
  id: CID
  actions: StoredAction[]
  isWhole: boolean
}

/** A summary, and what of the unread messages is to be written with it. */
interface Next { summary: Summary, changes: Change[] }

/** Actions that wait; of a conversation with more the log is read instead. */
const MAX_WAITING = 4096
/** How often a log that grows while it is read is read again at once. */
const MAX_READS = 4

export function createListKeeper ({ conversations, growth, summaries, opener, person, logger, readTo, known, told }: ListKeeperComponents): ListKeeper {
  const jobs = new Map<string, Job>()
  // What could not be brought up to date; the next time it is read as a whole.
  const stale = new Set<string>()
  let running: Promise<void> | undefined
  let isStarted = false
  let isStopped = false

  const gainedOf = async (action: StoredAction): Promise<Gained> => {
    const parsed = parseAction(action.bytes)
    const content = await opener.open(action, parsed)
    return {
      point: pointOf(action),
      person: action.person,
      parents: parentsOf(parsed),
      changesAccess: parsed.access !== undefined,
      carriesKeys: parsed.keys !== undefined,
      epoch: action.epoch,
      content: content === 'malformed' ? undefined : content,
      isMalformed: content === 'malformed'
    }
  }
  /** Takes actions in one by one; undefined where the log has to be read. */
  const advance = async ({ id, actions }: Job, before: Summary): Promise<Next | undefined> => {
    let summary = before
    const fresh: LogPoint[] = []
    for (const action of actions) {
      const stepped = step(summary, await gainedOf(action), person)
      if (stepped === undefined) return undefined
      summary = stepped.summary
      if (stepped.unread !== undefined) fresh.push(stepped.unread)
    }
    return await readOn(id, summary, fresh)
  }
  /** Takes away what the person has read meanwhile. */
  const readOn = async (id: CID, summary: Summary, fresh: LogPoint[]): Promise<Next | undefined> => {
    const to = readTo(id.toString())
    const { readTo: before } = summary
    if (to === undefined ? before === undefined : before !== undefined && comparePoints(to, before) === 0) {
      return { summary, changes: fresh.map(point => summaries.putUnread(id, point)) }
    }
    // Only where the disk lost a part of the home log.
    if (to === undefined || (before !== undefined && comparePoints(to, before) < 0)) return undefined
    const left = fresh.filter(point => !isRead(point, to))
    const changes: Change[] = left.map(point => summaries.putUnread(id, point))
    let unread = left.length
    for await (const { key, point } of summaries.unread(id)) {
      if (point === undefined || isRead(point, to)) changes.push({ type: 'delete', key })
      else unread++
    }
    return { summary: { ...summary, readTo: to, unread }, changes }
  }
  const waiting = (id: CID): number => jobs.get(id.toString())?.actions.length ?? 0
  /** Reads a log as a whole. What is told of meanwhile and is in it needs not be taken in again. */
  const readWhole = async (id: CID): Promise<Next> => {
    const conversation = await conversations.open(id)
    for (let reads = 1; ; reads++) {
      const before = waiting(id)
      const state = await conversation.state()
      const actions: DecodedAction[] = []
      for await (const action of conversation.actions()) actions.push(action)
      // Each action is told before the next task of its log, so none came between the two questions when none was told.
      if (waiting(id) !== before && reads < MAX_READS) continue
      const name = id.toString()
      const job = jobs.get(name)
      const covered = new Set(actions.map(({ cid }) => cid.toString()))
      if (job !== undefined) {
        job.actions = job.actions.filter(({ cid }) => !covered.has(cid.toString()))
        job.isWhole ||= waiting(id) !== before
        if (job.actions.length === 0 && !job.isWhole) jobs.delete(name)
      }
      const { summary, unread } = summarize(state, actions, { person, readTo: readTo(name) })
      const changes = new Map(unread.map(point => summaries.putUnread(id, point)).map(change => [change.type === 'block' ? '' : change.key, change]))
      for await (const { key } of summaries.unread(id)) if (!changes.has(key)) changes.set(key, { type: 'delete', key })
      return { summary, changes: [...changes.values()] }
    }
  }
  /** Finds what was stored and never told of, as by a write that failed though it was done. */
  const checkRows = async (id: CID, rows: number): Promise<void> => {
    const name = id.toString()
    const isShort = (): boolean => !jobs.has(name) && (growth.rows(name) ?? 0) > rows
    if (!isShort()) return
    // A task of its log: what is stored at this moment is told of when it ends.
    await conversations.holder(id).exists()
    if (isShort()) add(id).isWhole = true
  }
  const drop = async (id: CID): Promise<void> => {
    const changes: Change[] = [summaries.remove(id)]
    for await (const { key } of summaries.unread(id)) changes.push({ type: 'delete', key })
    await growth.commit(id.toString(), Number.POSITIVE_INFINITY, changes)
    stale.delete(id.toString())
  }
  const bring = async (job: Job): Promise<void> => {
    const { id } = job
    const name = id.toString()
    if (conversations.isPurged(id)) {
      await drop(id)
      return
    }
    const before = known(name)
    const isWhole = job.isWhole || before === undefined || stale.has(name)
    const { summary, changes } = (isWhole ? undefined : await advance(job, before)) ?? await readWhole(id)
    await growth.commit(name, summary.rows, [summaries.put(id, summary), ...changes])
    stale.delete(name)
    told(id, summary)
    if (!isWhole) await checkRows(id, summary.rows)
  }
  const run = async (): Promise<void> => {
    // What is told in one go is taken in together.
    await Promise.resolve()
    while (!isStopped) {
      const [next] = jobs
      if (next === undefined) return
      const [name, job] = next
      jobs.delete(name)
      try {
        await bring(job)
      } catch (error) {
        stale.add(name)
        logger.warn('a conversation could not be brought up to date in the list', { conversation: name, reason: (error as Error).message })
      }
    }
  }
  const go = (): void => {
    if (!isStarted || isStopped || jobs.size === 0) return
    running ??= run().finally(() => {
      running = undefined
      go()
    })
  }
  const add = (id: CID): Job => {
    const name = id.toString()
    const job = jobs.get(name) ?? { id, actions: [], isWhole: false }
    jobs.set(name, job)
    go()
    return job
  }
  return {
    gained (action) {
      const job = add(action.conversation)
      job.actions.push(action)
      if (job.actions.length <= MAX_WAITING) return
      job.isWhole = true
      job.actions = []
    },
    whole (id) { add(id).isWhole = true },
    gone (id) { add(id) },
    read (id) { if (known(id.toString()) !== undefined) add(id) },
    start () {
      isStarted = true
      go()
    },
    async settled () {
      while (running !== undefined) await running
      return jobs.size === 0 && stale.size === 0
    },
    async stop () {
      isStopped = true
      await running
    }
  }
}
