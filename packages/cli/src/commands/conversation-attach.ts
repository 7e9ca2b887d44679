import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { safeFileName } from '@parley/conversations'
import type { AttachedNow } from 'parley'
import type { CommandContext, CommandDefinition } from '../command.ts'
import { writeIn } from '../conversation/in-conversation.ts'
import { messageCalled } from '../conversation/items.ts'
import { sizeWords } from '../conversation/message-text.ts'
import { FileError, UsageError } from '../errors.ts'
import { createProgressLine } from '../progress.ts'

interface Source { path: string, name: string, sizeBytes: number }

export const conversationAttach: CommandDefinition = {
  usage: 'conversation attach <id> <file...>',
  summary: 'send files in a message; they are sealed, kept here, and brought to the proxies of everybody',
  options: [
    { flags: '--message <text>', description: 'what to say with them' },
    { flags: '--to <message>', description: 'a message of your own to attach them to, in place of a new one' },
    { flags: '--type <type>', description: 'what they are, for example application/pdf; found out by their first bytes else' }
  ],
  examples: ['parley conversation attach bafy… plan.pdf --message "The plan"', 'parley conversation attach bafy… *.jpg'],
  async action (context, [id = '', ...files], options) {
    const { message: body, to, type } = options as { message?: string, to?: string, type?: string }
    if (body !== undefined && to !== undefined) throw new UsageError('Give either --message or --to')
    const sources = await Promise.all(files.map(async file => await sourceOf(context, file)))
    return await writeIn(context, id, async opened => {
      let message = to === undefined ? undefined : messageCalled(opened.state, to).id
      const attached: AttachedNow[] = []
      for (const source of sources) {
        const now = await attach(context, opened, source, { body, message, mediaType: type })
        message = now.message
        attached.push(now)
      }
      return {
        value: {
          message: message ?? null,
          attachments: attached.map(({ attachment, action, isMismatch, file: { name, mediaType, sizeBytes, root } }) => ({ attachment, action: action.toString(), name, mediaType, sizeBytes, root: root.toString(), isMismatch }))
        },
        words: attached.map(({ attachment, isMismatch, file: { name, mediaType, sizeBytes } }) =>
          `Attached ${name}, ${mediaType}, ${sizeWords(sizeBytes)}: ${attachment}${isMismatch ? ' (its bytes are something else than its type says)' : ''}`).join('\n')
      }
    })
  }
}

async function sourceOf ({ io }: CommandContext, file: string): Promise<Source> {
  const path = resolve(io.cwd, file)
  const found = await stat(path).catch((cause: unknown) => { throw new FileError(`The file ${path} cannot be read`, { cause }) })
  if (!found.isFile()) throw new FileError(`${path} is no file`)
  return { path, name: safeFileName(basename(path)), sizeBytes: found.size }
}

async function attach (context: CommandContext, { parley, id }: Parameters<Parameters<typeof writeIn>[2]>[0], { path, name, sizeBytes }: Source, options: { body: string | undefined, message: string | undefined, mediaType: string | undefined }): Promise<AttachedNow> {
  const { io, output } = context
  const line = createProgressLine(io, { enabled: !output.json && context.options.quiet !== true })
  try {
    const now = await parley.attach(id, readFile(path), {
      name,
      ...options,
      signal: io.signal,
      onProgress: progress => {
        line.update(progress.phase === 'adding' ? `${name}: sealed ${share(progress.readBytes, sizeBytes)}` : `${name}: brought ${share(progress.acknowledged, progress.blocks)}`)
      }
    })
    const { unreachable } = await now.brought
    line.end()
    for (const { who, reason } of unreachable) output.say(`${name} could not be brought to ${who} yet: ${reason}`)
    return now
  } finally {
    line.end()
  }
}

async function * readFile (path: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) yield chunk as Uint8Array
  } catch (cause) {
    throw (cause as NodeJS.ErrnoException).syscall === undefined ? cause : new FileError(`The file ${path} cannot be read`, { cause })
  }
}

export function share (done: number, total: number): string {
  return `${total === 0 ? 100 : Math.floor(done / total * 100)} %`
}
