import { resolve } from 'node:path'
import { withCarFile } from '../car-file.ts'
import type { CommandDefinition } from '../command.ts'
import { withHistoryProgress } from '../history-progress.ts'

export const conversationImport: CommandDefinition = {
  usage: 'conversation import <car>',
  summary: 'take a conversation in from a CAR, when all of it verifies; again changes nothing',
  options: [{ flags: '--partial', description: 'take in what verifies of a file that is damaged or has faults' }],
  examples: ['parley conversation import dinner.car', 'parley conversation import half.car --partial'],
  async action (context, [file = ''], { partial }) {
    const { io, output, withParley } = context
    await withParley(async parley => {
      const { conversation, stored, known, left, attachments, report } = await withHistoryProgress(context, async onProgress =>
        await withCarFile(resolve(io.cwd, file), async source => await parley.conversations.history.importCar(source, { partial: partial === true, signal: io.signal, onProgress })))
      const faults = report.faults.map(({ kind, cid, message }) => ({ kind, cid: cid?.toString() ?? null, message }))
      output.result(
        { conversation: conversation.toString(), stored, known, left, attachments, faults },
        `Conversation ${conversation.toString()}: ${stored} new actions, ${known} known, ${left} left out; ${attachments} new blocks of attachments\n` +
        faults.map(({ kind, message }) => `  ${kind}: ${message}\n`).join('')
      )
    }, { offline: true })
    return undefined
  }
}
