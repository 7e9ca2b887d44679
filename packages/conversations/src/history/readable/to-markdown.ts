import type { ConversationJson, JsonExtra, JsonMessage } from './json-types.ts'

/**
 * Says a conversation in Markdown, for people. What somebody wrote stands in a
 * quotation; it can neither begin a heading of its own there nor load pictures
 * from elsewhere.
 */
export function toMarkdown (conversation: ConversationJson): string {
  const names = new Map(conversation.people.map(({ did, name }) => [did, name]))
  const nameOf = (did: string): string => escaped(names.get(did) ?? did)
  const lines = [
    `# ${escaped(conversation.subject === null || conversation.subject === '' ? 'Conversation' : conversation.subject)}`,
    '',
    `${dayOf(conversation.created)}, begun by ${nameOf(conversation.creator)}. Times are UTC. Exported ${momentOf(conversation.exported)}.`,
    '',
    ...conversation.labels.length === 0 ? [] : [`Labels: ${conversation.labels.map(escaped).join(', ')}`, ''],
    '## People',
    '',
    ...conversation.people.map(({ did, permission, out }) => `* ${nameOf(did)} (${permission ?? `no longer in it since ${momentOf(out?.at ?? conversation.exported)}`}): \`${did}\``),
    '',
    '## Messages',
    ''
  ]
  if (conversation.unreadable > 0) lines.push(`${conversation.unreadable} actions could not be read by whoever exported this.`, '')
  let day = ''
  for (const item of itemsOf(conversation)) {
    if (dayOf(item.at) !== day) {
      day = dayOf(item.at)
      lines.push(`### ${day}`, '')
    }
    lines.push(...item.lines(nameOf), '')
  }
  lines.push('---', '', `Conversation \`${conversation.id}\`. The same in full: [conversation.json](conversation.json).`, '')
  return lines.join('\n')
}

interface Item { at: string, lines(nameOf: (did: string) => string): string[] }

/** Messages, extras and calls by their times. */
function itemsOf ({ messages, extras, calls }: ConversationJson): Item[] {
  const bodies = new Map(messages.map(message => [message.id, message]))
  return [
    ...messages.map((message): Item => ({ at: message.at, lines: nameOf => messageLines(message, bodies, nameOf) })),
    ...extras.map((extra): Item => ({ at: extra.at, lines: nameOf => extraLines(extra, nameOf) })),
    ...calls.map((call): Item => ({ at: call.startedAt, lines: nameOf => [`**${nameOf(call.author)}** ${timeOf(call.startedAt)}: call, ${call.outcome}${call.durationMs > 0 ? `, ${lengthOf(call.durationMs)}` : ''}`] }))
  ].sort((a, b) => a.at.localeCompare(b.at))
}

function messageLines (message: JsonMessage, all: ReadonlyMap<string, JsonMessage>, nameOf: (did: string) => string): string[] {
  const parent = message.parent === null ? undefined : all.get(message.parent)
  const heading = `**${nameOf(message.author)}** ${timeOf(message.at)}${parent === undefined ? '' : `, on what ${nameOf(parent.author)} said at ${momentOf(parent.at)}`}` +
    `${message.edited === null ? '' : ` (edited ${momentOf(message.edited.at)})`}`
  if (message.deleted !== null) return [`${heading}: *deleted by ${nameOf(message.deleted.by)}*`]
  const part = partOf(message, parent)
  const lines = [heading, '']
  if (part !== undefined) lines.push(...quoted(escaped(part), '> > '), '>')
  if (message.body !== null) lines.push(...quoted(message.format === 'markdown' ? tamed(message.body) : escaped(message.body), '> '))
  const { voice } = message
  if (voice !== null) lines.push(`> ${voice.file === null ? 'Spoken, and not in this export' : `[Spoken](${voice.file})`}: ${lengthOf(voice.durationMs)}${voice.cutOff ? ', cut off' : ''}`)
  for (const { name, file, sizeBytes } of message.files) lines.push('>', `> ${file === null ? `File, not in this export: ${escaped(name)}` : `File: [${escaped(name)}](${encodeURI(file).replaceAll('(', '%28').replaceAll(')', '%29')})`} (${sizeBytes.toLocaleString('en')} bytes)`)
  if (message.reactions.length > 0) lines.push('', message.reactions.map(({ reaction, by }) => `${escaped(reaction)} ${by.map(nameOf).join(', ')}`).join(' · '))
  for (const { by, at } of message.conflicts) lines.push('', `*${nameOf(by)} changed it at the same time, ${momentOf(at)}; see conversation.json*`)
  return lines
}

function partOf ({ part }: JsonMessage, parent: JsonMessage | undefined): string | undefined {
  return part === null || parent?.body === undefined || parent.body === null ? undefined : parent.body.slice(part.from, part.to).toWellFormed()
}

function extraLines ({ kind, author, at, text, responses }: JsonExtra, nameOf: (did: string) => string): string[] {
  return [
    `**${nameOf(author)}** ${timeOf(at)}: ${escaped(kind)}`,
    '',
    ...quoted(escaped(text ?? '(deleted)'), '> '),
    ...responses.map(({ by, answer }) => `> * ${nameOf(by)}: ${escaped(Array.isArray(answer) ? answer.join(', ') : answer)}`)
  ]
}

function quoted (text: string, mark: string): string[] {
  // Two blanks keep an author's own line breaks.
  return text.split(/\r\n?|\n/).map(line => `${mark}${line}  `)
}

/** Escapes what Markdown or HTML would read as anything but text. */
function escaped (text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replace(/[\\`*_[\]#|~!]/g, '\\$&').replace(/^(\s*)([-+=]|\d+[.)])/gm, '$1\\$2')
}

/** Leaves Markdown of others as it is, but for HTML and for pictures, which a viewer would fetch. */
function tamed (text: string): string {
  return text.replaceAll('<', '&lt;').replaceAll('![', '!\\[')
}

function dayOf (iso: string): string {
  return iso.slice(0, 10)
}

function timeOf (iso: string): string {
  return iso.slice(11, 16)
}

function momentOf (iso: string): string {
  return `${dayOf(iso)} ${timeOf(iso)}`
}

function lengthOf (durationMs: number): string {
  const seconds = Math.round(durationMs / 1000)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}
