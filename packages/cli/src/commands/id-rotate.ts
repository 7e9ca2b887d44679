import { rotatePerson, type RotationStep } from 'parley/node'
import type { CommandDefinition } from '../command.ts'
import { EXIT } from '../io.ts'
import { createLogger } from '../log.ts'
import { phraseText } from '../phrase-text.ts'
import { createProgressLine } from '../progress.ts'
import { createQuestions } from '../questions.ts'
import { checkBack } from './id.ts'
import { readPhrase } from './id-restore.ts'

const STEPS: Record<RotationStep, string> = {
  gathering: 'Fetching what your proxies have',
  signing: 'Signing the new key',
  telling: 'Telling your proxies, devices and contacts'
}

export const idRotate: CommandDefinition = {
  usage: 'id rotate',
  summary: 'take a new key in place of yours, for example because somebody else may have read your recovery phrase',
  options: [
    { flags: '--phrase-file <file>', description: 'file with the 24 words of the key you have now (default: asked for)' },
    { flags: '--no-check', description: 'do not ask for some of the words of the new recovery phrase' }
  ],
  examples: ['parley id rotate', 'parley id rotate --phrase-file ~/words --json'],
  usesDevice: false,
  async action (context, _args, { phraseFile, check }) {
    const { io, folder, output, options } = context
    const phrase = phraseFile === undefined ? await createQuestions(io).ask('The 24 words that you have now, in one line: ') : await readPhrase(context, phraseFile as string)
    const line = createProgressLine(io, { enabled: !output.json && options.quiet !== true })
    const { report, ...rotated } = await rotatePerson(folder.root, {
      phrase,
      passphrase: await context.passphrase(),
      logger: createLogger(io, { verbose: options.verbose === true }),
      clock: io.clock,
      signal: io.signal,
      async onPhrase (next) {
        line.end()
        output.event({ event: 'phrase', phrase: next }, phraseText(next))
        if (check !== false && io.stdinIsTerminal && io.stderrIsTerminal && !output.json) await checkBack(context, next)
      },
      onProgress (step) {
        if (output.json) output.event({ event: 'progress', step })
        else line.update(STEPS[step])
      }
    }).finally(() => { line.end() })
    if (output.json) output.event({ event: 'rotated', ...rotated, ...report })
    else {
      output.result({ ...rotated, ...report }, [
        rotated.resumed ? 'Your key was replaced before; everything that was left to do is done.' : 'You have a new key. The old phrase is worth nothing any more.',
        `DID     ${rotated.person}`,
        `Before  ${rotated.from}`,
        ...report.unreachable.map(({ who, reason }) => `${who} could not be told yet: ${reason}`),
        '',
        'Your other devices go over by themselves when they start the next time.',
        'Contacts follow by themselves; whoever had verified you has to do so again.',
        ''
      ].join('\n'))
    }
    return report.unreachable.length === 0 ? EXIT.ok : EXIT.unreachable
  }
}
