import type { LogPoint } from './log-point.ts'

/** How far the person has listened to a message, on any of their devices. */
export interface OwnPlayed {
  positionMs: number
  done: boolean
}

/** What a person keeps of a conversation for themselves: their devices know it, and nobody else. */
export interface Marks {
  /** Their own labels, sorted; shared ones are in the conversation's state. */
  labels: string[]
  note?: string | undefined
  /** `until` in wall milliseconds; null for good. */
  muted?: { until: number | null } | undefined
  /** The newest action when it was put away; a later one of somebody else brings it back. */
  archived?: LogPoint | undefined
  favourite: boolean
  /** Marked as unread by hand. */
  unread: boolean
  /** Everything up to this action was read, on one of the devices. */
  readTo?: LogPoint | undefined
  /** Whether others are told how far the person has read; undefined: as the default says. */
  notices?: boolean | undefined
  /** By lower-case hex of the message's id. */
  played: Record<string, OwnPlayed>
}

/** What to change of the marks; what is not named stays. Null takes a mark away. */
export interface MarksChange {
  labels?: { add?: string[] | undefined, remove?: string[] | undefined } | undefined
  note?: string | null | undefined
  muted?: { until: number | null } | null | undefined
  archived?: LogPoint | null | undefined
  favourite?: boolean | undefined
  unread?: boolean | undefined
  /** Never goes back; takes away `unread` unless that is given too. */
  readTo?: LogPoint | undefined
  notices?: boolean | null | undefined
  played?: Record<string, OwnPlayed> | undefined
}

/** Returns the marks of a conversation of which nothing is kept. */
export function noMarks (): Marks {
  return { labels: [], favourite: false, unread: false, played: {} }
}
