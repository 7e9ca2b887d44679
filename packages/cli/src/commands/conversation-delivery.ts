import { CID } from '@parley/core'
import type { DeliveryRecord, TargetReport } from '@parley/conversations'
import type { Parley } from 'parley'
import type { CommandDefinition } from '../command.ts'
import { conversationId, nameOf } from '../conversation-id.ts'
import { UsageError } from '../errors.ts'
import { moment, table } from '../output.ts'

export const conversationDelivery: CommandDefinition = {
  usage: 'conversation delivery <id> [action]',
  summary: 'show who has what was said, or one action of it, and what is tried still',
  examples: ['parley conversation delivery bafy…', 'parley conversation delivery bafy… bafy… --json'],
  async action ({ output, withParley }, [text = '', action]) {
    await withParley(async parley => {
      const id = await conversationId(parley, text)
      const reports: Array<TargetReport | DeliveryRecord> = action === undefined ? await parley.delivery.targets(id) : await parley.delivery.records(id, actionOf(action))
      const rows = await Promise.all(reports.map(async report => toRow(report, await nameOf(parley, report.target.person))))
      output.result(
        { conversation: id.toString(), ...action === undefined ? {} : { action }, targets: rows },
        rows.length === 0 ? 'Nobody else is to have it, as far as this device knows.\n' : toTable(rows)
      )
    })
    return undefined
  }
}

interface Row {
  kind: string
  did: string
  name: string
  person: string
  personName: string
  state: string
  attempts: number
  nextAttempt: string | null
  readAt: string | null
  errors: Array<{ at: string, code: string, detail: string, retryable: boolean }>
}

function toRow (report: TargetReport & { readAt?: number | undefined }, personName: Awaited<ReturnType<Parley['nameOf']>>): Row {
  const { target: { kind, did, name, person }, state, attempts, nextAttempt, errors, readAt } = report
  return {
    kind,
    did,
    name,
    person,
    personName,
    state,
    attempts,
    nextAttempt: timeOf(nextAttempt),
    readAt: timeOf(readAt),
    errors: errors.map(error => ({ ...error, at: new Date(error.at).toISOString() }))
  }
}

function timeOf (at: number | undefined): string | null {
  return at === undefined ? null : new Date(at).toISOString()
}

function toTable (rows: Row[]): string {
  return table(['WHO', 'WHERE', 'STATE', 'TRIES', 'NEXT', 'WHY'], rows.map(({ personName, kind, name, state, attempts, nextAttempt, errors }) =>
    [personName, kind === 'person' ? '' : `${kind} ${name}`.trim(), state, attempts === 0 ? '' : String(attempts), nextAttempt === null ? '' : moment(Date.parse(nextAttempt)), errors.at(-1)?.detail ?? '']))
}

function actionOf (text: string): CID {
  try {
    return CID.parse(text)
  } catch (cause) {
    throw new UsageError(`"${text}" is no action; their ids are those that parley conversation graph shows`, { cause })
  }
}
