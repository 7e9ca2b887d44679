import { resolve } from 'node:path'
import { exportReadable, type CarSummary, type ConversationHistory, type Message, type ReadableSummary } from '@parley/conversations'
import type { CID } from '@parley/core'
import type { Parley } from 'parley'
import type { CommandContext, CommandDefinition } from '../command.ts'
import { conversationId } from '../conversation-id.ts'
import { UsageError } from '../errors.ts'
import { beginFile, beginFolder, type Pending } from '../export-folder.ts'
import { withHistoryProgress } from '../history-progress.ts'
import { voiceFile } from '../voice-file.ts'

const PARTS = ['audio', 'files'] as const

export const conversationExport: CommandDefinition = {
  usage: 'conversation export <id>',
  summary: 'write a conversation to a folder that people can read, to a CAR that verifies anywhere, or both',
  options: [
    { flags: '--to <folder>', description: 'write conversation.md, conversation.json, audio/ and files/' },
    { flags: '--car <file>', description: 'write every block of it, to import it elsewhere' },
    { flags: '--without <parts>', description: 'leave out audio, files, or both: audio,files' },
    { flags: '--force', description: 'replace what is there already' },
    { flags: '--offline', description: 'take what is here, and fetch no recordings first' }
  ],
  examples: ['parley conversation export bafy… --to dinner', 'parley conversation export bafy… --car dinner.car --without audio,files'],
  async action (context, [text = ''], options) {
    const [to, car] = [options['to'], options['car']].map(path => path === undefined ? undefined : resolve(context.io.cwd, path as string))
    if (to === undefined && car === undefined) throw new UsageError('Say where to: a folder with --to, a file with --car, or both')
    const without = partsOf(options['without'])
    const force = options['force'] === true
    await context.withParley(async parley => {
      const id = await conversationId(parley, text)
      if (options['offline'] !== true && !without.has('audio')) await fetchRecordings(context, parley, id)
      const begun: Array<Pending<unknown>> = []
      try {
        const folder = to === undefined ? undefined : await beginFolder(to, { force })
        if (folder !== undefined) begun.push(folder)
        const file = car === undefined ? undefined : await beginFile(car, { force })
        if (file !== undefined) begun.push(file)
        const readable = folder === undefined ? undefined : await withHistoryProgress(context, async onProgress => await exportReadable(sourcesOf(context, parley, await parley.conversations.open(id), without), folder.target, { signal: context.io.signal, onProgress }))
        const blocks = file === undefined ? undefined : await writeCar(context, parley.conversations.history, id, without, file)
        for (const pending of begun) await pending.keep()
        context.output.result(told(id, { to, readable, car, blocks }), inWords({ to, readable, car, blocks }))
      } catch (error) {
        for (const pending of begun) await pending.discard()
        throw error
      }
    }, { offline: options['offline'] === true })
    return undefined
  }
}

interface Exported { to: string | undefined, readable: ReadableSummary | undefined, car: string | undefined, blocks: CarSummary | undefined }

function partsOf (text: unknown): Set<string> {
  const parts = text === undefined ? [] : (text as string).split(',').map(part => part.trim())
  const strange = parts.find(part => !PARTS.some(known => known === part))
  if (strange !== undefined) throw new UsageError(`"${strange}" cannot be left out; what can be: ${PARTS.join(', ')}`)
  return new Set(parts)
}

function sourcesOf ({ io }: CommandContext, parley: Parley, conversation: Awaited<ReturnType<Parley['conversations']['open']>>, without: Set<string>): Parameters<typeof exportReadable>[0] {
  const { history } = parley.conversations
  return {
    conversation,
    clock: io.clock,
    nameOf: async did => await parley.nameOf(did),
    ...without.has('audio') ? {} : { audio: (message: Message) => voiceFile(message, history.block) },
    ...without.has('files') ? {} : { file: attached => attached.sha256 === undefined ? undefined : history.file({ ...attached, sha256: attached.sha256 }) }
  }
}

/** Brings what others said to this device; what cannot be had is told in the summary. */
async function fetchRecordings ({ io, output }: CommandContext, parley: Parley, id: CID): Promise<void> {
  for (const entry of await parley.inbox()) {
    if (!entry.conversation.equals(id) || entry.state === 'recording') continue
    await parley.fetch(entry.n, { signal: io.signal }).catch((error: unknown) => {
      io.signal.throwIfAborted()
      output.say(`Message ${entry.n} cannot be fetched: ${(error as Error).message}`)
    })
  }
}

async function writeCar (context: CommandContext, history: ConversationHistory, id: CID, without: Set<string>, file: Awaited<ReturnType<typeof beginFile>>): Promise<CarSummary | undefined> {
  return await withHistoryProgress(context, async onProgress => {
    const chunks = history.exportCar(id, { attachments: without.size < PARTS.length, signal: context.io.signal, onProgress })
    let summary: CarSummary | undefined
    await file.target.write((async function * () {
      summary = yield * chunks
    })())
    return summary
  })
}

function told (id: CID, { to, readable, car, blocks }: Exported): Record<string, unknown> {
  return {
    conversation: id.toString(),
    to: to ?? null,
    ...readable,
    car: car === undefined || blocks === undefined ? null : { file: car, actions: blocks.actions, lists: blocks.lists, attachments: blocks.attachments, missingBlocks: blocks.missing, sizeBytes: blocks.sizeBytes }
  }
}

function inWords ({ to, readable, car, blocks }: Exported): string {
  const lines: string[] = []
  if (to !== undefined && readable !== undefined) {
    lines.push(`Wrote ${to}: ${readable.messages} messages, ${readable.audio} recordings, ${readable.files} files`)
    for (const { message, what, reason } of readable.missing) lines.push(`  without the ${what === 'audio' ? 'recording' : 'file'} of message ${message}: ${reason}`)
  }
  if (car !== undefined && blocks !== undefined) {
    lines.push(`Wrote ${car}: ${blocks.actions} actions, ${blocks.attachments} blocks of attachments, ${(blocks.sizeBytes / 1e6).toFixed(1)} MB`)
    if (blocks.missing > 0) lines.push(`  without ${blocks.missing} blocks of attachments that are not on this device`)
  }
  return lines.join('\n') + '\n'
}
