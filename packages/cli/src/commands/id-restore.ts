import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { restorePerson, type RestoreProgress } from 'parley/node'
import { makeDataFolder } from '../data-folder.ts'
import type { CommandContext, CommandDefinition } from '../command.ts'
import { EXIT } from '../io.ts'
import { FileError } from '../errors.ts'
import { createLogger } from '../log.ts'
import { createProgressLine } from '../progress.ts'
import { createQuestions } from '../questions.ts'

const STEPS: Record<RestoreProgress['step'], string> = {
  identity: 'Asking your proxy who you are',
  conversations: 'Fetching conversations',
  messages: 'Fetching spoken messages'
}

export const idRestore: CommandDefinition = {
  usage: 'id restore',
  summary: 'make this empty folder a device of yours again, from your recovery phrase and your proxy',
  options: [
    { flags: '--proxy <where>', description: 'your contact card, or the address of your proxy with its /p2p/… at the end' },
    { flags: '--phrase-file <file>', description: 'file with the 24 words (default: asked for)' },
    { flags: '--device-name <name>', description: 'name of this device', default: 'this computer' }
  ],
  examples: ['parley id restore --proxy parley:contact/1/uqfa…', 'parley id restore --proxy /dns4/proxy.example/tcp/4001/p2p/12D3KooW… --data ~/parley-again'],
  usesDevice: false,
  async action (context, _args, { proxy, phraseFile, deviceName }) {
    const { io, folder, output, options, passphrase } = context
    const questions = createQuestions(io)
    const where = (proxy as string | undefined) ?? await questions.ask('Your contact card, or the address of your proxy: ')
    const phrase = phraseFile === undefined ? await questions.ask('Your 24 words, in one line: ') : await readPhrase(context, phraseFile as string)
    await makeDataFolder(folder.root)
    const line = createProgressLine(io, { enabled: !output.json && options.quiet !== true })
    const restored = await restorePerson(folder.root, {
      phrase,
      proxy: where,
      deviceName: deviceName as string,
      passphrase: await passphrase(),
      logger: createLogger(io, { verbose: options.verbose === true }),
      clock: io.clock,
      signal: io.signal,
      onProgress ({ step, done, total }) {
        if (output.json) output.event({ event: 'progress', step, done, total })
        else line.update(total === 0 ? STEPS[step] : `${STEPS[step]}: ${done} of ${total}`)
      }
    }).finally(() => { line.end() })
    const { missing, ...counts } = restored
    if (output.json) output.event({ event: 'restored', ...counts, missing })
    else {
      output.result(restored, [
        `You are ${restored.name} again, and this is a new device of yours.`,
        `DID            ${restored.person}`,
        `Contacts       ${restored.contacts}`,
        `Conversations  ${restored.conversations}, with ${restored.actions} actions`,
        `Messages       ${restored.messages} spoken ones, on this device`,
        ...missing.map(({ n, reason }) => `Message ${n} could not be fetched: ${reason}`),
        '',
        'Devices that you do not have any more should be removed: parley device list',
        ''
      ].join('\n'))
    }
    return missing.length === 0 ? EXIT.ok : EXIT.unreachable
  }
}

export async function readPhrase ({ io }: CommandContext, file: string): Promise<string> {
  const path = resolve(io.cwd, file)
  return await readFile(path, 'utf8').catch((cause: unknown) => { throw new FileError(`The file ${path} cannot be read`, { cause }) })
}
