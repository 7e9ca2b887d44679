import type { SyncReport } from './types.ts'

/** Puts reports together; who could not be reached in one of them was not reached, and everybody is named once. */
export function mergeReports (reports: readonly SyncReport[]): SyncReport {
  const unreachable = new Map(reports.flatMap(report => report.unreachable).map(({ who, reason }) => [who, reason]))
  const reached = new Set(reports.flatMap(report => report.reached))
  return {
    reached: [...reached].filter(who => !unreachable.has(who)),
    unreachable: [...unreachable].map(([who, reason]) => ({ who, reason }))
  }
}
