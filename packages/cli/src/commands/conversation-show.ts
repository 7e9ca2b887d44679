import type { CommandDefinition } from '../command.ts'
import { fetchIfAsked, fetchOption } from '../conversation/fetching.ts'
import { openConversation } from '../conversation/in-conversation.ts'
import { namesIn } from '../conversation/people.ts'
import { jsonState } from '../conversation/state-json.ts'
import { stateText } from '../conversation/state-text.ts'
import { iso } from '../conversation/time.ts'
import { wholeNumber } from '../whole-number.ts'

const MOST_MESSAGES = 1_000_000

export const conversationShow: CommandDefinition = {
  usage: 'conversation show <id>',
  summary: 'show a conversation in full: people, messages with comments, edits, files and conflicts, extras, calls, locks',
  options: [
    { flags: '--last <n>', description: 'only the n newest messages' },
    fetchOption
  ],
  examples: ['parley conversation show bafy…', 'parley conversation show bafy… --last 20', 'parley conversation show bafy… --json'],
  async action (context, [text = ''], options) {
    const last = options['last'] === undefined ? undefined : wholeNumber('--last', options['last'], 1, MOST_MESSAGES)
    await context.withParley(async parley => {
      await fetchIfAsked(context, parley, options)
      const { state, id } = await openConversation(parley, text)
      const names = await namesIn(parley, state)
      const marks = await parley.marks.get(id)
      const json = jsonState(last === undefined ? state : { ...state, messages: state.messages.slice(-last) }, names)
      context.output.result({
        ...json,
        messageCount: state.messages.length,
        own: {
          labels: marks.labels,
          note: marks.note ?? null,
          favourite: marks.favourite,
          unread: marks.unread,
          muted: marks.muted === undefined ? null : { until: marks.muted.until === null ? null : iso(marks.muted.until) },
          readTo: marks.readTo?.action.toString() ?? null,
          notices: marks.notices ?? null
        }
      }, stateText(parley, state, names, marks, { last }))
    })
    return undefined
  }
}
