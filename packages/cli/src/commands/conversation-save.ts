import { stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { safeFileName } from '@parley/conversations'
import type { CommandDefinition } from '../command.ts'
import { openConversation } from '../conversation/in-conversation.ts'
import { attachmentCalled } from '../conversation/items.ts'
import { sizeWords } from '../conversation/message-text.ts'
import { beginFile } from '../export-folder.ts'
import { createProgressLine } from '../progress.ts'
import { share } from './conversation-attach.ts'

export const conversationSave: CommandDefinition = {
  usage: 'conversation save <id> <attachment>',
  summary: 'fetch a file of a message, checked, and write it to the disk',
  options: [
    { flags: '--to <file>', description: 'where to: a file or a folder; - for standard output (default: its name, in this folder)' },
    { flags: '--force', description: 'replace what is there already' }
  ],
  examples: ['parley conversation save bafy… plan.pdf', 'parley conversation save bafy… a1b2c3 --to plans/', 'parley conversation save bafy… a1b2c3 --to - | tar tz'],
  async action (context, [text = '', name = ''], { to, force }) {
    const { io, output, options } = context
    await context.withParley(async parley => {
      const { state, id } = await openConversation(parley, text)
      const { message, file, id: attachment } = attachmentCalled(state, name)
      const path = to === '-' ? undefined : await placeOf(io.cwd, to as string | undefined, safeFileName(file.name))
      const pending = path === undefined ? undefined : await beginFile(path, { force: force === true })
      const line = createProgressLine(io, { enabled: !output.json && options.quiet !== true })
      try {
        // All of it is here and checked before any of it is written.
        await parley.saveFile(id, message.id, attachment, { signal: io.signal, onProgress: ({ doneBytes, totalBytes }) => { line.update(`${file.name}: fetched ${share(doneBytes, totalBytes)}`) } })
        const pieces = parley.openFile(id, message.id, attachment, { signal: io.signal })
        if (pending === undefined) for await (const piece of pieces) io.out(piece)
        else {
          await pending.target.write(pieces)
          await pending.keep()
        }
      } catch (error) {
        await pending?.discard()
        throw error
      } finally {
        line.end()
      }
      if (path !== undefined) output.result({ conversation: id.toString(), message: message.id, attachment, name: file.name, mediaType: file.mediaType, sizeBytes: file.sizeBytes, file: path }, `Wrote ${path}: ${file.mediaType}, ${sizeWords(file.sizeBytes)}\n`)
    })
    return undefined
  }
}

async function placeOf (cwd: string, given: string | undefined, name: string): Promise<string> {
  if (given === undefined) return join(cwd, name)
  const path = resolve(cwd, given)
  const isFolder = await stat(path).then(found => found.isDirectory(), () => false)
  return isFolder ? join(path, name) : path
}
