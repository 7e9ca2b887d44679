import type { CID } from '@parley/core'
import type { Did } from '@parley/identity'
import type { Marks } from '../private/marks.ts'
import { comparePoints, type LogPoint } from '../private/log-point.ts'
import type { ListedParticipant, Preview, Summary } from './summary.ts'

/** A conversation as a list shows it. */
export interface ListEntry {
  id: CID
  subject: string | undefined
  creator: Did
  /** Wall milliseconds. */
  created: number
  participants: ListedParticipant[]
  status: 'active' | 'expired' | 'left' | 'removed' | 'hidden'
  /** Wall milliseconds, or null. */
  expiresAt: number | null
  /** Wall milliseconds of the newest message, or of what else made it stir; the list is sorted by it. */
  lastActivity: number
  /** Messages of others after what was read. */
  unread: number
  /** Whether something is unread, or it was marked so by hand. */
  isUnread: boolean
  preview: Preview | undefined
  /** The newest action, of any kind. */
  head: CID | undefined
  /** Where that stands: to mark all as read, or to archive the conversation. */
  newest: LogPoint | undefined
  labels: { private: string[], shared: string[] }
  /** Until when it is muted, in wall milliseconds; null for good, undefined when it is not. */
  mutedUntil: number | null | undefined
  isArchived: boolean
  isFavourite: boolean
  /** Actions whose content this device cannot read. */
  unreadable: number
}

/** What to show; what is not named is not asked about. */
export interface ListFilter {
  unread?: boolean | undefined
  archived?: boolean | undefined
  muted?: boolean | undefined
  favourite?: boolean | undefined
  /** A label of the person's own. */
  privateLabel?: string | undefined
  sharedLabel?: string | undefined
  /** Somebody who takes part. */
  person?: Did | undefined
  /** What the subject contains, in whatever case. */
  subject?: string | undefined
}

/** The marks that a list shows. */
export type ListedMarks = Pick<Marks, 'labels' | 'muted' | 'archived' | 'favourite' | 'unread' | 'readTo'>

/** Puts an entry together at a time. */
export function entryOf (id: CID, summary: Summary, marks: ListedMarks | undefined, now: number): ListEntry {
  const { subject, creator, created, participants, status, expiresAt, activity, unread, preview, newest, labels, unreadable } = summary
  return {
    id,
    subject,
    creator,
    created,
    participants,
    status: (status === 'active' || status === 'expired') ? expiresAt !== null && expiresAt <= now ? 'expired' : 'active' : status,
    expiresAt,
    lastActivity: activity,
    unread,
    isUnread: isUnread(summary, marks),
    preview,
    head: newest?.action,
    newest,
    labels: { private: marks?.labels ?? [], shared: labels },
    mutedUntil: isMuted(marks, now) ? marks?.muted?.until : undefined,
    isArchived: isArchived(summary, marks),
    isFavourite: marks?.favourite === true,
    unreadable
  }
}

/** Creates what tells whether a conversation is among those that are asked for. Most are not, so no entry is made for that. */
export function createMatcher ({ unread, archived, muted, favourite, privateLabel, sharedLabel, person, subject }: ListFilter, now: number): (summary: Summary, marks: ListedMarks | undefined) => boolean {
  const text = subject?.toLowerCase()
  return (summary, marks) =>
    (unread === undefined || isUnread(summary, marks) === unread) &&
    (archived === undefined || isArchived(summary, marks) === archived) &&
    (muted === undefined || isMuted(marks, now) === muted) &&
    (favourite === undefined || (marks?.favourite === true) === favourite) &&
    (privateLabel === undefined || marks?.labels.includes(privateLabel) === true) &&
    (sharedLabel === undefined || summary.labels.includes(sharedLabel)) &&
    (person === undefined || summary.participants.some(({ did }) => did === person)) &&
    (text === undefined || (summary.subject ?? '').toLowerCase().includes(text))
}

function isUnread ({ unread }: Summary, marks: ListedMarks | undefined): boolean {
  return unread > 0 || marks?.unread === true
}

function isMuted (marks: ListedMarks | undefined, now: number): boolean {
  return marks?.muted !== undefined && (marks.muted.until === null || marks.muted.until > now)
}

function isArchived ({ newestOther }: Summary, marks: ListedMarks | undefined): boolean {
  return marks?.archived !== undefined && (newestOther === undefined || comparePoints(newestOther, marks.archived) <= 0)
}
