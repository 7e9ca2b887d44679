import { resolve } from 'node:path'
import type { HistoryFinding, NoteKind, FaultKind, VerifyReport } from '@parley/conversations'
import type { Parley } from 'parley'
import { withCarFile } from '../car-file.ts'
import type { CommandDefinition } from '../command.ts'
import { conversationId, nameOf } from '../conversation-id.ts'
import { UsageError } from '../errors.ts'
import { withHistoryProgress } from '../history-progress.ts'
import { EXIT } from '../io.ts'
import { moment } from '../output.ts'

export const conversationVerify: CommandDefinition = {
  usage: 'conversation verify [id]',
  summary: 'check a conversation offline: signatures, links, order, permissions, contents; explains each fault',
  options: [{ flags: '--car <file>', description: 'check the conversation in a CAR instead of one that is here' }],
  examples: ['parley conversation verify bafy…', 'parley conversation verify --car dinner.car --json'],
  async action (context, [text], { car }) {
    if ((text === undefined) === (car === undefined)) throw new UsageError('Say which conversation, or which file with --car, one of the two')
    const { io, output, withParley } = context
    return await withParley(async parley => {
      const { history } = parley.conversations
      const report = await withHistoryProgress(context, async onProgress => {
        const options = { signal: io.signal, onProgress }
        if (car !== undefined) return await withCarFile(resolve(io.cwd, car as string), async source => await history.verifyCar(source, options))
        return await history.verify(await conversationId(parley, text ?? ''), options)
      })
      output.result(told(report), await inWords(parley, report))
      return report.ok ? EXIT.ok : EXIT.failed
    }, { offline: true })
  }
}

/** Says a report so that a program can read it. */
export function told (report: VerifyReport): Record<string, unknown> {
  const finding = ({ cid, time, ...rest }: HistoryFinding<FaultKind | NoteKind>): Record<string, unknown> => ({ ...rest, cid: cid?.toString() ?? null, ...time === undefined ? {} : { at: new Date(time.wallMs).toISOString() } })
  return {
    ...report,
    conversation: report.conversation.toString(),
    created: isoOrNull(report.created),
    creator: report.creator ?? null,
    heads: report.heads.map(String),
    from: isoOrNull(report.from),
    to: isoOrNull(report.to),
    contents: report.contents ?? null,
    faults: report.faults.map(finding),
    notes: report.notes.map(finding)
  }
}

async function inWords (parley: Parley, report: VerifyReport): Promise<string> {
  const { actions, signatures, authors, epochs, contents, attachments, faults, notes } = report
  const lines = [
    faults.length === 0 ? 'No fault was found.' : `${faults.length === 1 ? 'One fault was' : `${faults.length} faults were`} found.`,
    '',
    `Conversation  ${report.conversation.toString()}`,
    `Actions       ${actions.total}: ${actions.sound} sound, ${actions.faulty} faulty, ${actions.unchecked} that build on something missing or faulty`,
    `Signatures    ${signatures} checked, of ${authors.length} devices; ${epochs} key epochs`,
    `Contents      ${contents === undefined ? 'not read: there are no keys here' : `${contents.read} read, ${contents.unreadable} that cannot be read here`}`,
    `Attachments   ${attachments.present} of ${attachments.linked} blocks are here`,
    ''
  ]
  for (const fault of faults) lines.push(...await findingLines(parley, fault), '')
  if (notes.length > 0) lines.push(`${notes.length} notes, which are no faults:`, '')
  for (const note of notes) lines.push(...await findingLines(parley, note), '')
  return lines.join('\n').trimEnd() + '\n'
}

async function findingLines (parley: Parley, { kind, cid, person, author, seq, time, message }: HistoryFinding<FaultKind | NoteKind>): Promise<string[]> {
  return [
    `${kind}: ${message}`,
    ...cid === null ? [] : [`  block   ${cid.toString()}`],
    ...person === undefined ? [] : [`  author  ${await nameOf(parley, person)}, device ${author ?? ''}, action ${seq ?? ''}`],
    ...time === undefined ? [] : [`  time    ${moment(time.wallMs)}`]
  ]
}

function isoOrNull (wallMs: number | undefined): string | null {
  return wallMs === undefined ? null : new Date(wallMs).toISOString()
}
