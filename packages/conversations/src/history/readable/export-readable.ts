import type { AbortOptions, Clock } from '@parley/core'
import type { Did } from '@parley/identity'
import type { AttachedFile } from '../../actions/index.ts'
import { safeFileName } from '../../files/file-name.ts'
import type { Conversation, ConversationState, Message } from '../../types.ts'
import type { HistoryProgress } from '../types.ts'
import { toJson } from './to-json.ts'
import { toMarkdown } from './to-markdown.ts'

/** A place for the files of an export, for example a folder. */
export interface ExportTarget {
  /**
   * Writes a file at a path of safe names with slashes between. When `content`
   * throws, nothing is left at the path and the error is passed on.
   */
  write(path: string, content: AsyncIterable<Uint8Array>): Promise<void>
}

export interface ReadableComponents {
  conversation: Pick<Conversation, 'state'>
  clock: Clock
  /** What to call somebody. */
  nameOf(person: Did): Promise<string>
  /** Returns a spoken message as an Ogg file; undefined, or throwing, where it is not to be had. Without it none is exported. */
  audio?: ((message: Message) => AsyncIterable<Uint8Array> | undefined) | undefined
  /** Returns an attached file as it was attached, alike. */
  file?: ((file: AttachedFile, message: Message) => AsyncIterable<Uint8Array> | undefined) | undefined
}

export interface ReadableOptions extends AbortOptions {
  onProgress?: ((progress: HistoryProgress) => void) | undefined
}

/** What was written. */
export interface ReadableSummary {
  messages: number
  audio: number
  files: number
  /** Recordings and files that were asked for and are not to be had. */
  missing: Array<{ message: string, what: 'audio' | 'file', reason: string }>
}

/**
 * Writes a conversation for people and programs that know nothing of it:
 * `conversation.md`, `conversation.json`, the spoken messages under `audio/`
 * and attached files under `files/`. What cannot be had is named in the
 * summary and has `"file": null`.
 *
 * @throws what `target.write` throws of itself
 */
export async function exportReadable ({ conversation, clock, nameOf, audio, file }: ReadableComponents, target: ExportTarget, { signal, onProgress }: ReadableOptions = {}): Promise<ReadableSummary> {
  const state = await conversation.state({ signal })
  const names = new Map(await Promise.all(peopleOf(state).map(async (did): Promise<[Did, string]> => [did, await nameOf(did)])))
  const voices = new Map<string, string>()
  const files = new Map<string, string>()
  const summary: ReadableSummary = { messages: state.messages.length, audio: 0, files: 0, missing: [] }
  const digits = String(state.messages.length).length
  const write = async (message: Message, what: 'audio' | 'file', path: string, content: () => AsyncIterable<Uint8Array> | undefined): Promise<boolean> => {
    const reason = await writeIfThere(target, path, content, signal)
    if (reason !== undefined) summary.missing.push({ message: message.id, what, reason })
    return reason === undefined
  }
  for (const [place, message] of state.messages.entries()) {
    signal?.throwIfAborted()
    const number = String(place + 1).padStart(digits, '0')
    if (message.voice !== undefined && audio !== undefined) {
      const path = `audio/${safeFileName(`${number}-${safeFileName(names.get(message.author) ?? '')}.ogg`)}`
      if (await write(message, 'audio', path, () => audio(message))) {
        voices.set(message.id, path)
        summary.audio++
      }
    }
    for (const [index, attached] of file === undefined ? [] : message.attachments.entries()) {
      const path = `files/${safeFileName(`${number}-${index + 1}-${safeFileName(attached.name)}`)}`
      if (await write(message, 'file', path, () => file?.(attached, message))) {
        files.set(`${message.id}/${index}`, path)
        summary.files++
      }
    }
    onProgress?.({ step: 'writing', done: place + 1, total: state.messages.length })
  }
  const json = toJson(state, { exported: clock.now(), names, paths: { voice: id => voices.get(id), file: (id, index) => files.get(`${id}/${index}`) } })
  await target.write('conversation.json', bytesOf(JSON.stringify(json, null, 2) + '\n'))
  await target.write('conversation.md', bytesOf(toMarkdown(json)))
  return summary
}

function peopleOf (state: ConversationState): Did[] {
  const { creator, participants, former, messages } = state
  return [...new Set([creator, ...participants.map(({ did }) => did), ...former.map(({ did }) => did), ...messages.map(({ author }) => author)])]
}

/** Writes content and returns undefined, or why it is not to be had. What is wrong with the target is thrown. */
async function writeIfThere (target: ExportTarget, path: string, content: () => AsyncIterable<Uint8Array> | undefined, signal: AbortSignal | undefined): Promise<string | undefined> {
  const source: { error?: Error } = {}
  const chunks = content()
  if (chunks === undefined) return 'it is not on this device'
  const watched = async function * (): AsyncGenerator<Uint8Array> {
    try {
      yield * chunks
    } catch (error) {
      source.error = error as Error
      throw error
    }
  }
  try {
    await target.write(path, watched())
    return undefined
  } catch (error) {
    signal?.throwIfAborted()
    if (source.error === undefined) throw error
    return source.error.message
  }
}

async function * bytesOf (text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text)
}
